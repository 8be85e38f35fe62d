//! One packet's fate, and why.

use std::net::IpAddr;

use super::compile::Network;
use super::decide::{Asked, Decided, Lack, Placed, Reason};
use super::input::Pod;
use super::policy::{Action, Direction, Policy, Port, Tier};
use crate::decision::{Bearing, Cause, ObjectRef};

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A pod, by its position among [`Network::pods`].
    Pod(usize),
    /// An address outside the cluster's pods.
    Ip(IpAddr),
}

/// What the policies at one end say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfVerdict {
    /// Whether they let it pass.
    pub allowed: bool,
    /// The rule that admitted it, or what each policy that selects the pod lacked.
    pub because: Vec<Cause>,
    /// The policies that select this end, in the order in which they are asked.
    pub selecting: Vec<ObjectRef>,
}

/// What the policies at both ends say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// At the source.
    pub egress: HalfVerdict,
    /// At the destination.
    pub ingress: HalfVerdict,
}

impl Flow {
    /// Whether the packet arrives: both ends must let it pass.
    #[must_use]
    pub const fn allowed(&self) -> bool {
        self.egress.allowed && self.ingress.allowed
    }

    /// What decided: the rules that admitted it, or what stood in its way.
    #[must_use]
    pub fn because(&self) -> Vec<&Cause> {
        let halves = [&self.egress, &self.ingress].into_iter();
        halves.filter(|half| self.allowed() || !half.allowed).flat_map(|half| &half.because).collect()
    }
}

impl Network {
    /// Whether `from` may open a connection to `port` of `to`, and why. Traffic of a pod to itself always passes.
    #[must_use]
    pub fn flow(&self, from: End, to: End, port: Port) -> Flow {
        if from == to {
            let same = HalfVerdict {
                allowed: true,
                because: vec![noted("a pod always reaches itself".to_owned())],
                selecting: Vec::new(),
            };
            return Flow { egress: same.clone(), ingress: same };
        }
        let half = |direction| self.half(&self.asked(direction, from, to, port));
        Flow { egress: half(Direction::Egress), ingress: half(Direction::Ingress) }
    }

    /// What the policies that select the subject say of traffic with the peer.
    fn half(&self, asked: &Asked<'_>) -> HalfVerdict {
        let decided = self.decide(asked);
        let mut selecting: Vec<ObjectRef> = Vec::new();
        for (policy, _) in &decided.selecting {
            if selecting.last() != Some(&policy.source) {
                selecting.push(policy.source.clone());
            }
        }
        HalfVerdict { allowed: decided.allowed, because: self.causes(asked, &decided), selecting }
    }

    fn causes(&self, asked: &Asked<'_>, decided: &Decided<'_>) -> Vec<Cause> {
        let mut because: Vec<Cause> =
            decided.passed.iter().map(|p| self.matched(asked, p, Bearing::Noted)).collect();
        match &decided.reason {
            Reason::Unselected | Reason::Open => because.push(noted(self.open(asked, decided))),
            Reason::OwnNode => because.push(noted(format!(
                "Cilium always lets a node reach the pods it runs, such as {}",
                self.describe(asked.subject)
            ))),
            Reason::Never => because.push(noted("enable-policy is never: no policy is enforced".to_owned())),
            Reason::Rule(placed) => because.push(self.matched(asked, placed, Bearing::Decided)),
            Reason::Unproven((policy, rule)) => {
                let text = format!(
                    "admits {} on {}, but asks for authentication, and the peer cannot prove who it is",
                    self.describe(asked.peer),
                    asked.port
                );
                because.push(cause(policy, &rule.field, Bearing::Decided, &text));
            }
            Reason::Isolated => self.lacked(asked, decided, &mut because),
        }
        because
    }

    /// Why nothing stands in the way.
    fn open(&self, asked: &Asked<'_>, decided: &Decided<'_>) -> String {
        let word = asked.direction.as_str();
        let pod = match asked.subject {
            End::Ip(_) => return "no policy selects an address outside the cluster".to_owned(),
            End::Pod(i) => self.pods().get(i),
        };
        let name = pod.map(Pod::id).unwrap_or_default();
        if !decided.selecting.is_empty() {
            format!("no {word} rule matches, and no policy isolates {name}")
        } else if pod.is_some_and(|p| p.host_network) {
            format!("{name} uses the node's network, which policies do not select")
        } else {
            format!("no {word} policy selects {name}")
        }
    }

    /// What every rule that could have admitted the packet lacked.
    fn lacked(&self, asked: &Asked<'_>, decided: &Decided<'_>, because: &mut Vec<Cause>) {
        let standard = decided.selecting.iter().filter(|(p, _)| p.tier == Tier::Standard);
        let mut any = false;
        for (policy, side) in standard {
            any = true;
            if !side.rules.iter().any(|r| r.action == Action::Allow) {
                let field = format!("spec.{}", asked.direction.as_str());
                because.push(cause(policy, &field, Bearing::NearMiss, "has no rule, so it admits nothing"));
            }
            for rule in side.rules.iter().filter(|r| r.action == Action::Allow) {
                let text = match asked.lack(rule) {
                    Some(Lack::Peer) => format!("does not list {}", self.describe(asked.peer)),
                    _ => format!("lists the peer, but not port {}", asked.port),
                };
                because.push(cause(policy, &rule.field, Bearing::NearMiss, &text));
            }
        }
        if !any {
            because.push(noted("enable-policy is always, and no policy admits it".to_owned()));
        }
    }

    /// A rule that matched, in words.
    fn matched(&self, asked: &Asked<'_>, (policy, rule): &Placed<'_>, bearing: Bearing) -> Cause {
        let does = match (rule.action, policy.tier) {
            (Action::Allow, Tier::Standard) => "admits",
            (Action::Allow, _) => "allows",
            (Action::Deny, _) => "denies",
            (Action::Pass, _) => "passes on",
        };
        let mut text = format!("{does} {} on {}", self.describe(asked.peer), asked.port);
        if let Some(requests) = rule.beyond.as_ref().and_then(|b| b.requests.as_ref()) {
            text.push_str(&format!(" for {}", requests.text()));
        }
        cause(policy, &rule.field, bearing, &text)
    }

    pub(super) fn describe(&self, end: End) -> String {
        match end {
            End::Pod(i) => self.pods().get(i).map(Pod::id).unwrap_or_default(),
            End::Ip(ip) => ip.to_string(),
        }
    }

    /// A cause that says what a rule makes of a request.
    pub(super) fn about_request(&self, (policy, rule): &Placed<'_>, bearing: Bearing, text: &str) -> Cause {
        cause(policy, &rule.field, bearing, text)
    }
}

fn noted(text: String) -> Cause {
    Cause { bearing: Bearing::Noted, object: None, field: String::new(), text }
}

fn cause(policy: &Policy, field: &str, bearing: Bearing, text: &str) -> Cause {
    let text = format!("{} {field} {text}", policy.id());
    Cause { bearing, object: Some(policy.source.clone()), field: field.to_owned(), text }
}
