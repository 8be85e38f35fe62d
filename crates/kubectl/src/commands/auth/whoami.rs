//! `kubectl auth whoami`. Models kubectl `pkg/cmd/auth/whoami.go`.

use gatehouse_core::Reason;
use gatehouse_model::{Value, json};

use super::ask;
use crate::cli::groups::PRINT;
use crate::cli::{Args, Command};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::print::tabwriter::TabWriter;
use crate::session::Session;

pub(super) static COMMAND: Command = Command {
    short: "Experimental: Check self subject attributes",
    long: "Experimental: Check who you are and your attributes (groups, extra).\n\n        This command is helpful to get yourself aware of the current user attributes,\n        especially when dynamic authentication, e.g., token webhook, auth proxy, or OIDC provider,\n        is enabled in the Kubernetes cluster.",
    examples: "# Get your subject attributes\nkubectl auth whoami\n\n# Get your subject attributes in JSON format\nkubectl auth whoami -o json",
    usage: "",
    flags: &[PRINT],
    run: Some(run),
    ..Command::named("whoami")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let mut printer = Printer::new(session, args, Dry::No)?.typed();
    let old = session.version().minor < 28;
    let review =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}});
    let answer = ask(session, "authentication.k8s.io", "selfsubjectreviews", review).map_err(|e| match e.reason() {
        Some(Reason::Forbidden) => Error::plain("the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it"),
        Some(Reason::NotFound) => Error::plain(if old {
            "the selfsubjectreviews API is not enabled in the cluster\nenable APISelfSubjectReview feature gate and authentication.k8s.io/v1alpha1 or authentication.k8s.io/v1beta1 API"
        } else {
            "the selfsubjectreviews API is not enabled in the cluster"
        }),
        _ => e,
    })?;
    if printer.has_format() {
        return printer.print(session, &answer, "");
    }
    let info = answer.at(&["status", "userInfo"]).cloned().unwrap_or_default();
    let list = |value: &Value| {
        let words: Vec<&str> = value.items().iter().filter_map(Value::as_str).collect();
        format!("[{}]", words.join(" "))
    };
    let mut table = TabWriter::table();
    table.write("ATTRIBUTE\tVALUE\n");
    for (title, key) in [("Username", "username"), ("UID", "uid")] {
        if !info.str_at(&[key]).is_empty() {
            table.write(&format!("{title}\t{}\n", info.str_at(&[key])));
        }
    }
    if let Some(groups) = info.get("groups").filter(|g| !g.items().is_empty()) {
        table.write(&format!("Groups\t{}\n", list(groups)));
    }
    for (key, values) in info.map_at(&["extra"]).iter() {
        table.write(&format!("Extra: {key}\t{}\n", list(values)));
    }
    table.flush();
    let text = table.take();
    session.print(text);
    Ok(())
}
