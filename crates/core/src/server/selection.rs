//! Label and field selectors of a list.
//!
//! Models the conversion functions of field labels (`pkg/apis/*/v1/conversion.go`) and each kind's `GetAttrs`.

use gatehouse_model::field_selector::FieldSelector;
use gatehouse_model::selector::Selector;
use gatehouse_model::{Object, Value};

use crate::server::call::Call;
use crate::status::Status;

/// Which objects of a collection are meant.
pub(super) struct Selection {
    labels: Selector,
    fields: FieldSelector,
}

impl Selection {
    /// Reads the request's selectors.
    pub(super) fn parse(call: &Call<'_>) -> Result<Self, Status> {
        let options = call.options();
        let bad = |why: String| Status::bad_request(&why);
        let labels = Selector::parse(&options.label_selector).map_err(bad)?;
        let fields = FieldSelector::parse(&options.field_selector).map_err(bad)?;
        let mut fields = fields;
        let renamed = renamed(call);
        let supported = supported(call);
        let custom = crate::schema::selectable(call.cluster, &call.resource);
        for term in &mut fields.terms {
            let field = term.field.as_str();
            let named = matches!(field, "metadata.name" | "metadata.namespace");
            if let Some(names) = renamed {
                // This version's names of the fields, and no others.
                match names.iter().find(|(new, _)| *new == field) {
                    Some((_, stored)) => (*stored).clone_into(&mut term.field),
                    None if named => {}
                    None => return Err(bad(unsupported(call, field))),
                }
                continue;
            }
            if !named && !supported.contains(&field) && !custom.iter().any(|f| f == field) {
                return Err(bad(unsupported(call, field)));
            }
            let scoped = call.resource.namespaced() || !own_conversion(call, &call.table());
            if field == "metadata.namespace" && !scoped {
                return Err(bad(unsupported(call, field)));
            }
        }
        Ok(Self { labels, fields })
    }

    /// Whether an object is meant.
    pub(super) fn matches(&self, object: &Object) -> bool {
        self.labels.matches(object.labels()) && self.fields.matches_with(|field| field_value(object, field))
    }
}

fn unsupported(call: &Call<'_>, field: &str) -> String {
    match call.table().as_str() {
        "jobs.batch" => format!("field label \"{field}\" not supported for batchv1.Job"),
        "statefulsets.apps" => format!("field label not supported for appsv1.StatefulSet: {field}"),
        table if own_conversion(call, table) => format!("field label not supported: {field}"),
        _ => {
            format!(
                "\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            )
        }
    }
}

/// Whether the kind has a conversion of field labels of its own, which also knows its scope.
fn own_conversion(call: &Call<'_>, table: &str) -> bool {
    let built_in = matches!(
        table,
        "pods"
            | "nodes"
            | "namespaces"
            | "secrets"
            | "events"
            | "services"
            | "replicationcontrollers"
            | "certificatesigningrequests.certificates.k8s.io"
    );
    built_in || crate::schema::is_custom(call.cluster, &call.resource)
}

/// The names that `events.k8s.io` gives to an event's fields.
type Renamed = &'static [(&'static str, &'static str)];

fn renamed(call: &Call<'_>) -> Option<Renamed> {
    const NAMES: Renamed = &[
        ("reason", "reason"),
        ("regarding.kind", "involvedObject.kind"),
        ("regarding.namespace", "involvedObject.namespace"),
        ("regarding.name", "involvedObject.name"),
        ("regarding.uid", "involvedObject.uid"),
        ("regarding.apiVersion", "involvedObject.apiVersion"),
        ("regarding.resourceVersion", "involvedObject.resourceVersion"),
        ("regarding.fieldPath", "involvedObject.fieldPath"),
        ("reportingController", "reportingComponent"),
        ("source", "source"),
        ("type", "type"),
    ];
    (call.resource.gv.group == "events.k8s.io").then_some(NAMES)
}

/// The fields each kind can be selected by, besides name and namespace.
fn supported(call: &Call<'_>) -> &'static [&'static str] {
    let minor = call.cluster.version.minor();
    match call.table().as_str() {
        // Old servers know neither services by field nor the newer fields of pods.
        "services" if minor < 25 => &[],
        "pods" if minor < 25 => &[
            "spec.host",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        "pods" => &[
            "spec.host",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        "nodes" => &["spec.unschedulable"],
        "namespaces" => &["status.phase"],
        "secrets" => &["type"],
        "services" => &["spec.clusterIP", "spec.type"],
        "replicationcontrollers" => &["status.replicas"],
        "jobs.batch" => &["status.successful"],
        "statefulsets.apps" => &["status.successful"],
        "certificatesigningrequests.certificates.k8s.io" => &["spec.signerName"],
        "events" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        _ => &[],
    }
}

fn field_value(object: &Object, field: &str) -> String {
    match (object.kind(), field) {
        ("Pod", "spec.hostNetwork") => object.bool_at(&["spec", "hostNetwork"]).unwrap_or(false).to_string(),
        // What old clients say.
        ("Pod", "spec.host") => object.str_at(&["spec", "nodeName"]).to_owned(),
        ("Node", "spec.unschedulable") => {
            object.bool_at(&["spec", "unschedulable"]).unwrap_or(false).to_string()
        }
        ("Event", "source") => {
            let component = object.str_at(&["source", "component"]);
            let component =
                if component.is_empty() { object.str_at(&["reportingComponent"]) } else { component };
            component.to_owned()
        }
        ("Job" | "StatefulSet", "status.successful") => {
            object.i64_at(&["status", "succeeded"]).unwrap_or(0).to_string()
        }
        (_, "status.replicas") => object.i64_at(&["status", "replicas"]).unwrap_or(0).to_string(),
        _ => {
            let path: Vec<&str> = field.split('.').collect();
            match object.at(&path) {
                Some(value @ (Value::Int(_) | Value::Bool(_))) => gatehouse_model::json::print(value),
                other => other.and_then(Value::as_str).unwrap_or_default().to_owned(),
            }
        }
    }
}
