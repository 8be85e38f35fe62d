//! The other groups: access, storage, admission, flow control, devices.

use gatehouse_model::Value;

use super::super::cells::{
    age, condition, csr_condition, int_or_string, joined, number, param_kind, param_ref, quantity, quota,
    role_ref, subjects, switch, text_or,
};
use super::super::{ColumnOf, KindTable};
use super::{AGE, NAME, column};

const BINDING: &[ColumnOf] = &[
    NAME,
    column("Role", role_ref),
    AGE,
    column("Users", |o, _| subjects(o, "User")).wide(),
    column("Groups", |o, _| subjects(o, "Group")).wide(),
    column("ServiceAccounts", |o, _| subjects(o, "ServiceAccount")).wide(),
];
const POLICY_BINDING: &[ColumnOf] = &[
    NAME,
    column("PolicyName", |o, _| o.str_at(&["spec", "policyName"]).to_owned()),
    column("ParamRef", param_ref),
    AGE,
];
const WEBHOOKS: &[ColumnOf] =
    &[NAME, column("Webhooks", |o, _| o.list_at(&["webhooks"]).len().to_string()), AGE];

/// The tables, one row a kind (or several that look alike).
pub(super) const TABLES: &[KindTable] = &[
    KindTable { kinds: &[("rbac.authorization.k8s.io", "RoleBinding")], columns: BINDING },
    KindTable { kinds: &[("rbac.authorization.k8s.io", "ClusterRoleBinding")], columns: BINDING },
    KindTable {
        kinds: &[("certificates.k8s.io", "CertificateSigningRequest")],
        columns: &[
            NAME,
            AGE,
            column("SignerName", |o, _| text_or(o, &["spec", "signerName"], "<none>")),
            column("Requestor", |o, _| o.str_at(&["spec", "username"]).to_owned()),
            column("RequestedDuration", |o, _| match o.i64_at(&["spec", "expirationSeconds"]) {
                Some(seconds) => gatehouse_model::time::human_duration(seconds),
                None => "<none>".to_owned(),
            })
            .since(22),
            column("Condition", csr_condition),
        ],
    },
    KindTable {
        kinds: &[("coordination.k8s.io", "Lease")],
        columns: &[NAME, column("Holder", |o, _| o.str_at(&["spec", "holderIdentity"]).to_owned()), AGE],
    },
    KindTable {
        kinds: &[("storage.k8s.io", "StorageClass")],
        columns: &[
            column("Name", |o, _| {
                let is_default = [
                    "storageclass.kubernetes.io/is-default-class",
                    "storageclass.beta.kubernetes.io/is-default-class",
                ]
                .iter()
                .any(|key| o.str_at(&["metadata", "annotations", key]) == "true");
                let mark = if is_default { " (default)" } else { "" };
                format!("{}{mark}", o.str_at(&["metadata", "name"]))
            }),
            column("Provisioner", |o, _| o.str_at(&["provisioner"]).to_owned()),
            column("ReclaimPolicy", |o, _| text_or(o, &["reclaimPolicy"], "Delete")),
            column("VolumeBindingMode", |o, _| text_or(o, &["volumeBindingMode"], "Immediate")),
            column("AllowVolumeExpansion", |o, _| switch(o, &["allowVolumeExpansion"], false)),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("storage.k8s.io", "VolumeAttributesClass")],
        columns: &[NAME, column("DriverName", |o, _| o.str_at(&["driverName"]).to_owned()), AGE],
    },
    KindTable {
        kinds: &[("storage.k8s.io", "VolumeAttachment")],
        columns: &[
            NAME,
            column("Attacher", |o, _| o.str_at(&["spec", "attacher"]).to_owned()),
            column("PV", |o, _| o.str_at(&["spec", "source", "persistentVolumeName"]).to_owned()),
            column("Node", |o, _| o.str_at(&["spec", "nodeName"]).to_owned()),
            column("Attached", |o, _| switch(o, &["status", "attached"], false)),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("storage.k8s.io", "CSINode")],
        columns: &[NAME, column("Drivers", |o, _| o.list_at(&["spec", "drivers"]).len().to_string()), AGE],
    },
    KindTable {
        kinds: &[("storage.k8s.io", "CSIDriver")],
        columns: &[
            NAME,
            column("AttachRequired", |o, _| switch(o, &["spec", "attachRequired"], true)),
            column("PodInfoOnMount", |o, _| switch(o, &["spec", "podInfoOnMount"], false)),
            column("StorageCapacity", |o, _| switch(o, &["spec", "storageCapacity"], false)).since(21),
            column("TokenRequests", |o, _| match o.at(&["spec", "tokenRequests"]) {
                Some(requests) => {
                    requests.items().iter().map(|t| t.str_at(&["audience"])).collect::<Vec<_>>().join(",")
                }
                None => "<unset>".to_owned(),
            })
            .since(21),
            column("RequiresRepublish", |o, _| switch(o, &["spec", "requiresRepublish"], false)).since(21),
            column("Modes", |o, _| joined(o, &["spec", "volumeLifecycleModes"], "<none>")),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("storage.k8s.io", "CSIStorageCapacity")],
        columns: &[
            NAME,
            column("StorageClassName", |o, _| o.str_at(&["storageClassName"]).to_owned()),
            column("Capacity", |o, _| match o.get("capacity") {
                Some(capacity) => quantity(Some(capacity)),
                None => "<unset>".to_owned(),
            }),
        ],
    },
    KindTable {
        kinds: &[
            ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
            ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ],
        columns: WEBHOOKS,
    },
    KindTable {
        kinds: &[("admissionregistration.k8s.io", "ValidatingAdmissionPolicy")],
        columns: &[
            NAME,
            column("Validations", |o, _| o.list_at(&["spec", "validations"]).len().to_string()),
            column("ParamKind", param_kind),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("admissionregistration.k8s.io", "MutatingAdmissionPolicy")],
        columns: &[
            NAME,
            column("Mutations", |o, _| o.list_at(&["spec", "mutations"]).len().to_string()),
            column("ParamKind", param_kind),
            AGE,
        ],
    },
    KindTable {
        kinds: &[
            ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
            ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ],
        columns: POLICY_BINDING,
    },
    KindTable {
        kinds: &[("", "ResourceQuota")],
        columns: &[
            NAME,
            column("Age", age).until(33),
            column("Request", |o, _| quota(o, false)),
            column("Limit", |o, _| quota(o, true)),
            column("Age", age).since(33),
        ],
    },
    KindTable {
        kinds: &[("scheduling.k8s.io", "PriorityClass")],
        columns: &[
            NAME,
            column("Value", |o, _| number(o, &["value"])),
            column("Global-Default", |o, _| switch(o, &["globalDefault"], false)),
            AGE,
            column("PreemptionPolicy", |o, _| o.str_at(&["preemptionPolicy"]).to_owned()).since(32),
        ],
    },
    KindTable {
        kinds: &[("node.k8s.io", "RuntimeClass")],
        columns: &[NAME, column("Handler", |o, _| o.str_at(&["handler"]).to_owned()), AGE],
    },
    KindTable {
        kinds: &[("apiregistration.k8s.io", "APIService")],
        columns: &[
            NAME,
            column("Service", |o, _| match o.at(&["spec", "service"]).filter(|s| !s.is_null()) {
                Some(s) => format!("{}/{}", s.str_at(&["namespace"]), s.str_at(&["name"])),
                None => "Local".to_owned(),
            }),
            column("Available", |o, _| match condition(o, "Available") {
                Some(c) if c.str_at(&["status"]) == "True" => "True".to_owned(),
                Some(c) if !c.str_at(&["reason"]).is_empty() => {
                    format!("{} ({})", c.str_at(&["status"]), c.str_at(&["reason"]))
                }
                Some(c) => c.str_at(&["status"]).to_owned(),
                None => "Unknown".to_owned(),
            }),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("flowcontrol.apiserver.k8s.io", "FlowSchema")],
        columns: &[
            NAME,
            column("PriorityLevel", |o, _| {
                o.str_at(&["spec", "priorityLevelConfiguration", "name"]).to_owned()
            }),
            column("MatchingPrecedence", |o, _| number(o, &["spec", "matchingPrecedence"])),
            column("DistinguisherMethod", |o, _| {
                text_or(o, &["spec", "distinguisherMethod", "type"], "<none>")
            }),
            AGE,
            column("MissingPL", |o, _| match condition(o, "Dangling") {
                Some(c) => c.str_at(&["status"]).to_owned(),
                None => "?".to_owned(),
            }),
        ],
    },
    KindTable {
        kinds: &[("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration")],
        columns: &[
            NAME,
            column("Type", |o, _| o.str_at(&["spec", "type"]).to_owned()),
            column("NominalConcurrencyShares", |o, _| {
                int_or_string(o, &["spec", "limited", "nominalConcurrencyShares"], "<none>")
            }),
            column("Queues", |o, _| queuing(o, "queues")),
            column("HandSize", |o, _| queuing(o, "handSize")),
            column("QueueLengthLimit", |o, _| queuing(o, "queueLengthLimit")),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("resource.k8s.io", "DeviceClass"), ("resource.k8s.io", "ResourceClaimTemplate")],
        columns: &[NAME, AGE],
    },
    KindTable {
        kinds: &[("resource.k8s.io", "ResourceClaim")],
        columns: &[
            NAME,
            column("State", |o, _| {
                let deleting = !o.str_at(&["metadata", "deletionTimestamp"]).is_empty();
                let mut states = if deleting { vec!["deleted"] } else { Vec::new() };
                if o.at(&["status", "allocation"]).is_some() {
                    states.push("allocated");
                    if !o.list_at(&["status", "reservedFor"]).is_empty() {
                        states.push("reserved");
                    }
                } else if !deleting {
                    states.push("pending");
                }
                states.join(",")
            }),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("resource.k8s.io", "ResourceSlice")],
        columns: &[
            NAME,
            column("Node", |o, _| o.str_at(&["spec", "nodeName"]).to_owned()),
            column("Driver", |o, _| o.str_at(&["spec", "driver"]).to_owned()),
            column("Pool", |o, _| o.str_at(&["spec", "pool", "name"]).to_owned()),
            AGE,
        ],
    },
];

fn queuing(o: &Value, member: &str) -> String {
    int_or_string(o, &["spec", "limited", "limitResponse", "queuing", member], "<none>")
}
