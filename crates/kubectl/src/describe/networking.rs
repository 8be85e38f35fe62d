//! Ingress classes, service CIDRs and IP addresses.

use gatehouse_model::{Object, Value};

use super::{Description, date, joined, present};
use crate::error::Error;

/// An ingress class.
pub(super) fn describe_class(d: &mut Description<'_, '_, '_>, class: &Object) -> Result<(), Error> {
    d.w.field(0, "Name", class.name());
    d.labels_and_annotations(class);
    d.w.field(0, "Controller", class.str_at(&["spec", "controller"]));
    if let Some(parameters) = present(class, &["spec", "parameters"]) {
        d.w.line(0, "Parameters:");
        if present(parameters, &["apiGroup"]).is_some() {
            d.w.field(1, "APIGroup", parameters.str_at(&["apiGroup"]));
        }
        d.w.field(1, "Kind", parameters.str_at(&["kind"]));
        d.w.field(1, "Name", parameters.str_at(&["name"]));
    }
    d.events(class);
    Ok(())
}

/// A range of service addresses.
pub(super) fn describe_cidr(d: &mut Description<'_, '_, '_>, cidr: &Object) -> Result<(), Error> {
    d.w.field(0, "Name", cidr.name());
    d.labels_and_annotations(cidr);
    d.w.field(0, "CIDRs", joined(cidr, &["spec", "cidrs"], ", "));
    let conditions = cidr.list_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        d.w.line(0, "Status:");
    }
    let head = ["Type", "Status", "LastTransitionTime", "Reason", "Message"];
    d.w.conditions(&head, conditions, |c: &Value| {
        vec![
            c.str_at(&["type"]).to_owned(),
            c.str_at(&["status"]).to_owned(),
            date(c, &["lastTransitionTime"]),
            c.str_at(&["reason"]).to_owned(),
            c.str_at(&["message"]).to_owned(),
        ]
    });
    d.events(cidr);
    Ok(())
}

/// An address in use.
pub(super) fn describe_address(d: &mut Description<'_, '_, '_>, address: &Object) -> Result<(), Error> {
    d.w.field(0, "Name", address.name());
    d.labels_and_annotations(address);
    if let Some(parent) = present(address, &["spec", "parentRef"]) {
        d.w.line(0, "Parent Reference:");
        for (title, member) in
            [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")]
        {
            d.w.field(1, title, parent.str_at(&[member]));
        }
    }
    d.events(address);
    Ok(())
}
