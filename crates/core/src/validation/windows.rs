//! What a pod or container asks of Windows.
//!
//! Models `validateWindowsSecurityContextOptions`.

use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};

/// The most bytes of a credential specification.
const SPEC_BYTES: usize = 64 * 1024;

/// `windowsOptions`
pub(super) fn options(errors: &mut Errors, path: &FieldPath, options: Option<&Value>) {
    let Some(options) = options else { return };
    let text = |field: &str| options.get(field).and_then(Value::as_str);
    if let Some(name) = text("gmsaCredentialSpecName") {
        check::text(errors, &path.child("gmsaCredentialSpecName"), name, names::dns1123_subdomain(name));
    }
    let mut invalid = |field: &str, value: &str, why: &str| {
        errors.push(FieldError::invalid(path.child(field), &value.into(), why));
    };
    let field = "gmsaCredentialSpec";
    match text(field) {
        Some("") => invalid(field, "", "gmsaCredentialSpec cannot be an empty string"),
        Some(spec) if spec.len() > SPEC_BYTES => {
            invalid(field, spec, "gmsaCredentialSpec size must be under 64 KiB");
        }
        _ => {}
    }
    if let Some(name) = text("runAsUserName") {
        for why in user(name) {
            invalid("runAsUserName", name, &format!("runAsUserName{why}"));
        }
    }
}

/// What is wrong with `DOMAIN\\USER`, the domain being optional.
fn user(name: &str) -> Vec<&'static str> {
    if name.is_empty() {
        return vec![" cannot be an empty string"];
    }
    if name.chars().any(|c| c.is_ascii_control()) {
        return vec![" cannot contain control characters"];
    }
    let (domain, user) = match name.split_once('\\') {
        Some((_, rest)) if rest.contains('\\') => return vec![" cannot contain more than one backslash"],
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    let mut found = Vec::new();
    if domain.is_some_and(|d| d.len() >= 256) {
        found.push("'s Domain length must be under 256 characters");
    }
    if domain.is_some_and(|d| !is_net_bios(d) && !is_domain(d)) {
        found.push("'s Domain doesn't match the NetBios nor the DNS format");
    }
    if user.is_empty() {
        found.push("'s User cannot be empty");
    } else if user.len() > 104 {
        found.push("'s User length must not be longer than 104 characters");
    }
    if !user.is_empty() && user.chars().all(|c| matches!(c, '.' | ' ')) {
        found.push("'s User cannot contain only periods or spaces");
    }
    if user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) {
        found.push("'s User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    }
    found
}

fn is_net_bios(domain: &str) -> bool {
    (1..=15).contains(&domain.chars().count())
        && !domain.starts_with('.')
        && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}
