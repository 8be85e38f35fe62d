//! `kubectl auth reconcile`. Models kubectl `pkg/cmd/auth/reconcile.go` and component-helpers `auth/rbac/reconciliation`.

use gatehouse_model::{Object, ResourceType, Value, json};

use crate::cli::groups::{DRY_RUN, PRINT, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change, Removal};
use crate::error::Error;
use crate::mapping;
use crate::output::{Dry, Printer};
use crate::session::Session;

pub(super) static COMMAND: Command = Command {
    short: "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
    long: "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects.\n\n Missing objects are created, and the containing namespace is created for namespaced objects, if required.\n\n Existing roles are updated to include the permissions in the input objects, and remove extra permissions if --remove-extra-permissions is specified.\n\n Existing bindings are updated to include the subjects in the input objects, and remove extra subjects if --remove-extra-subjects is specified.\n\n This is preferred to 'apply' for RBAC resources so that semantically-aware merging of rules and subjects is done.",
    examples: "# Reconcile RBAC resources from a file\nkubectl auth reconcile -f my-rbac-rules.yaml",
    usage: "-f FILENAME",
    flags: &[
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to reconcile."),
        DRY_RUN,
        &[
            Flag::bool("remove-extra-permissions", "If true, removes extra permissions added to roles"),
            Flag::bool("remove-extra-subjects", "If true, removes extra subjects added to rolebindings"),
        ],
    ],
    run: Some(run),
    ..Command::named("reconcile")
};

/// What had to be done for an object.
struct Outcome {
    object: Object,
    operation: &'static str,
    protected: bool,
    missing: Vec<Value>,
    extra: Vec<Value>,
}

fn words(value: &Value, key: &str) -> String {
    let list: Vec<&str> = value.list_at(&[key]).iter().filter_map(Value::as_str).collect();
    format!("[{}]", list.join(" "))
}

fn show_rule(rule: &Value) -> String {
    format!(
        "{{Verbs:{} APIGroups:{} Resources:{} ResourceNames:{} NonResourceURLs:{}}}",
        words(rule, "verbs"),
        words(rule, "apiGroups"),
        words(rule, "resources"),
        words(rule, "resourceNames"),
        words(rule, "nonResourceURLs")
    )
}

fn show_subject(subject: &Value) -> String {
    let field = |key: &str| subject.str_at(&[key]);
    format!(
        "{{Kind:{} APIGroup:{} Name:{} Namespace:{}}}",
        field("kind"),
        field("apiGroup"),
        field("name"),
        field("namespace")
    )
}

/// A rule as rules of one verb, one group, one resource and one name each.
fn single(rule: &Value) -> Vec<Value> {
    let list = |key: &str| rule.list_at(&[key]).to_vec();
    let mut all = Vec::new();
    for group in list("apiGroups") {
        for resource in list("resources") {
            for verb in list("verbs") {
                let one = json!({"apiGroups": [(group.clone())], "resources": [(resource.clone())], "verbs": [(verb.clone())]});
                let names = list("resourceNames");
                if names.is_empty() {
                    all.push(one);
                    continue;
                }
                for name in names {
                    let mut named = one.clone();
                    named.set(&["resourceNames"], vec![name]);
                    all.push(named);
                }
            }
        }
    }
    for path in list("nonResourceURLs") {
        for verb in list("verbs") {
            all.push(json!({"nonResourceURLs": [(path.clone())], "verbs": [verb]}));
        }
    }
    all
}

/// Whether one of the rules grants what a single rule grants.
fn covered(rules: &[Value], wanted: &Value) -> bool {
    let has = |rule: &Value, key: &str| -> bool {
        let have = rule.list_at(&[key]);
        wanted.list_at(&[key]).iter().all(|w| {
            have.iter().any(|h| {
                let (h, w) = (h.as_str().unwrap_or(""), w.as_str().unwrap_or(""));
                h == w
                    || h == "*"
                    || (key == "nonResourceURLs" && h.strip_suffix('*').is_some_and(|p| w.starts_with(p)))
                    || (key == "resources"
                        && h.strip_prefix("*/").is_some_and(|s| w.ends_with(&format!("/{s}"))))
            })
        })
    };
    rules.iter().any(|rule| {
        let names = rule.list_at(&["resourceNames"]);
        let named = names.is_empty()
            || (!wanted.list_at(&["resourceNames"]).is_empty() && has(rule, "resourceNames"));
        has(rule, "verbs")
            && has(rule, "apiGroups")
            && has(rule, "resources")
            && has(rule, "nonResourceURLs")
            && named
    })
}

fn uncovered(owner: &[Value], wanted: &[Value]) -> Vec<Value> {
    wanted.iter().flat_map(single).filter(|one| !covered(owner, one)).collect()
}

/// Takes over labels and annotations; says whether any changed.
fn merge_metadata(existing: &mut Object, expected: &Object) -> bool {
    let before = existing.clone();
    for field in ["labels", "annotations"] {
        for (key, value) in expected.map_at(&["metadata", field]).iter() {
            if key == crate::patch::last_applied::KEY {
                continue;
            }
            existing.set(&["metadata", field, key], value.clone());
        }
    }
    *existing != before
}

struct Reconciler {
    dry: Dry,
    extra_permissions: bool,
    extra_subjects: bool,
    namespace: String,
}

impl Reconciler {
    fn ensure_namespace(&self, session: &mut Session<'_, '_>, namespace: &str) -> Result<(), Error> {
        let Some(mapping) = mapping::find(session.resources()?, "namespaces").cloned() else { return Ok(()) };
        match session.get(&mapping, "", namespace) {
            Err(e) if e.is_not_found() => {
                let mut made = Object::new("v1", "Namespace");
                made.set(&["metadata", "name"], namespace);
                Change::default().create(session, &mapping, "", &made).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn create(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        expected: &Object,
        missing: Vec<Value>,
    ) -> Result<Outcome, Error> {
        let mut object = expected.clone();
        if self.dry == Dry::No {
            if mapping.namespaced() {
                self.ensure_namespace(session, expected.namespace())?;
            }
            object = Change::default().create(session, mapping, expected.namespace(), expected)?;
        }
        Ok(Outcome { object, operation: "create", protected: false, missing, extra: Vec::new() })
    }

    fn one(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        expected: &Object,
    ) -> Result<Outcome, Error> {
        let is_role = mapping.kind.ends_with("Role");
        let field = if is_role { "rules" } else { "subjects" };
        let wanted = expected.list_at(&[field]).to_vec();
        let existing = match session.get(mapping, expected.namespace(), expected.name()) {
            Ok(object) => object,
            Err(e) if e.is_not_found() => return self.create(session, mapping, expected, wanted),
            Err(e) => return Err(e),
        };
        let protected = existing.annotation("rbac.authorization.kubernetes.io/autoupdate") == Some("false");
        if !is_role && existing.get("roleRef") != expected.get("roleRef") {
            return self.recreate(session, mapping, expected, protected);
        }
        let mut changed = existing.clone();
        let mut update = merge_metadata(&mut changed, expected);
        let current = existing.list_at(&[field]).to_vec();
        let (missing, extra) = if is_role {
            (uncovered(&current, &wanted), uncovered(&wanted, &current))
        } else {
            let not_in = |a: &[Value], b: &[Value]| -> Vec<Value> {
                a.iter().filter(|x| !b.contains(x)).cloned().collect()
            };
            (not_in(&wanted, &current), not_in(&current, &wanted))
        };
        let remove = if is_role { self.extra_permissions } else { self.extra_subjects };
        if remove && !extra.is_empty() {
            changed.set(&[field], wanted);
            update = true;
        } else if !missing.is_empty() {
            let mut all = current;
            all.extend(missing.iter().cloned());
            changed.set(&[field], all);
            update = true;
        }
        if !update {
            return Ok(Outcome { object: existing, operation: "", protected, missing, extra });
        }
        if self.dry == Dry::No && !protected {
            changed = Change::default().replace(
                session,
                mapping,
                expected.namespace(),
                expected.name(),
                &changed,
            )?;
        }
        Ok(Outcome { object: changed, operation: "update", protected, missing, extra })
    }

    /// A role reference cannot be changed: the binding is made anew.
    fn recreate(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        expected: &Object,
        protected: bool,
    ) -> Result<Outcome, Error> {
        let mut object = expected.clone();
        if self.dry == Dry::No && !protected {
            Removal::default().delete(session, mapping, expected.namespace(), expected.name())?;
            object = Change::default().create(session, mapping, expected.namespace(), &object)?;
        }
        Ok(Outcome { object, operation: "recreate", protected, missing: Vec::new(), extra: Vec::new() })
    }

    fn report(&self, session: &mut Session<'_, '_>, outcome: &Outcome, is_role: bool) {
        let caveat = if outcome.protected {
            ", but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)"
        } else {
            ""
        };
        if outcome.operation.is_empty() {
            return;
        }
        session.eprintln(format!("\treconciliation required {}{caveat}", outcome.operation));
        let (what, show, remove): (_, fn(&Value) -> String, _) = if is_role {
            ("rules", show_rule, self.extra_permissions)
        } else {
            ("subjects", show_subject, self.extra_subjects)
        };
        if !outcome.missing.is_empty() {
            session.eprintln(format!("\tmissing {what} added:"));
            for one in &outcome.missing {
                session.eprintln(format!("\t\t{}", show(one)));
            }
        }
        if remove && !outcome.extra.is_empty() {
            session.eprintln(format!("\textra {what} removed:"));
            for one in &outcome.extra {
                session.eprintln(format!("\t\t{}", show(one)));
            }
        }
    }
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        return Err(Error::plain("must specify one of -f and -k"));
    }
    if !args.words.is_empty() {
        return Err(Error::plain("no arguments are allowed"));
    }
    let dry = Dry::parse(session, args)
        .map_err(|e| e.prefixed("error accessing --dry-run flag for command reconcile"))?;
    if dry == Dry::Server {
        return Err(Error::plain("--dry-run=server for command reconcile is not supported yet"));
    }
    let namespace = session.namespace()?;
    let mut printer = Printer::new(session, args, dry)?.typed();
    let reconciler = Reconciler {
        dry,
        extra_permissions: args.bool("remove-extra-permissions"),
        extra_subjects: args.bool("remove-extra-subjects"),
        namespace: namespace.name.clone(),
    };
    let builder = Builder {
        continue_on_error: true,
        flatten: true,
        typed: true,
        ..Builder::named_by(&namespace, args)
    };
    builder.visit(session, |session, info| {
        let mapping = info.mapping()?.clone();
        let mut expected = info.object()?.clone();
        if mapping.gv.group != "rbac.authorization.k8s.io" {
            return Ok(());
        }
        if mapping.namespaced() && expected.namespace().is_empty() {
            expected.set(&["metadata", "namespace"], reconciler.namespace.as_str());
        }
        let outcome = reconciler.one(session, &mapping, &expected)?;
        printer.print(session, &outcome.object, "reconciled")?;
        reconciler.report(session, &outcome, mapping.kind.ends_with("Role"));
        Ok(())
    })
}
