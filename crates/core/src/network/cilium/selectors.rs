//! What Cilium's selectors select: pods, and reserved identities.

use std::net::IpAddr;
use std::sync::Arc;

use gatehouse_model::{Map, Object, Value, json};

use super::super::addr::Cidr;
use super::super::bits::Bits;
use super::super::compile::Facts;
use super::super::policy::{Block, Peer};
use super::identity::{HOST_API, HOSTS, NAMESPACE, NAMESPACE_LABELS, REMOTE, REMOTE_API, WORLD, address};
use super::names;

/// Where an object's selectors look for pods.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The policy's namespace; `None` where it is for the whole cluster.
    pub(super) namespace: Option<&'a str>,
    /// Whether the policy is about pods that are only starting, which have no namespace yet.
    pub(super) initial: bool,
}

/// A selector with its keys as identities have them: `k8s:` and `any:` say nothing more about a pod's label.
pub(super) fn plain(selector: &Value) -> Value {
    let mut labels = Map::new();
    for (key, value) in selector.map_at(&["matchLabels"]).iter() {
        labels.insert(bare(key), value.clone());
    }
    let expressions = selector.list_at(&["matchExpressions"]).iter().map(|e| {
        let mut e = e.clone();
        let key = bare(e.str_at(&["key"])).to_owned();
        e.set(&["key"], key);
        e
    });
    json!({"matchLabels": labels, "matchExpressions": (expressions.collect::<Value>())})
}

fn bare(key: &str) -> &str {
    key.strip_prefix("k8s:").or_else(|| key.strip_prefix("any:")).unwrap_or(key)
}

/// Whether some key of a plain selector is as wanted.
pub(super) fn has(selector: &Value, wanted: impl Fn(&str) -> bool) -> bool {
    selector.map_at(&["matchLabels"]).keys().any(&wanted)
        || selector.list_at(&["matchExpressions"]).iter().any(|e| wanted(e.str_at(&["key"])))
}

impl Scope<'_> {
    /// A selector that says whose pods it means.
    fn narrow(&self, selector: &Value, reserved_escapes: bool) -> Value {
        let mut selector = plain(selector);
        if reserved_escapes && has(&selector, |k| k.starts_with("reserved:")) {
            return selector;
        }
        if has(&selector, |k| k == NAMESPACE) {
            return selector;
        }
        match self.namespace {
            None if !self.initial => {
                let exists = json!({"key": NAMESPACE, "operator": "Exists"});
                selector.entry_at(&["matchExpressions"]).make_list().push(exists);
            }
            Some(namespace) if !has(&selector, |k| k.starts_with(NAMESPACE_LABELS)) => {
                selector.entry_at(&["matchLabels"]).make_map().insert(NAMESPACE, namespace);
            }
            _ => {}
        }
        selector
    }
}

/// The pods and reserved identities a plain selector selects.
pub(super) fn selection(facts: &Facts, selector: &Value) -> Peer {
    let Some(cilium) = &facts.cilium else { return nobody(facts) };
    let mut pods = cilium.pods.select(selector);
    pods.intersect(&facts.selectable);
    let kinds = cilium.reserved.select(selector).iter().fold(0, |kinds, i| kinds | 1 << i);
    Peer { kinds, ..Peer::pods(pods) }
}

pub(super) fn nobody(facts: &Facts) -> Peer {
    Peer::pods(Bits::none(facts.size()))
}

/// The peers of a rule: `None` where it names none at all, an empty list where it names nobody.
///
/// Only one way of naming peers may be used in one rule; a list that is there and empty selects nobody.
pub(super) fn peers(facts: &Facts, scope: Scope<'_>, rule: &Value, word: &str) -> Option<Arc<[Peer]>> {
    let list = |what: &str| rule.get(&format!("{word}{what}")).and_then(Value::as_list);
    let named = ["Endpoints", "CIDR", "CIDRSet", "Entities", "Nodes"];
    if named.iter().any(|what| list(what).is_some_and(<[Value]>::is_empty)) {
        return Some(Arc::new([]));
    }
    let mut peers = Vec::new();
    let mut asked = false;
    let mut each = |what: &str, of: &mut dyn FnMut(&Value) -> Peer| {
        for item in list(what).unwrap_or_default() {
            asked = true;
            peers.push(of(item));
        }
    };
    each("Endpoints", &mut |s| Peer { narrowed: true, ..selection(facts, &scope.narrow(s, true)) });
    each("Entities", &mut |e| entity(facts, e.as_str().unwrap_or_default()));
    each("CIDR", &mut |c| outside(facts, block(c.as_str().unwrap_or_default(), &[])));
    each("CIDRSet", &mut |set| outside(facts, set_blocks(facts, set)));
    each("Services", &mut |s| service(facts, scope, s));
    each("FQDNs", &mut |s| {
        let learned = facts.snapshot.plugin.learned.iter().filter(|(name, _)| names::matches(s, name));
        outside(facts, learned.flat_map(|(_, ips)| ips.iter().map(|ip| Block::single(*ip))).collect())
    });
    // Groups of a cloud's provider, and nodes by their labels: nobody is known.
    each("Groups", &mut |_| nobody(facts));
    each("Nodes", &mut |_| nobody(facts));
    asked.then(|| peers.into())
}

/// The pods that `Requires` lists leave: all of a rule's requirements must be met.
pub(super) fn requirements(facts: &Facts, scope: Scope<'_>, rules: &[Value], word: &str) -> Option<Bits> {
    let mut left: Option<Bits> = None;
    for selector in rules.iter().flat_map(|r| r.list_at(&[word])) {
        let pods = selection(facts, &scope.narrow(selector, false)).pods;
        left.get_or_insert_with(|| Bits::all(facts.size())).intersect(&pods);
    }
    left
}

fn outside(facts: &Facts, blocks: Vec<Block>) -> Peer {
    Peer { blocks, ..nobody(facts) }
}

fn entity(facts: &Facts, name: &str) -> Peer {
    let nodes = HOSTS | REMOTE | REMOTE_API;
    let (managed, kinds) = match name {
        "all" => (true, nodes | WORLD),
        "cluster" => (true, nodes),
        "world" => (false, WORLD),
        "host" => (false, HOSTS),
        "remote-node" => (false, REMOTE | REMOTE_API),
        "kube-apiserver" => (false, HOST_API | REMOTE_API),
        // Health endpoints, Cilium's own ingress, pods that start or are not managed: there are none.
        _ => (false, 0),
    };
    let pods = if managed { facts.selectable.clone() } else { Bits::none(facts.size()) };
    let servers = facts.cilium.iter().flat_map(|c| c.api_outside.iter());
    let blocks = if matches!(name, "kube-apiserver" | "cluster") {
        servers.map(|ip| Block::single(*ip)).collect()
    } else {
        Vec::new()
    };
    Peer { kinds, blocks, ..Peer::pods(pods) }
}

/// A block; an address alone is the block of that address.
fn block(cidr: &str, except: &[Value]) -> Vec<Block> {
    let cidr = Cidr::parse(cidr).or_else(|| cidr.parse().ok().map(Cidr::single));
    let except = except.iter().filter_map(|e| Cidr::parse(e.as_str()?)).collect();
    cidr.map(|cidr| Block { cidr, except }).into_iter().collect()
}

fn set_blocks(facts: &Facts, set: &Value) -> Vec<Block> {
    let except = set.list_at(&["except"]);
    let cidr = set.str_at(&["cidr"]);
    if !cidr.is_empty() {
        return block(cidr, except);
    }
    let name = set.str_at(&["cidrGroupRef"]);
    let selector = set.get("cidrGroupSelector");
    let groups = facts.snapshot.referred.iter().filter(|o| o.kind() == "CiliumCIDRGroup");
    let wanted = groups.filter(|g| match selector {
        Some(s) => selects(s, g.labels()),
        None => g.name() == name,
    });
    let cidrs = wanted.flat_map(|g| g.list_at(&["spec", "externalCIDRs"])).filter_map(Value::as_str);
    cidrs.flat_map(|c| block(c, except)).collect()
}

/// Whether a label selector selects one set of labels.
fn selects(selector: &Value, labels: &Map) -> bool {
    let index = super::super::index::LabelIndex::new(std::iter::once(labels));
    index.select(selector).contains(0)
}

/// The pods behind a Service, or the addresses behind one that has no selector.
fn service(facts: &Facts, scope: Scope<'_>, entry: &Value) -> Peer {
    let named = entry.get("k8sService");
    let chosen = entry.get("k8sServiceSelector");
    let of = named.or(chosen).unwrap_or(&Value::Null);
    let own = scope.namespace.unwrap_or_default();
    let namespace = Some(of.str_at(&["namespace"])).filter(|n| !n.is_empty());
    let wanted = |s: &&Arc<Object>| {
        s.kind() == "Service"
            && match (named, chosen) {
                (Some(named), _) => {
                    s.name() == named.str_at(&["serviceName"]) && s.namespace() == namespace.unwrap_or(own)
                }
                (None, Some(chosen)) => {
                    namespace.is_none_or(|n| n == s.namespace())
                        && chosen.get("selector").is_some_and(|sel| selects(&plain(sel), s.labels()))
                }
                (None, None) => false,
            }
    };
    let mut peer = nobody(facts);
    for service in facts.snapshot.referred.iter().filter(wanted) {
        let selector = service.map_at(&["spec", "selector"]);
        if selector.is_empty() {
            let endpoints = facts.snapshot.referred.iter().find(|o| {
                o.kind() == "Endpoints" && o.namespace() == service.namespace() && o.name() == service.name()
            });
            let subsets = endpoints.map_or(&[][..], |e| e.list_at(&["subsets"]));
            let ips = subsets.iter().flat_map(|s| s.list_at(&["addresses"])).filter_map(address);
            peer.blocks.extend(ips.map(|ip: IpAddr| Block::single(ip)));
        } else {
            let mut labels = selector.clone();
            labels.insert(NAMESPACE, service.namespace());
            peer.pods.union(&selection(facts, &json!({"matchLabels": labels})).pods);
        }
    }
    peer
}
