//! Probes and lifecycle handlers.

use gatehouse_model::Value;

use super::fill;

/// A probe.
pub(super) fn probe(probe: &mut Value) {
    fill::number(probe, &["timeoutSeconds"], 1);
    fill::number(probe, &["periodSeconds"], 10);
    fill::number(probe, &["successThreshold"], 1);
    fill::number(probe, &["failureThreshold"], 3);
    handler(probe);
    fill::inside(probe, &["grpc"], |g| fill::pointer(g, &["service"], ""));
}

/// What a probe or a lifecycle hook does.
pub(super) fn handler(handler: &mut Value) {
    fill::inside(handler, &["httpGet"], |get| {
        fill::text(get, &["path"], "/");
        fill::text(get, &["scheme"], "HTTP");
    });
}
