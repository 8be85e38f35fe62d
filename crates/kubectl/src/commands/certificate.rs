//! `kubectl certificate`. Models kubectl `pkg/cmd/certificates/certificates.go`.

use gatehouse_core::Verb;
use gatehouse_core::request::Body;
use gatehouse_model::json;

use crate::cli::groups::{PRINT, files};
use crate::cli::{Args, Command, Flag, help};
use crate::client::Builder;
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::{Session, target_of};

/// The group.
pub(super) static COMMAND: Command = Command {
    short: "Modify certificate resources",
    long: "Modify certificate resources.",
    usage: "SUBCOMMAND",
    subcommands: &[&APPROVE, &DENY],
    run: Some(|session, args| {
        let text = help::help(args, &[], session.version());
        session.print(text);
        Ok(())
    }),
    ..Command::named("certificate")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

static APPROVE: Command = Command {
    short: "Approve a certificate signing request",
    long: "Approve a certificate signing request.\n\n kubectl certificate approve allows a cluster admin to approve a certificate signing request (CSR). This action tells a certificate signing controller to issue a certificate to the requester with the attributes requested in the CSR.\n\n SECURITY NOTICE: Depending on the requested attributes, the issued certificate can potentially grant a requester access to cluster resources or to authenticate as a requested identity. Before approving a CSR, ensure you understand what the signed certificate can do.",
    examples: "# Approve CSR 'csr-sqgzp'\nkubectl certificate approve csr-sqgzp",
    usage: "(-f FILENAME | NAME)",
    flags: &[
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to update"),
        &[Flag::bool("force", "Update the CSR even if it is already approved.")],
    ],
    run: Some(|session, args| {
        let condition =
            ("Approved", "Denied", "KubectlApprove", "This CSR was approved by kubectl certificate approve.");
        run(session, args, condition, "approved")
    }),
    ..Command::named("approve")
};

static DENY: Command = Command {
    short: "Deny a certificate signing request",
    long: "Deny a certificate signing request.\n\n kubectl certificate deny allows a cluster admin to deny a certificate signing request (CSR). This action tells a certificate signing controller to not to issue a certificate to the requester.",
    examples: "# Deny CSR 'csr-sqgzp'\nkubectl certificate deny csr-sqgzp",
    usage: "(-f FILENAME | NAME)",
    flags: &[
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to update"),
        &[Flag::bool("force", "Update the CSR even if it is already denied.")],
    ],
    run: Some(|session, args| {
        let condition =
            ("Denied", "Approved", "KubectlDeny", "This CSR was denied by kubectl certificate deny.");
        run(session, args, condition, "denied")
    }),
    ..Command::named("deny")
};

fn run(
    session: &mut Session<'_, '_>,
    args: &Args,
    (kind, opposite, reason, message): (&str, &str, &str, &str),
    operation: &str,
) -> Result<(), Error> {
    let mut printer = Printer::new(session, args, Dry::No)?;
    if args.words.is_empty() && args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        return Err(Error::plain("one or more CSRs must be specified as <name> or -f <filename>"));
    }
    let words = args
        .words
        .iter()
        .map(|w| if w.contains('/') { w.clone() } else { format!("certificatesigningrequests/{w}") })
        .collect();
    let builder = Builder {
        words,
        filenames: args.list("filename"),
        kustomize: args.str("kustomize").to_owned(),
        recursive: args.bool("recursive"),
        continue_on_error: true,
        flatten: true,
        latest: true,
        ..Builder::default()
    };
    let mut found = 0;
    builder.visit(session, |session, info| {
        let mapping = info.mapping()?.clone();
        if mapping.kind != "CertificateSigningRequest" {
            let got = gatehouse_model::resource::qualified(&mapping.kind, &mapping.gv.group);
            return Err(Error::plain(format!(
                "can only handle CertificateSigningRequest.certificates.k8s.io objects, got {got}"
            )));
        }
        let object = info.object()?.clone();
        let conditions = object.list_at(&["status", "conditions"]).to_vec();
        if conditions.iter().any(|c| c.str_at(&["type"]) == opposite) {
            return Err(Error::plain(format!("certificate signing request {:?} is already {opposite}", info.name)));
        }
        let already = conditions.iter().any(|c| c.str_at(&["type"]) == kind);
        if !already || args.bool("force") {
            let mut changed = object.clone();
            if !already {
                let now = session.now().to_string();
                let mut all = conditions;
                all.push(json!({
                    "type": kind, "status": "True", "reason": reason, "message": message, "lastUpdateTime": now,
                    "lastTransitionTime": null,
                }));
                changed.set(&["status", "conditions"], all);
            }
            let mut request = session.request(Verb::Update, target_of(&mapping, "", &info.name, "approval"))?;
            request.body = Body::Object(changed.0);
            session.send(request)?;
        }
        found += 1;
        printer.print(session, &object, operation)
    })?;
    if found == 0 {
        session.println("No resources found");
    }
    Ok(())
}
