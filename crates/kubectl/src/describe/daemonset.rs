//! Daemon sets.

use gatehouse_model::{Object, Selector};

use super::{Description, number, pod_template};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, set: &Object) -> Result<(), Error> {
    let chosen = set.at(&["spec", "selector"]);
    let selector = Selector::from_object(chosen).map_err(Error::plain)?;
    let pods = d.pods_status(set, chosen)?;
    d.w.field(0, "Name", set.name());
    if !d.w.old {
        d.w.field(0, "Namespace", set.namespace());
    }
    d.w.field(0, "Selector", selector.to_string());
    d.w.flat_labels("Node-Selector", set.map_at(&["spec", "template", "spec", "nodeSelector"]));
    d.labels_and_annotations(set);
    let w = &mut d.w;
    for (title, member) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        w.line(0, format!("{title}: {}", number(set, &["status", member])));
    }
    w.field(0, "Pods Status", pods);
    pod_template(w, set.at(&["spec", "template"]));
    d.events(set);
    Ok(())
}
