//! `kubectl edit`, `apply edit-last-applied`, `create --edit`. Models kubectl `pkg/cmd/util/editor/editoptions.go`.
//!
//! kubectl opens an editor and waits for it. Here the command ends where the editor opens; when the text was saved, the
//! same line is run again with hidden flags that say which file it was and what was shown before.

use gatehouse_core::Reason;
use gatehouse_core::request::PatchType;
use gatehouse_machine::EditRequest;
use gatehouse_model::{Object, Value, json, schema, yaml};

use crate::chance;
use crate::cli::groups::{PRINT, RECORD, VALIDATE, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change, Info};
use crate::error::Error;
use crate::output::{Dry, Printer, validation};
use crate::patch::{last_applied, strategic};
use crate::session::{Finish, Session};

/// How a saved text finds its way back.
pub(super) const GO_ON: &[Flag] = &[
    Flag::str("edited-file", "The file that was saved.").hidden(),
    Flag::str("edited-from", "The objects that were shown.").hidden(),
    Flag::str("edited-before", "The text that was refused last.").hidden(),
    Flag::int("edited-index", "0", "Which of several objects was shown.").hidden(),
];

const FLAGS: &[Flag] = &[
    Flag::bool("output-patch", "Output the patch if the resource is edited."),
    Flag::bool(
        "save-config",
        "If true, the configuration of current object will be saved in its annotation. Otherwise, the annotation will be unchanged. This flag is useful when you want to perform kubectl apply on this object in the future.",
    ),
    Flag::str("subresource", "If specified, edit will operate on the subresource of the requested object."),
    Flag::bool("windows-line-endings", "Defaults to the line ending native to your platform."),
    Flag::str("field-manager", "Name of the manager used to track field ownership.").default("kubectl-edit"),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Edit a resource on the server",
    long: "Edit a resource from the default editor.\n\n The edit command allows you to directly edit any API resource you can retrieve via the command-line tools. It will open the editor defined by your KUBE_EDITOR, or EDITOR environment variables, or fall back to 'vi' for Linux or 'notepad' for Windows. When attempting to open the editor, it will first attempt to use the shell that has been defined in the 'SHELL' environment variable. If this is not defined, the default shell will be used, which is '/bin/bash' for Linux or 'cmd' for Windows.\n\n You can edit multiple objects, although changes are applied one at a time. The command accepts file names as well as command-line arguments, although the files you point to must be previously saved versions of resources.\n\n Editing is done with the API version used to fetch the resource. To edit using a specific API version, fully-qualify the resource, version, and group.\n\n The default format is YAML. To edit in JSON, specify \"-o json\".\n\n The flag --windows-line-endings can be used to force Windows line endings, otherwise the default for your operating system will be used.\n\n In the event an error occurs while updating, a temporary file will be created on disk that contains your unapplied changes. The most common error when updating a resource is another editor changing the resource on the server. When this occurs, you will have to apply your changes to the newer version of the resource, or update your temporary saved copy to include the latest resource version.",
    examples: "# Edit the service named 'registry'\nkubectl edit svc/registry\n\n# Use an alternative editor\nKUBE_EDITOR=\"nano\" kubectl edit svc/registry\n\n# Edit the job 'myjob' in JSON using the v1 API format\nkubectl edit job.v1.batch/myjob -o json",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[
        FLAGS,
        GO_ON,
        PRINT,
        &files("Filename, directory, or URL to files to use to edit the resource"),
        VALIDATE,
        RECORD,
    ],
    run: Some(|session, args| run(session, args, Mode::Normal)),
    ..Command::named("edit")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

const LAST_APPLIED_FLAGS: &[Flag] = &[
    Flag::str("field-manager", "Name of the manager used to track field ownership.")
        .default("kubectl-client-side-apply"),
    Flag::bool("windows-line-endings", "Defaults to the line ending native to your platform."),
];

/// `kubectl apply edit-last-applied`
pub(super) static LAST_APPLIED: Command = Command {
    short: "Edit latest last-applied-configuration annotations of a resource/object",
    long: "Edit the latest last-applied-configuration annotations of resources from the default editor.\n\n The edit-last-applied command allows you to directly edit any API resource you can retrieve via the command-line tools. It will open the editor defined by your KUBE_EDITOR, or EDITOR environment variables, or fall back to 'vi' for Linux or 'notepad' for Windows. You can edit multiple objects, although changes are applied one at a time. The command accepts file names as well as command-line arguments, although the files you point to must be previously saved versions of resources.\n\n The default format is YAML. To edit in JSON, specify \"-o json\".\n\n The flag --windows-line-endings can be used to force Windows line endings, otherwise the default for your operating system will be used.\n\n In the event an error occurs while updating, a temporary file will be created on disk that contains your unapplied changes. The most common error when updating a resource is another editor changing the resource on the server. When this occurs, you will have to apply your changes to the newer version of the resource, or update your temporary saved copy to include the latest resource version.",
    examples: "# Edit the last-applied-configuration annotations by type/name in YAML\nkubectl apply edit-last-applied deployment/nginx",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[
        LAST_APPLIED_FLAGS,
        GO_ON,
        PRINT,
        &files("Filename, directory, or URL to files to use to edit the resource"),
        VALIDATE,
        RECORD,
    ],
    run: Some(|session, args| run(session, args, Mode::LastApplied)),
    ..Command::named("edit-last-applied")
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Normal,
    LastApplied,
    Create,
}

/// Why a file is opened again.
struct Why {
    head: String,
    other: Vec<String>,
}

/// What became of the objects of one saved text.
#[derive(Default)]
struct Results {
    reasons: Vec<Why>,
    retryable: bool,
    not_found: bool,
}

fn header(mode: Mode, reasons: &[Why]) -> String {
    let mut out = match mode {
        Mode::LastApplied => "# Please edit the 'last-applied-configuration' annotations below.\n# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.\n#\n",
        _ => "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n",
    }
    .to_owned();
    let hashed = |text: &str| text.trim_end_matches('\n').replace('\n', "\n# ");
    for reason in reasons {
        let end = if reason.other.is_empty() { "" } else { ":" };
        out.push_str(&format!("# {}{end}\n", hashed(&reason.head)));
        for other in &reason.other {
            out.push_str(&format!("# * {}\n", hashed(other)));
        }
        out.push_str("#\n");
    }
    out
}

/// The text without lines that are comments (`ManualStrip`).
fn strip(text: &str) -> String {
    text.lines().filter(|l| !l.trim_start().starts_with('#')).map(|l| format!("{l}\n")).collect()
}

/// What two texts are compared by (`StripComments`).
fn content(text: &str) -> Result<Value, String> {
    yaml::parse(text).map_err(|_| strip(text))
}

struct Edit<'a> {
    args: &'a Args,
    mode: Mode,
    json: bool,
    builder: Builder,
}

/// The objects of `create --edit`, one after the other.
pub(super) fn before_create(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    run(session, args, Mode::Create)
}

fn run(session: &mut Session<'_, '_>, args: &Args, mode: Mode) -> Result<(), Error> {
    let format = args.str("output");
    if !matches!(format, "" | "yaml" | "json") {
        return Err(Error::plain(format!("The edit mode doesn't support output format {format:?}")));
    }
    let namespace = session.namespace()?;
    let builder = Builder {
        words: args.words.clone(),
        allow_bare_type: true,
        continue_on_error: mode != Mode::Create,
        flatten: true,
        latest: mode != Mode::Create,
        subresource: args.str("subresource").to_owned(),
        ..Builder::named_by(&namespace, args)
    };
    let edit = Edit { args, mode, json: format == "json", builder };
    let path = args.str("edited-file");
    if !path.is_empty() {
        return edit.go_on(session, path);
    }
    let infos = edit.builder.infos(session)?;
    let mut objects: Vec<Value> =
        infos.iter().filter_map(|i| i.object.as_ref()).map(|o| o.0.clone()).collect();
    if mode == Mode::LastApplied {
        let texts = infos.iter().filter_map(|i| i.object.as_ref()).filter_map(last_applied::original);
        objects = texts.filter_map(|t| json::parse(t.trim()).ok()).collect();
        if objects.is_empty() {
            return Err(Error::plain(
                "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
            ));
        }
    }
    if objects.is_empty() {
        return Err(Error::plain(match mode {
            Mode::Create => "no objects passed to create",
            _ => "edit cancelled, no objects found",
        }));
    }
    if mode == Mode::Create {
        objects.truncate(1);
    }
    let suffix = if edit.json { "json" } else { "yaml" };
    let path = format!("/tmp/kubectl-edit-{}.{suffix}", chance::temporary(session, "kubectl-edit"));
    let text = edit.show(&objects, &[]);
    edit.open(session, path, text, &objects, "", 0);
    Ok(())
}

impl Edit<'_> {
    /// The text of these objects as it is opened first.
    fn show(&self, objects: &[Value], reasons: &[Why]) -> String {
        let mut shown: Vec<Value> = objects.to_vec();
        for object in &mut shown {
            object.remove(&["metadata", "managedFields"]);
        }
        let whole = match shown.as_slice() {
            [one] => one.clone(),
            many => {
                let items: Value = many.iter().cloned().collect();
                json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {}})
            }
        };
        if self.json {
            return crate::print::json::indent_html(&whole) + "\n";
        }
        header(self.mode, reasons) + &yaml::emit(&whole)
    }

    /// Opens the editor; the line is run again when the text was saved.
    fn open(
        &self,
        session: &mut Session<'_, '_>,
        path: String,
        text: String,
        objects: &[Value],
        before: &str,
        index: usize,
    ) {
        let mut then = vec!["kubectl".to_owned()];
        let mut argv = self.args.argv.iter();
        while let Some(word) = argv.next() {
            if word.starts_with("--edited-") {
                argv.next();
            } else {
                then.push(word.clone());
            }
        }
        let from: Value = objects.iter().cloned().collect();
        for (flag, value) in [
            ("--edited-file", path.clone()),
            ("--edited-from", json::print(&from)),
            ("--edited-before", before.to_owned()),
            ("--edited-index", index.to_string()),
        ] {
            then.push(flag.to_owned());
            then.push(value);
        }
        session.finish = Finish::Edit(EditRequest { path, text, then });
    }

    /// Says where the text is kept, and fails.
    fn preserved(session: &mut Session<'_, '_>, path: &str, why: Error) -> Error {
        session.eprintln(format!("A copy of your changes has been stored to {path:?}"));
        why
    }

    fn go_on(&self, session: &mut Session<'_, '_>, path: &str) -> Result<(), Error> {
        let bytes =
            session.host.files.read(path).map_err(|e| Error::plain(format!("open {path}: {}", e.errno)))?;
        let edited = String::from_utf8_lossy(&bytes).into_owned();
        let from = json::parse(self.args.str("edited-from")).unwrap_or_default();
        let objects = from.items().to_vec();
        let before = self.args.str("edited-before");
        if !before.is_empty() && content(before) == content(&edited) {
            let why = Error::plain("Edit cancelled, no valid changes were saved.");
            return Err(Self::preserved(session, path, why));
        }
        if content(&self.show(&objects, &[])) == content(&edited) {
            session.eprintln("Edit cancelled, no changes made.");
            return self.next(session);
        }
        if strip(&edited).trim().is_empty() {
            session.eprintln("Edit cancelled, saved file was empty.");
            return self.next(session);
        }
        let mut results = Results::default();
        match self.builder.of_text(session, &edited, "edited-file") {
            Err(why) => results.reasons.push(Why {
                head: format!("The edited file had a syntax error: {}", why.text()),
                other: Vec::new(),
            }),
            Ok(mut infos) => {
                for info in &mut infos {
                    if let Err(e) = self.one(session, info, &objects, &mut results) {
                        return Err(Self::preserved(session, path, e));
                    }
                }
            }
        }
        if results.retryable {
            session.eprintln(format!("You can run `kubectl replace -f {path}` to try this update again."));
            return Err(Error::Exit(1, String::new()));
        }
        if results.not_found {
            session.eprintln(format!("The edits you made on deleted resources have been saved to {path:?}"));
            return Err(Error::Exit(1, String::new()));
        }
        if results.reasons.is_empty() {
            return self.next(session);
        }
        let head = if self.json { String::new() } else { header(self.mode, &results.reasons) };
        let text = head + &strip(&edited);
        let index = usize::try_from(self.args.int("edited-index")).unwrap_or(0);
        self.open(session, path.to_owned(), text, &objects, &edited, index);
        Ok(())
    }

    /// With `create --edit` the next object is opened.
    fn next(&self, session: &mut Session<'_, '_>) -> Result<(), Error> {
        if self.mode != Mode::Create {
            return Ok(());
        }
        let index = usize::try_from(self.args.int("edited-index")).unwrap_or(0) + 1;
        let infos = self.builder.infos(session)?;
        let Some(object) = infos.get(index).and_then(|i| i.object.as_ref()) else { return Ok(()) };
        let objects = [object.0.clone()];
        let path = format!("/tmp/kubectl-edit-{}.yaml", chance::temporary(session, &format!("edit-{index}")));
        let text = self.show(&objects, &[]);
        self.open(session, path, text, &objects, "", index);
        Ok(())
    }

    fn one(
        &self,
        session: &mut Session<'_, '_>,
        info: &mut Info,
        objects: &[Value],
        results: &mut Results,
    ) -> Result<(), Error> {
        let mapping = info.mapping()?.clone();
        let mut printer = Printer::new(session, self.args, Dry::No)?;
        let mut new = info.object()?.clone();
        let change = Change {
            subresource: self.args.str("subresource").to_owned(),
            validation: Some(validation(self.args)?),
            ..Change::by(self.args.str("field-manager"), Dry::No)
        };
        if self.args.bool("save-config") {
            last_applied::update(Some(&mut new));
        }
        if self.mode == Mode::Create {
            let made = change.create(session, &mapping, &info.namespace, &new)?;
            return printer.print(session, &made, "created");
        }
        let Some(old) = objects.iter().find(|o| o.str_at(&["metadata", "uid"]) == new.uid()) else {
            return Err(Error::plain(format!("no original object found for {:?}", info.object_name())));
        };
        let mut old = Object(old.clone());
        old.remove(&["metadata", "managedFields"]);
        if old.0 == new.0 {
            return printer.print(session, &new, "skipped");
        }
        if self.mode == Mode::LastApplied {
            let text = json::print(&new) + "\n";
            let patch = json!({"metadata": {"annotations": {(last_applied::KEY): text}}});
            change.patch(session, &mapping, &info.namespace, &info.name, (PatchType::Merge, patch))?;
            return printer.print(session, &new, "edited");
        }
        let same = |path: &[&str]| old.at(path) == new.at(path);
        if !(same(&["apiVersion"]) && same(&["kind"]) && same(&["metadata", "name"])) {
            return Err(Error::plain("At least one of apiVersion, kind and name was changed"));
        }
        let shape = schema::for_kind(session.server_version(), &new.group_version(), new.kind());
        let (kind, patch) = match shape {
            Some(shape) => {
                let patch = strategic::two_way(&old, &new, Some(shape)).map_err(Error::plain)?;
                (PatchType::StrategicMerge, patch)
            }
            None => (PatchType::Merge, gatehouse_core::patch::merge::diff(&old, &new)),
        };
        if self.args.bool("output-patch") {
            session.println(format!("Patch: {}", crate::print::json::compact_html(&patch)));
        }
        match change.patch(session, &mapping, &info.namespace, &info.name, (kind, patch)) {
            Ok(patched) => printer.print(session, &patched, "edited"),
            Err(why) => {
                let text = results.add(&why, &mapping.group_resource(), &info.name);
                session.eprintln(text);
                Ok(())
            }
        }
    }
}

impl Results {
    /// Keeps a refusal, and says what is printed of it.
    fn add(&mut self, why: &Error, resource: &str, name: &str) -> String {
        match why.reason() {
            Some(Reason::Invalid) => {
                let causes = match why {
                    Error::Status(status) => status.causes.as_slice(),
                    _ => &[],
                };
                self.reasons.push(Why {
                    head: format!("{resource} {name:?} was not valid"),
                    other: causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect(),
                });
                format!("error: {resource} {name:?} is invalid")
            }
            Some(Reason::NotFound) => {
                self.not_found = true;
                format!("error: {resource} {name:?} could not be found on the server")
            }
            _ => {
                self.retryable = true;
                format!("error: {resource} {name:?} could not be patched: {}", why.text())
            }
        }
    }
}
