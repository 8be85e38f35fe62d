//! Storage classes, volume attributes classes and CSI nodes.

use gatehouse_model::{Object, Value};

use super::{Description, capital, date, joined, number, present};
use crate::error::Error;

const DEFAULT: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// A storage class.
pub(super) fn describe(d: &mut Description<'_, '_, '_>, class: &Object) -> Result<(), Error> {
    let w = &mut d.w;
    w.field(0, "Name", class.name());
    let is_default = DEFAULT.iter().any(|key| class.annotation(key) == Some("true"));
    w.field(0, "IsDefaultClass", if is_default { "Yes" } else { "No" });
    w.flat_labels("Annotations", class.annotations());
    w.field(0, "Provisioner", class.str_at(&["provisioner"]));
    w.flat_labels("Parameters", class.map_at(&["parameters"]));
    w.field(0, "AllowVolumeExpansion", class.bool_at(&["allowVolumeExpansion"]).map_or("<unset>", capital));
    let options = class.list_at(&["mountOptions"]);
    w.line(0, if options.is_empty() { "MountOptions:\t<none>" } else { "MountOptions:" });
    for option in options.iter().filter_map(Value::as_str) {
        w.line(1, option);
    }
    for (title, member) in [("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")] {
        if present(class, &[member]).is_some() {
            w.field(0, title, class.str_at(&[member]));
        }
    }
    let terms = class.list_at(&["allowedTopologies"]);
    if !terms.is_empty() {
        w.field(0, "AllowedTopologies", "");
    }
    for (i, term) in terms.iter().enumerate() {
        for (j, e) in term.list_at(&["matchLabelExpressions"]).iter().enumerate() {
            let mut text = format!("{} in", e.str_at(&["key"]));
            if !e.list_at(&["values"]).is_empty() {
                text = format!("{text} [{}]", joined(e, &["values"], ", "));
            }
            if j == 0 { w.field(1, &format!("Term {i}"), text) } else { w.line(1, format!("\t{text}")) }
        }
    }
    d.events(class);
    Ok(())
}

/// A volume attributes class.
pub(super) fn describe_attributes(d: &mut Description<'_, '_, '_>, class: &Object) -> Result<(), Error> {
    d.w.field(0, "Name", class.name());
    d.w.flat_labels("Annotations", class.annotations());
    d.w.field(0, "DriverName", class.str_at(&["driverName"]));
    d.w.flat_labels("Parameters", class.map_at(&["parameters"]));
    d.events(class);
    Ok(())
}

/// What CSI knows of a node.
pub(super) fn describe_node(d: &mut Description<'_, '_, '_>, node: &Object) -> Result<(), Error> {
    d.w.field(0, "Name", node.name());
    d.labels_and_annotations(node);
    let w = &mut d.w;
    w.field(0, "CreationTimestamp", date(node, &["metadata", "creationTimestamp"]));
    w.line(0, "Spec:");
    let drivers = present(node, &["spec", "drivers"]);
    if drivers.is_some() {
        w.line(1, "Drivers:");
    }
    for driver in drivers.map_or(&[][..], Value::items) {
        w.line(2, format!("{}:", driver.str_at(&["name"])));
        w.field(3, "Node ID", driver.str_at(&["nodeID"]));
        if present(driver, &["allocatable", "count"]).is_some() {
            w.line(3, "Allocatables:");
            w.field(4, "Count", number(driver, &["allocatable", "count"]).to_string());
        }
        if present(driver, &["topologyKeys"]).is_some() {
            w.field(3, "Topology Keys", format!("[{}]", joined(driver, &["topologyKeys"], " ")));
        }
    }
    d.events(node);
    Ok(())
}
