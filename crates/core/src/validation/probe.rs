//! Probes and lifecycle handlers.
//!
//! Models `validateProbe` and `validateHandler`.

use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};
use super::pod_spec::Context;

/// A probe; liveness and startup probes need exactly one success.
pub(super) fn probe(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, probe: &Value, kind: &str) {
    handler(errors, context, path, probe);
    for field in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        check::non_negative(errors, path.child(field), probe.i64_at(&[field]));
    }
    let grace = probe.i64_at(&["terminationGracePeriodSeconds"]);
    check::positive(errors, path.child("terminationGracePeriodSeconds"), grace);
    if kind == "readinessProbe" {
        if let Some(grace) = grace {
            errors.push(FieldError::invalid(
                path.child("terminationGracePeriodSeconds"),
                &Value::Int(grace),
                "must not be set for readinessProbes",
            ));
        }
    } else {
        let threshold = probe.i64_at(&["successThreshold"]).unwrap_or(1);
        if threshold != 1 {
            errors.push(FieldError::invalid(
                path.child("successThreshold"),
                &Value::Int(threshold),
                "must be 1",
            ));
        }
    }
}

/// What a probe or hook does: exactly one thing.
pub(super) fn handler(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, handler: &Value) {
    let mut found = false;
    for kind in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let Some(action) = handler.get(kind) else { continue };
        let path = path.child(kind);
        if found {
            errors.push(FieldError::forbidden(path, "may not specify more than 1 handler type"));
            continue;
        }
        found = true;
        match kind {
            "exec" if action.list_at(&["command"]).is_empty() => {
                errors.push(FieldError::required(path.child("command"), ""));
            }
            "httpGet" => http(errors, &path, action),
            "tcpSocket" | "grpc" => check::port_or_name(errors, &path.child("port"), action.get("port")),
            "sleep" => {
                let seconds = action.i64_at(&["seconds"]).unwrap_or(0);
                let grace = context.spec.i64_at(&["terminationGracePeriodSeconds"]).unwrap_or(30);
                if seconds < 0 || seconds > grace {
                    let why =
                        format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                    errors.push(FieldError::invalid(path, &Value::Int(seconds), why));
                }
            }
            _ => {}
        }
    }
    if !found {
        errors.push(FieldError::required(path.clone(), "must specify a handler type"));
    }
}

fn http(errors: &mut Errors, path: &FieldPath, action: &Value) {
    check::required(errors, path.child("path"), action.str_at(&["path"]));
    check::port_or_name(errors, &path.child("port"), action.get("port"));
    check::allowed(errors, path.child("scheme"), action.str_at(&["scheme"]), &["HTTP", "HTTPS"]);
    for header in action.list_at(&["httpHeaders"]) {
        let name = header.str_at(&["name"]);
        check::text(errors, &path.child("httpHeaders"), name, names::http_header_name(name));
    }
}
