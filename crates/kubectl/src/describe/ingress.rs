//! Ingresses and the endpoints behind their backends.

use gatehouse_model::{Object, Value};

use super::service::slice_addresses;
use super::{Description, joined, present};
use crate::error::Error;
use crate::tables::load_balancer_addresses;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, ingress: &Object) -> Result<(), Error> {
    let spec = ingress.get("spec").cloned().unwrap_or_default();
    let default = match present(&spec, &["defaultBackend"]) {
        Some(b) => backend(d, ingress.namespace(), b),
        None => "<default>".to_owned(),
    };
    d.w.field(0, "Name", ingress.name());
    d.w.labels("Labels", ingress.labels());
    d.w.field(0, "Namespace", ingress.namespace());
    d.w.field(0, "Address", load_balancer_addresses(ingress));
    let class = present(&spec, &["ingressClassName"]).map_or("<none>", |c| c.as_str().unwrap_or(""));
    d.w.field(0, "Ingress Class", class);
    d.w.field(0, "Default backend", &default);
    let tls = spec.list_at(&["tls"]);
    if !tls.is_empty() {
        d.w.line(0, "TLS:");
    }
    for t in tls {
        let hosts = joined(t, &["hosts"], ",");
        match t.str_at(&["secretName"]) {
            "" => d.w.line(1, format!("SNI routes {hosts}")),
            secret => d.w.line(1, format!("{secret} terminates {hosts}")),
        }
    }
    d.w.line(0, "Rules:\n  Host\tPath\tBackends");
    d.w.line(1, "----\t----\t--------");
    let mut any = false;
    for rule in spec.list_at(&["rules"]) {
        let Some(http) = present(rule, &["http"]) else { continue };
        any = true;
        let host = rule.str_at(&["host"]);
        d.w.line(1, format!("{}\t", if host.is_empty() { "*" } else { host }));
        for path in http.list_at(&["paths"]) {
            let to = backend(d, ingress.namespace(), path.get("backend").unwrap_or(&Value::Null));
            d.w.line(2, format!("\t{} \t{to}", path.str_at(&["path"])));
        }
    }
    if !any {
        d.w.line(1, format!("*\t*\t{default}"));
    }
    d.w.annotations("Annotations", ingress.annotations());
    d.events(ingress);
    Ok(())
}

fn backend(d: &mut Description<'_, '_, '_>, namespace: &str, backend: &Value) -> String {
    if let Some(service) = present(backend, &["service"]) {
        let name = service.str_at(&["name"]);
        let number = service.i64_at(&["port", "number"]).unwrap_or(0);
        let port_name = service.str_at(&["port", "name"]);
        let shown = if number == 0 { port_name.to_owned() } else { number.to_string() };
        let space = if d.w.old { "" } else { " " };
        let failed = |e: Error| format!("{name}:{shown}{space}(<error: {}>)", e.text());
        let slices = match d.slices(namespace, name) {
            Ok(slices) => slices,
            Err(e) => return failed(e),
        };
        let found = match d.get(("", "v1", "services"), namespace, name) {
            Ok(found) => found,
            Err(e) => return failed(e),
        };
        let meant = found.list_at(&["spec", "ports"]).iter().rev().find(|p| {
            (number != 0 && p.i64_at(&["port"]) == Some(number))
                || (!port_name.is_empty() && p.str_at(&["name"]) == port_name)
        });
        let port_name = meant.map_or("", |p| p.str_at(&["name"]));
        return format!("{name}:{shown} ({})", slice_addresses(&slices, port_name));
    }
    if let Some(resource) = present(backend, &["resource"]) {
        let group = present(resource, &["apiGroup"]).map_or("<none>", |g| g.as_str().unwrap_or(""));
        return format!(
            "APIGroup: {group}, Kind: {}, Name: {}",
            resource.str_at(&["kind"]),
            resource.str_at(&["name"])
        );
    }
    String::new()
}
