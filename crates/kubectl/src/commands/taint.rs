//! `kubectl taint`. Models kubectl `pkg/cmd/taint`.

use gatehouse_core::request::PatchType;
use gatehouse_model::{Object, Value, json, names, schema};

use crate::cli::groups::{DRY_RUN, PRINT, SELECTOR, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change};
use crate::error::Error;
use crate::output::{Dry, Printer, validation};
use crate::patch::strategic;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Update the taints on one or more nodes",
    long: "Update the taints on one or more nodes.\n\n  *  A taint consists of a key, value, and effect. As an argument here, it is expressed as key=value:effect.\n  *  The key must begin with a letter or number, and may contain letters, numbers, hyphens, dots, and underscores, up to 253 characters.\n  *  Optionally, the key can begin with a DNS subdomain prefix and a single '/', like example.com/my-app.\n  *  The value is optional. If given, it must begin with a letter or number, and may contain letters, numbers, hyphens, dots, and underscores, up to 63 characters.\n  *  The effect must be NoSchedule, PreferNoSchedule or NoExecute.\n  *  Currently taint can only apply to node.",
    examples: "# Update node 'foo' with a taint with key 'dedicated' and value 'special-user' and effect 'NoSchedule'\n# If a taint with that key and effect already exists, its value is replaced as specified\nkubectl taint nodes foo dedicated=special-user:NoSchedule\n\n# Remove from node 'foo' the taint with key 'dedicated' and effect 'NoSchedule' if one exists\nkubectl taint nodes foo dedicated:NoSchedule-\n\n# Remove from node 'foo' all the taints with key 'dedicated'\nkubectl taint nodes foo dedicated-",
    usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    flags: &[
        PRINT,
        SELECTOR,
        DRY_RUN,
        VALIDATE,
        &[
            Flag::bool("all", "Select all nodes in the cluster"),
            Flag::str("field-manager", "Name of the manager used to track field ownership.")
                .default("kubectl-taint"),
            Flag::bool(
                "overwrite",
                "If true, allow taints to be overwritten, otherwise reject taint updates that overwrite existing taints.",
            ),
        ],
    ],
    run: Some(run),
    ..Command::named("taint")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

impl Taint {
    fn same(&self, other: &Value) -> bool {
        other.str_at(&["key"]) == self.key && other.str_at(&["effect"]) == self.effect
    }

    fn to_value(&self) -> Value {
        let mut taint = json!({"key": (self.key.as_str()), "effect": (self.effect.as_str())});
        if !self.value.is_empty() {
            taint.set(&["value"], self.value.as_str());
        }
        taint
    }

    /// `key=value:effect`, as far as given.
    fn text(&self) -> String {
        match (self.value.is_empty(), self.effect.is_empty()) {
            (true, true) => self.key.clone(),
            (true, false) => format!("{}:{}", self.key, self.effect),
            (false, true) => format!("{}={}:", self.key, self.value),
            (false, false) => format!("{}={}:{}", self.key, self.value, self.effect),
        }
    }
}

fn parse_one(text: &str) -> Result<Taint, String> {
    let mut taint = Taint { key: String::new(), value: String::new(), effect: String::new() };
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [key] => (*key).clone_into(&mut taint.key),
        [pair, effect] => {
            if !matches!(*effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
                return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
            }
            (*effect).clone_into(&mut taint.effect);
            let parts: Vec<&str> = pair.split('=').collect();
            match parts.as_slice() {
                [key] => (*key).clone_into(&mut taint.key),
                [key, value] => {
                    (*key).clone_into(&mut taint.key);
                    (*value).clone_into(&mut taint.value);
                    let wrong = names::label_value(value);
                    if !wrong.is_empty() {
                        return Err(format!("invalid taint spec: {text}, {}", wrong.join("; ")));
                    }
                }
                _ => return Err(format!("invalid taint spec: {text}")),
            }
        }
        _ => return Err(format!("invalid taint spec: {text}")),
    }
    let wrong = names::label_key(&taint.key);
    if !wrong.is_empty() {
        return Err(format!("invalid taint spec: {text}, {}", wrong.join("; ")));
    }
    Ok(taint)
}

fn parse(specs: &[String]) -> Result<(Vec<Taint>, Vec<Taint>), String> {
    let (mut add, mut remove): (Vec<Taint>, Vec<Taint>) = (Vec::new(), Vec::new());
    for spec in specs {
        if let Some(spec) = spec.strip_suffix('-') {
            remove.push(Taint { value: String::new(), ..parse_one(spec)? });
            continue;
        }
        let taint = parse_one(spec)?;
        if taint.effect.is_empty() {
            return Err(format!("invalid taint spec: {spec}"));
        }
        if add.iter().any(|t| t.key == taint.key && t.effect == taint.effect) {
            return Err(format!(
                "duplicated taints with the same key and effect: {{{} {} {} <nil>}}",
                taint.key, taint.value, taint.effect
            ));
        }
        add.push(taint);
    }
    Ok((add, remove))
}

/// Changes a node's taints; says what it came to.
fn change(
    node: &mut Object,
    overwrite: bool,
    add: &[Taint],
    remove: &[Taint],
) -> Result<&'static str, Error> {
    let old = node.list_at(&["spec", "taints"]).to_vec();
    if !overwrite {
        let taken: Vec<&str> =
            add.iter().filter(|t| old.iter().any(|o| t.same(o))).map(|t| t.key.as_str()).collect();
        if !taken.is_empty() {
            return Err(Error::plain(format!(
                "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                node.name(),
                taken.join(",")
            )));
        }
    }
    let mut new: Vec<Value> = add.iter().map(Taint::to_value).collect();
    new.extend(old.iter().filter(|o| !add.iter().any(|t| t.same(o))).cloned());
    let added = old.len() != new.len();
    let mut deleted = false;
    let mut errors = Vec::new();
    for gone in remove {
        let before = new.len();
        new.retain(|t| !(t.str_at(&["key"]) == gone.key && (gone.effect.is_empty() || gone.same(t))));
        deleted = new.len() != before;
        if !deleted {
            errors.push(Error::plain(format!("taint {:?} not found", gone.text())));
        }
    }
    Error::collect(errors)?;
    if new.is_empty() {
        node.remove(&["spec", "taints"]);
    } else {
        node.set(&["spec", "taints"], new);
    }
    Ok(match (added, deleted) {
        _ if overwrite => "modified",
        (true, true) => "modified",
        (true, false) => "tainted",
        (false, _) => "untainted",
    })
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let namespace = session.namespace()?.name;
    let dry = Dry::parse(session, args)?;
    let validation = validation(args)?;
    let (mut resources, mut specs) = (Vec::new(), Vec::new());
    for word in &args.words {
        let is_taint = word.contains('=') || word.contains(':') || word.ends_with('-');
        if is_taint {
            specs.push(word.clone());
        } else if specs.is_empty() {
            resources.push(word.clone());
        } else {
            return Err(Error::plain(format!(
                "all resources must be specified before taint changes: {word}"
            )));
        }
    }
    let Some((kind, nodes)) = resources.split_first() else {
        return Err(Error::plain("one or more resources must be specified as <resource> <name>"));
    };
    if specs.is_empty() {
        return Err(Error::plain("at least one taint update is required"));
    }
    let (add, remove) = parse(&specs).map_err(|e| args.usage_error(e))?;
    let all = args.bool("all");
    let selector = args.str("selector").to_owned();
    let mapping = session.resource(&kind.to_lowercase()).map_err(|_| Error::NoResource {
        resource: kind.to_lowercase(),
        group: String::new(),
        version: String::new(),
    })?;
    if mapping.kind != "Node" {
        return Err(Error::plain(format!(
            "invalid resource type {}, only node types are supported",
            kind.to_lowercase()
        )));
    }
    let both: Vec<String> = add
        .iter()
        .flat_map(|a| {
            remove.iter().filter(move |r| r.key == a.key && (r.effect.is_empty() || r.effect == a.effect))
        })
        .map(|r| format!("{}={}", r.key, r.effect))
        .collect();
    if !both.is_empty() {
        return Err(Error::plain(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            both.join(", ")
        )));
    }
    if all && !selector.is_empty() {
        return Err(Error::plain("setting 'all' parameter with a non empty selector is prohibited"));
    }
    if !all && selector.is_empty() && nodes.is_empty() {
        return Err(Error::plain(
            "at least one resource name must be specified since 'all' parameter is not set",
        ));
    }
    let words = if all || !selector.is_empty() {
        vec!["nodes".to_owned()]
    } else {
        nodes.iter().map(|n| if n.contains('/') { n.clone() } else { format!("nodes/{n}") }).collect()
    };
    let builder = Builder {
        namespace,
        default_namespace: true,
        selector,
        all,
        words,
        continue_on_error: true,
        flatten: true,
        latest: true,
        ..Builder::default()
    };
    // What was done replaces what was to be said of a dry run.
    let mut printer = Printer::new(session, args, Dry::No)?.typed();
    let request = Change { validation: Some(validation), ..Change::by(args.str("field-manager"), dry) };
    builder.visit(session, |session, info| {
        let before = info.object()?.clone();
        let mut after = before.clone();
        let operation = change(&mut after, args.bool("overwrite"), &add, &remove)?;
        if dry != Dry::Client {
            let shape = schema::for_kind(session.server_version(), &before.group_version(), "Node");
            let patch = strategic::two_way(&before, &after, shape).map_err(Error::plain)?;
            after = request.patch(session, &mapping, "", &info.name, (PatchType::StrategicMerge, patch))?;
        }
        printer.print(session, &after, operation)
    })
}
