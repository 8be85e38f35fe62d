//! JSON of objects that kubectl holds as Go structs: keys in the order of the structs' fields, not of the alphabet.
//!
//! One list serves all the structs that generators print; keys that are in none of them (labels, data) keep the
//! alphabet's order behind the known ones, as Go prints maps.

use gatehouse_model::object::METADATA_ORDER;
use gatehouse_model::{Value, json};

/// Where the fields of metadata stand, in their own order.
const METADATA: &str = "(metadata)";

/// Keys in the order in which the structs that have them declare them.
const ORDER: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    METADATA,
    "spec",
    "immutable",
    "data",
    "binaryData",
    "stringData",
    "type",
    "secrets",
    "imagePullSecrets",
    "automountServiceAccountToken",
    "rules",
    "aggregationRule",
    "subjects",
    "roleRef",
    "value",
    "globalDefault",
    "description",
    "preemptionPolicy",
    "status",
];

/// Structs whose fields do not follow [`ORDER`], found by a key they all have.
const STRUCTS: &[(&str, &[&str])] = &[
    (
        "singularName",
        &[
            "name",
            "singularName",
            "namespaced",
            "group",
            "version",
            "kind",
            "verbs",
            "shortNames",
            "categories",
        ],
    ),
    ("prependArgs", ALIAS),
    ("appendArgs", ALIAS),
    ("options", ALIAS),
    ("default", &["name", "default"]),
    (
        "aliases",
        &["kind", "apiVersion", "defaults", "aliases", "credentialPluginPolicy", "credentialPluginAllowlist"],
    ),
    ("groupVersion", &["kind", "apiVersion", "groupVersion", "resources"]),
    ("verbs", &["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"]),
    (
        "image",
        &[
            "name",
            "image",
            "command",
            "args",
            "workingDir",
            "ports",
            "envFrom",
            "env",
            "resources",
            "volumeMounts",
            "livenessProbe",
            "readinessProbe",
            "terminationMessagePath",
            "terminationMessagePolicy",
            "imagePullPolicy",
            "securityContext",
            "stdin",
            "stdinOnce",
            "tty",
        ],
    ),
    (
        "containers",
        &[
            "volumes",
            "initContainers",
            "containers",
            "restartPolicy",
            "terminationGracePeriodSeconds",
            "activeDeadlineSeconds",
            "dnsPolicy",
            "nodeSelector",
            "serviceAccountName",
            "serviceAccount",
            "automountServiceAccountToken",
            "nodeName",
            "securityContext",
            "schedulerName",
            "tolerations",
            "priority",
            "enableServiceLinks",
            "preemptionPolicy",
        ],
    ),
    (
        "template",
        &[
            "replicas",
            "parallelism",
            "completions",
            "backoffLimit",
            "selector",
            "suspend",
            "template",
            "strategy",
            "completionMode",
            "podReplacementPolicy",
            "revisionHistoryLimit",
            "progressDeadlineSeconds",
        ],
    ),
    (
        "jobTemplate",
        &[
            "schedule",
            "concurrencyPolicy",
            "suspend",
            "jobTemplate",
            "successfulJobsHistoryLimit",
            "failedJobsHistoryLimit",
        ],
    ),
    ("port", &["name", "protocol", "port", "targetPort", "nodePort"]),
    ("containerPort", &["name", "hostPort", "containerPort", "protocol"]),
    ("pathType", &["path", "pathType", "backend"]),
    ("host", &["host", "http"]),
    ("roleRef", &["kind", "apiVersion", "metadata", "subjects", "roleRef"]),
    ("apiGroup", &["kind", "apiGroup", "name", "namespace"]),
    (
        "ports",
        &[
            "ports",
            "selector",
            "clusterIP",
            "clusterIPs",
            "type",
            "externalIPs",
            "sessionAffinity",
            "externalName",
            "ipFamilies",
            "ipFamilyPolicy",
            "internalTrafficPolicy",
        ],
    ),
    (
        "rules",
        &[
            "kind",
            "apiVersion",
            "metadata",
            "ingressClassName",
            "defaultBackend",
            "tls",
            "rules",
            "aggregationRule",
        ],
    ),
    ("username", &["username", "uid", "groups", "extra"]),
    (
        "current-context",
        &["kind", "apiVersion", "preferences", "clusters", "users", "contexts", "current-context"],
    ),
    ("maxReplicas", &["scaleTargetRef", "minReplicas", "maxReplicas", "metrics"]),
];

/// An alias among kubectl's preferences.
const ALIAS: &[&str] = &["name", "command", "prependArgs", "appendArgs", "options"];

/// Maps whose keys are the user's.
const FREE: &[&str] = &[
    "labels",
    "annotations",
    "data",
    "binaryData",
    "stringData",
    "matchLabels",
    "selector",
    "hard",
    "nodeSelector",
    "limits",
    "requests",
];

/// The object as `-o json` prints a Go struct, a newline at the end.
#[must_use]
pub fn json(object: &Value) -> String {
    let mut out = String::new();
    write(&mut out, object, Some(0), false);
    out.push('\n');
    out
}

/// The object as Go encodes a struct, on one line.
#[must_use]
pub fn compact(object: &Value) -> String {
    let mut out = String::new();
    write(&mut out, object, None, false);
    out
}

fn order_of(value: &Value) -> &'static [&'static str] {
    let map = value.entries();
    if map.contains_key("metadata")
        && map.contains_key("kind")
        && !map.contains_key("roleRef")
        && !map.contains_key("rules")
    {
        return ORDER;
    }
    // A subject names its group behind its kind, a reference to a role before it.
    if map.contains_key("apiGroup") && matches!(value.str_at(&["kind"]), "Role" | "ClusterRole") {
        return &["apiGroup", "kind", "name"];
    }
    STRUCTS.iter().find(|(key, _)| map.contains_key(key)).map_or(ORDER, |(_, order)| order)
}

/// The members of a map in the order of its struct; `free` where it is no struct.
pub(crate) fn keys(value: &Value, free: bool) -> Vec<(&str, &Value)> {
    let order = if free { &[] } else { order_of(value) };
    let place = |key: &str| order.iter().position(|k| *k == key);
    let rank = |key: &str| match (place(key), METADATA_ORDER.iter().position(|k| *k == key)) {
        (None, Some(at)) => place(METADATA).map_or((usize::MAX, 0), |place| (place, at)),
        (place, _) => (place.unwrap_or(usize::MAX), 0),
    };
    let mut keys: Vec<(&str, &Value)> = value.entries().iter().collect();
    gatehouse_model::order::by_key(&mut keys, |(key, _)| rank(key));
    keys
}

/// Whether the field of this name holds a map whose keys are no fields.
pub(crate) fn is_free(key: &str) -> bool {
    FREE.contains(&key)
}

fn write(out: &mut String, value: &Value, depth: Option<usize>, free: bool) {
    let pad = |out: &mut String, depth: Option<usize>| {
        let Some(depth) = depth else { return };
        out.push('\n');
        out.push_str(&"    ".repeat(depth));
    };
    let inside = depth.map(|d| d + 1);
    match value {
        Value::Map(map) if !map.is_empty() => {
            out.push('{');
            for (i, (key, inner)) in keys(value, free).into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                pad(out, inside);
                out.push_str(&json::go_quote(key));
                out.push_str(if depth.is_some() { ": " } else { ":" });
                write(out, inner, inside, is_free(key));
            }
            pad(out, depth);
            out.push('}');
        }
        Value::List(list) if !list.is_empty() => {
            out.push('[');
            for (i, inner) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                pad(out, inside);
                write(out, inner, inside, false);
            }
            pad(out, depth);
            out.push(']');
        }
        other => out.push_str(&crate::print::json::compact_html(other)),
    }
}
