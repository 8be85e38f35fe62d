//! Endpoints and endpoint slices.

use gatehouse_model::{Object, Value};

use super::{Description, joined, number, or_none, present};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, ep: &Object) -> Result<(), Error> {
    d.heading(ep);
    d.labels_and_annotations(ep);
    let w = &mut d.w;
    w.line(0, "Subsets:");
    for subset in ep.list_at(&["subsets"]) {
        for (title, member) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let ips: Vec<&str> = subset.list_at(&[member]).iter().map(|a| a.str_at(&["ip"])).collect();
            w.field(1, title, or_none(&ips.join(",")));
        }
        let ports = subset.list_at(&["ports"]);
        if !ports.is_empty() {
            w.line(1, "Ports:");
            w.line(2, "Name\tPort\tProtocol");
            w.line(2, "----\t----\t--------");
        }
        for port in ports {
            let cells =
                [unset(port, "name"), &number(port, &["port"]).to_string(), port.str_at(&["protocol"])];
            w.line(2, cells.join("\t"));
        }
        w.line(0, "");
    }
    d.events(ep);
    Ok(())
}

fn unset<'v>(value: &'v Value, member: &str) -> &'v str {
    match value.str_at(&[member]) {
        "" => "<unset>",
        text => text,
    }
}

/// A slice.
pub(super) fn describe_slice(d: &mut Description<'_, '_, '_>, slice: &Object) -> Result<(), Error> {
    d.heading(slice);
    d.labels_and_annotations(slice);
    let w = &mut d.w;
    w.field(0, "AddressType", slice.str_at(&["addressType"]));
    let ports = slice.list_at(&["ports"]);
    if ports.is_empty() {
        w.line(0, "Ports: <unset>");
    } else {
        w.line(0, "Ports:");
        w.line(1, "Name\tPort\tProtocol");
        w.line(1, "----\t----\t--------");
    }
    for port in ports {
        let number = port.i64_at(&["port"]).map_or("<unset>".to_owned(), |p| p.to_string());
        w.line(1, format!("{}\t{number}\t{}", unset(port, "name"), port.str_at(&["protocol"])));
    }
    let endpoints = slice.list_at(&["endpoints"]);
    w.line(0, if endpoints.is_empty() { "Endpoints: <none>" } else { "Endpoints:" });
    for endpoint in endpoints {
        w.field(1, "- Addresses", or_none(&joined(endpoint, &["addresses"], ", ")));
        w.line(2, "Conditions:");
        let ready = endpoint.bool_at(&["conditions", "ready"]);
        w.field(3, "Ready", ready.map_or("<unset>".to_owned(), |r| r.to_string()));
        w.field(2, "Hostname", unset(endpoint, "hostname"));
        if let Some(target) = present(endpoint, &["targetRef"]) {
            w.field(2, "TargetRef", format!("{}/{}", target.str_at(&["kind"]), target.str_at(&["name"])));
        }
        w.field(2, "NodeName", unset(endpoint, "nodeName"));
        w.field(2, "Zone", unset(endpoint, "zone"));
    }
    d.events(slice);
    Ok(())
}
