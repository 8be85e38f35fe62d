//! Templates of pods, in whatever makes pods.

use gatehouse_model::{Map, Value};

use super::container::{Where, containers};
use super::pod::{spread_constraints, tolerations};
use super::present;
use super::volume::volumes;
use super::writer::Writer;

/// The section `Pod Template`.
pub fn pod_template(w: &mut Writer, template: Option<&Value>) {
    w.line(0, "Pod Template:");
    let Some(template) = template else {
        w.write(1, "<unset>");
        return;
    };
    w.labels("  Labels", template.map_at(&["metadata", "labels"]));
    let annotations = template.map_at(&["metadata", "annotations"]);
    if !Map::is_empty(annotations) {
        w.annotations("  Annotations", annotations);
    }
    let spec = template.get("spec").unwrap_or(&Value::Null);
    if !spec.str_at(&["serviceAccountName"]).is_empty() {
        w.field(1, "Service Account", spec.str_at(&["serviceAccountName"]));
    }
    let init = spec.list_at(&["initContainers"]);
    if !init.is_empty() {
        containers(w, "Init Containers", init, &[], Where::Template);
    }
    containers(w, "Containers", spec.list_at(&["containers"]), &[], Where::Template);
    volumes(w, spec.list_at(&["volumes"]), "  ");
    spread_constraints(w, spec.list_at(&["topologySpreadConstraints"]), "  ");
    if !spec.str_at(&["priorityClassName"]).is_empty() {
        w.field(1, "Priority Class Name", spec.str_at(&["priorityClassName"]));
    }
    if w.old {
        return;
    }
    w.labels("  Node-Selectors", spec.map_at(&["nodeSelector"]));
    tolerations(w, "  Tolerations", spec.list_at(&["tolerations"]));
    if let Some(group) = present(spec, &["schedulingGroup"]) {
        w.line(0, "  SchedulingGroup:");
        w.field(1, "PodGroupName", group.str_at(&["podGroupName"]));
    }
}
