//! What the commands of `set` have in common: choosing objects, changing them, sending the difference.
//! Models kubectl `pkg/cmd/set/helper.go` and `pkg/polymorphichelpers/updatepodspec.go`.

use gatehouse_core::request::PatchType;
use gatehouse_model::{Object, Value, schema};

use crate::cli::Args;
use crate::client::{Builder, Change, Info};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::patch::strategic;
use crate::session::Session;

/// What is said where `--local` meets resources.
const LOCAL: &str = "error: you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'";

/// The chosen objects and how their changes are made and reported.
pub(super) struct Setter {
    pub(super) infos: Vec<Info>,
    pub(super) dry: Dry,
    local: bool,
    printer: Printer,
    change: Change,
    args: Args,
}

/// How objects are chosen, by the words that are no values.
pub(super) fn builder(
    session: &mut Session<'_, '_>,
    args: &Args,
    words: &[String],
) -> Result<Builder, Error> {
    let namespace = session.namespace()?;
    let local = args.bool("local");
    if local && !words.is_empty() {
        return Err(Error::plain(LOCAL));
    }
    Ok(Builder {
        selector: if local { String::new() } else { args.str("selector").to_owned() },
        allow_bare_type: args.bool("all"),
        words: words.to_vec(),
        continue_on_error: true,
        flatten: true,
        latest: !local,
        local,
        typed: true,
        ..Builder::named_by(&namespace, args)
    })
}

impl Setter {
    /// Chooses the objects.
    pub(super) fn new(session: &mut Session<'_, '_>, args: &Args, words: &[String]) -> Result<Self, Error> {
        let dry = Dry::parse(session, args)?;
        let printer = Printer::new(session, args, dry)?.typed();
        let infos = builder(session, args, words)?.infos(session)?;
        let change = Change::by(args.str("field-manager"), dry);
        Ok(Self { infos, dry, local: args.bool("local"), printer, change, args: args.clone() })
    }

    /// Refuses a server's dry run of what is local.
    pub(super) fn check_local(&self) -> Result<(), Error> {
        if self.local && self.dry == Dry::Server {
            return Err(Error::plain(
                "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
            ));
        }
        Ok(())
    }

    /// Changes each object with `mutate`, sends what differs and reports `operation`. Refusals stand behind `failed`.
    /// Objects that did not change are passed over, unless `always`.
    pub(super) fn apply(
        mut self,
        session: &mut Session<'_, '_>,
        operation: &str,
        failed: &str,
        always: bool,
        mut mutate: impl FnMut(&mut Session<'_, '_>, &mut Object) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut errors = Vec::new();
        for mut info in std::mem::take(&mut self.infos) {
            let before = info.object()?.clone();
            let mut after = before.clone();
            if let Err(e) = mutate(session, &mut after) {
                errors.push(e);
                continue;
            }
            crate::client::record::note(&self.args, &mut after);
            if before == after && !always {
                continue;
            }
            if self.local || self.dry == Dry::Client {
                self.printer.print(session, &after, operation)?;
                continue;
            }
            let shape = schema::for_kind(session.server_version(), &before.group_version(), before.kind());
            let patch = strategic::two_way(&before, &after, shape).map_err(Error::plain)?;
            let mapping = info.mapping()?.clone();
            let kind = if shape.is_some() { PatchType::StrategicMerge } else { PatchType::Merge };
            match self.change.patch(session, &mapping, &info.namespace, &info.name, (kind, patch)) {
                Ok(object) => {
                    self.printer.print(session, &object, operation)?;
                    info.refresh(object);
                }
                Err(e) => errors.push(Error::plain(format!("{failed}{}", e.text()))),
            }
        }
        Error::collect(errors)
    }
}

/// Where an object has its pod's spec.
fn spec_path(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&["spec"]),
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" | "Job" | "ReplicationController" => {
            Some(&["spec", "template", "spec"])
        }
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => None,
    }
}

/// The pod spec of an object, to be changed.
pub(super) fn pod_spec(object: &mut Object) -> Result<&mut Value, Error> {
    let kind = object.kind().to_owned();
    match spec_path(&kind) {
        Some(path) => Ok(object.entry_at(path)),
        None => {
            let plural = plural_of(&kind);
            let version = object.group_version().version.into_owned();
            Err(Error::plain(format!(
                "error: {plural}/{} the object is not a pod or does not have a pod template: *{version}.{kind}\n",
                object.name()
            )))
        }
    }
}

/// The resource's name, as far as it follows from the kind.
pub(super) fn plural_of(kind: &str) -> String {
    let lower = kind.to_lowercase();
    match lower.chars().last() {
        Some('s' | 'x') => format!("{lower}es"),
        Some('y') => format!("{}ies", lower.trim_end_matches('y')),
        _ => format!("{lower}s"),
    }
}

/// Calls `change` with each container that `pattern` names, the ordinary ones first; says how many there were.
pub(super) fn containers(
    spec: &mut Value,
    pattern: &str,
    mut change: impl FnMut(&mut Value) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut count = 0;
    for field in ["containers", "initContainers"] {
        if spec.get(field).is_none_or(|l| l.items().is_empty()) {
            continue;
        }
        for container in spec.entry_at(&[field]).make_list() {
            if selected(container.str_at(&["name"]), pattern) {
                count += 1;
                change(container)?;
            }
        }
    }
    Ok(count)
}

/// Whether a name fits a pattern with `*`.
fn selected(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((head, tail)) => {
            let Some(rest) = name.strip_prefix(head) else { return false };
            tail.is_empty()
                || rest
                    .char_indices()
                    .map(|(i, _)| i)
                    .chain([rest.len()])
                    .any(|i| selected(rest.get(i..).unwrap_or(""), tail))
        }
    }
}
