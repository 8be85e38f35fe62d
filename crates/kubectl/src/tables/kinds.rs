//! Which columns each kind has.

use gatehouse_model::Value;

use super::cells::{
    access_modes, age, condition, container_names, containers, controller, created_at, csr_condition,
    event_count, event_object, event_seen, event_source, event_target, images, int_or_string,
    job_completions, job_duration, job_status, labels, name, number, param_kind, param_ref, quantity, quota,
    ready_of, role_ref, selector, spec_selector, storage_class, subjects, switch, text_or, volume_phase,
};
use super::{At, ColumnOf, KindTable, hpa, node, pod, service};

const NAME: ColumnOf = ColumnOf::new("Name", name);
const AGE: ColumnOf = ColumnOf::new("Age", age);
const CONTAINERS: ColumnOf = ColumnOf::new("Containers", container_names).wide();
const IMAGES: ColumnOf = ColumnOf::new("Images", images).wide();
const SELECTOR: ColumnOf = ColumnOf::new("Selector", spec_selector).wide();

const fn column(name: &'static str, cell: fn(&Value, At) -> String) -> ColumnOf {
    ColumnOf::new(name, cell)
}

/// Kinds without a table of their own.
pub const OTHER: &[ColumnOf] = &[NAME, column("Created At", created_at)];

const JOB_CONTAINERS: &[&str] = &["spec", "jobTemplate", "spec", "template", "spec", "containers"];
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
pub const TABLES: &[KindTable] = &[
    KindTable {
        kinds: &[("", "Pod")],
        columns: &[
            NAME,
            column("Ready", pod::ready),
            column("Status", pod::status),
            column("Restarts", pod::restarts),
            AGE,
            column("IP", pod::ip).wide(),
            column("Node", |o, _| text_or(o, &["spec", "nodeName"], "<none>")).wide(),
            column("Nominated Node", |o, _| text_or(o, &["status", "nominatedNodeName"], "<none>")).wide(),
            column("Readiness Gates", pod::readiness_gates).wide(),
        ],
    },
    KindTable {
        kinds: &[("", "PodTemplate")],
        columns: &[
            NAME,
            column("Containers", |o, _| containers(o, &["template", "spec", "containers"], "name")),
            column("Images", |o, _| containers(o, &["template", "spec", "containers"], "image")),
            column("Pod Labels", |o, _| labels(o, &["template", "metadata", "labels"])),
        ],
    },
    KindTable {
        kinds: &[("policy", "PodDisruptionBudget")],
        columns: &[
            NAME,
            column("Min Available", |o, _| int_or_string(o, &["spec", "minAvailable"], "N/A")),
            column("Max Unavailable", |o, _| int_or_string(o, &["spec", "maxUnavailable"], "N/A")),
            column("Allowed Disruptions", |o, _| number(o, &["status", "disruptionsAllowed"])),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("policy", "PodSecurityPolicy")],
        columns: &[
            NAME,
            column("Priv", |o, _| switch(o, &["spec", "privileged"], false)),
            column("Caps", |o, _| joined(o, &["spec", "allowedCapabilities"], "")),
            column("SELinux", |o, _| o.str_at(&["spec", "seLinux", "rule"]).to_owned()),
            column("RunAsUser", |o, _| o.str_at(&["spec", "runAsUser", "rule"]).to_owned()),
            column("FsGroup", |o, _| o.str_at(&["spec", "fsGroup", "rule"]).to_owned()),
            column("SupGroup", |o, _| o.str_at(&["spec", "supplementalGroups", "rule"]).to_owned()),
            column("ReadOnlyRootFs", |o, _| switch(o, &["spec", "readOnlyRootFilesystem"], false)),
            column("Volumes", |o, _| joined(o, &["spec", "volumes"], "")),
        ],
    },
    KindTable {
        kinds: &[("", "ReplicationController")],
        columns: &[
            NAME,
            column("Desired", |o, _| number(o, &["spec", "replicas"])),
            column("Current", |o, _| number(o, &["status", "replicas"])),
            column("Ready", |o, _| number(o, &["status", "readyReplicas"])),
            AGE,
            CONTAINERS,
            IMAGES,
            column("Selector", |o, _| labels(o, &["spec", "selector"])).wide(),
        ],
    },
    KindTable {
        kinds: &[("apps", "ReplicaSet")],
        columns: &[
            NAME,
            column("Desired", |o, _| number(o, &["spec", "replicas"])),
            column("Current", |o, _| number(o, &["status", "replicas"])),
            column("Ready", |o, _| number(o, &["status", "readyReplicas"])),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    },
    KindTable {
        kinds: &[("apps", "DaemonSet")],
        columns: &[
            NAME,
            column("Desired", |o, _| number(o, &["status", "desiredNumberScheduled"])),
            column("Current", |o, _| number(o, &["status", "currentNumberScheduled"])),
            column("Ready", |o, _| number(o, &["status", "numberReady"])),
            column("Up-to-date", |o, _| number(o, &["status", "updatedNumberScheduled"])),
            column("Available", |o, _| number(o, &["status", "numberAvailable"])),
            column("Node Selector", |o, _| labels(o, &["spec", "template", "spec", "nodeSelector"])),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    },
    KindTable {
        kinds: &[("apps", "Deployment")],
        columns: &[
            NAME,
            column("Ready", ready_of),
            column("Up-to-date", |o, _| number(o, &["status", "updatedReplicas"])),
            column("Available", |o, _| number(o, &["status", "availableReplicas"])),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    },
    KindTable {
        kinds: &[("apps", "StatefulSet")],
        columns: &[NAME, column("Ready", ready_of), AGE, CONTAINERS, IMAGES],
    },
    KindTable {
        kinds: &[("apps", "ControllerRevision")],
        columns: &[
            NAME,
            column("Controller", controller),
            column("Revision", |o, _| number(o, &["revision"])),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("batch", "Job")],
        columns: &[
            NAME,
            column("Status", job_status).since(31),
            column("Completions", job_completions),
            column("Duration", job_duration),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    },
    KindTable {
        kinds: &[("batch", "CronJob")],
        columns: &[
            NAME,
            column("Schedule", |o, _| o.str_at(&["spec", "schedule"]).to_owned()),
            column("Timezone", |o, _| text_or(o, &["spec", "timeZone"], "<none>")).since(29),
            column("Suspend", |o, _| match o.bool_at(&["spec", "suspend"]) {
                Some(true) => "True".to_owned(),
                Some(false) => "False".to_owned(),
                None => "<unset>".to_owned(),
            }),
            column("Active", |o, _| o.list_at(&["status", "active"]).len().to_string()),
            column("Last Schedule", |o, at| match o.str_at(&["status", "lastScheduleTime"]) {
                "" => "<none>".to_owned(),
                time => super::since(time, at.now),
            }),
            AGE,
            column("Containers", |o, _| containers(o, JOB_CONTAINERS, "name")).wide(),
            column("Images", |o, _| containers(o, JOB_CONTAINERS, "image")).wide(),
            column("Selector", |o, _| selector(o.at(&["spec", "jobTemplate", "spec", "selector"]))).wide(),
        ],
    },
    KindTable {
        kinds: &[("", "Service")],
        columns: &[
            NAME,
            column("Type", |o, _| o.str_at(&["spec", "type"]).to_owned()),
            column("Cluster-IP", service::cluster_ip),
            column("External-IP", service::external_ip),
            column("Port(s)", service::ports),
            AGE,
            column("Selector", |o, _| labels(o, &["spec", "selector"])).wide(),
        ],
    },
    KindTable {
        kinds: &[("networking.k8s.io", "Ingress"), ("extensions", "Ingress")],
        columns: &[
            NAME,
            column("Class", |o, _| text_or(o, &["spec", "ingressClassName"], "<none>")),
            column("Hosts", service::hosts),
            column("Address", service::load_balancer),
            column("Ports", service::ingress_ports),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("networking.k8s.io", "IngressClass")],
        columns: &[
            NAME,
            column("Controller", |o, _| o.str_at(&["spec", "controller"]).to_owned()),
            column("Parameters", service::class_parameters),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("networking.k8s.io", "NetworkPolicy")],
        columns: &[NAME, column("Pod-Selector", |o, _| selector(o.at(&["spec", "podSelector"]))), AGE],
    },
    KindTable {
        kinds: &[("networking.k8s.io", "ServiceCIDR")],
        columns: &[NAME, column("CIDRs", |o, _| joined(o, &["spec", "cidrs"], "")), AGE],
    },
    KindTable {
        kinds: &[("networking.k8s.io", "IPAddress")],
        columns: &[NAME, column("ParentRef", service::ip_parent)],
    },
    KindTable { kinds: &[("", "Endpoints")], columns: &[NAME, column("Endpoints", service::endpoints), AGE] },
    KindTable {
        kinds: &[("discovery.k8s.io", "EndpointSlice")],
        columns: &[
            NAME,
            column("AddressType", |o, _| o.str_at(&["addressType"]).to_owned()),
            column("Ports", service::slice_ports),
            column("Endpoints", service::slice_endpoints),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("", "Node")],
        columns: &[
            NAME,
            column("Status", node::status),
            column("Roles", node::roles),
            AGE,
            column("Version", |o, _| o.str_at(&["status", "nodeInfo", "kubeletVersion"]).to_owned()),
            column("Internal-IP", |o, _| node::address(o, "InternalIP")).wide(),
            column("External-IP", |o, _| node::address(o, "ExternalIP")).wide(),
            column("OS-Image", |o, _| text_or(o, &["status", "nodeInfo", "osImage"], "<unknown>")).wide(),
            column("Kernel-Version", |o, _| {
                text_or(o, &["status", "nodeInfo", "kernelVersion"], "<unknown>")
            })
            .wide(),
            column("Container-Runtime", |o, _| {
                text_or(o, &["status", "nodeInfo", "containerRuntimeVersion"], "<unknown>")
            })
            .wide(),
        ],
    },
    KindTable {
        kinds: &[("", "Event"), ("events.k8s.io", "Event")],
        columns: &[
            column("Last Seen", |o, at| event_seen(o, at, true)),
            column("Type", |o, _| o.str_at(&["type"]).to_owned()),
            column("Reason", |o, _| o.str_at(&["reason"]).to_owned()),
            column("Object", event_target),
            column("Subobject", |o, _| event_object(o).str_at(&["fieldPath"]).to_owned()).wide(),
            column("Source", event_source).wide(),
            column("Message", |o, _| {
                let message =
                    if o.get("message").is_some() { o.str_at(&["message"]) } else { o.str_at(&["note"]) };
                message.trim().to_owned()
            }),
            column("First Seen", |o, at| event_seen(o, at, false)).wide(),
            column("Count", event_count).wide(),
            column("Name", name).wide(),
        ],
    },
    KindTable {
        kinds: &[("", "Namespace")],
        columns: &[NAME, column("Status", |o, _| o.str_at(&["status", "phase"]).to_owned()), AGE],
    },
    KindTable {
        kinds: &[("", "Secret")],
        columns: &[
            NAME,
            column("Type", |o, _| o.str_at(&["type"]).to_owned()),
            column("Data", |o, _| o.map_at(&["data"]).len().to_string()),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("", "ConfigMap")],
        columns: &[
            NAME,
            column("Data", |o, _| (o.map_at(&["data"]).len() + o.map_at(&["binaryData"]).len()).to_string()),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("", "ServiceAccount")],
        columns: &[NAME, column("Secrets", |o, _| o.list_at(&["secrets"]).len().to_string()).until(34), AGE],
    },
    KindTable {
        kinds: &[("", "PersistentVolume")],
        columns: &[
            NAME,
            column("Capacity", |o, _| quantity(o.at(&["spec", "capacity", "storage"]))),
            column("Access Modes", |o, _| access_modes(o.list_at(&["spec", "accessModes"]))),
            column("Reclaim Policy", |o, _| o.str_at(&["spec", "persistentVolumeReclaimPolicy"]).to_owned()),
            column("Status", volume_phase),
            column("Claim", |o, _| match o.at(&["spec", "claimRef"]) {
                Some(claim) => format!("{}/{}", claim.str_at(&["namespace"]), claim.str_at(&["name"])),
                None => String::new(),
            }),
            column("StorageClass", storage_class),
            column("VolumeAttributesClass", |o, _| {
                text_or(o, &["spec", "volumeAttributesClassName"], "<unset>")
            })
            .since(29),
            column("Reason", |o, _| o.str_at(&["status", "reason"]).to_owned()),
            AGE,
            column("VolumeMode", |o, _| text_or(o, &["spec", "volumeMode"], "<unset>")).wide(),
        ],
    },
    KindTable {
        kinds: &[("", "PersistentVolumeClaim")],
        columns: &[
            NAME,
            column("Status", volume_phase),
            column("Volume", |o, _| o.str_at(&["spec", "volumeName"]).to_owned()),
            column("Capacity", |o, _| match o.str_at(&["spec", "volumeName"]) {
                "" => String::new(),
                _ => quantity(o.at(&["status", "capacity", "storage"])),
            }),
            column("Access Modes", |o, _| match o.str_at(&["spec", "volumeName"]) {
                "" => String::new(),
                _ => access_modes(o.list_at(&["status", "accessModes"])),
            }),
            column("StorageClass", storage_class),
            column("VolumeAttributesClass", |o, _| {
                text_or(o, &["spec", "volumeAttributesClassName"], "<unset>")
            })
            .since(29),
            AGE,
            column("VolumeMode", |o, _| text_or(o, &["spec", "volumeMode"], "<unset>")).wide(),
        ],
    },
    KindTable {
        kinds: &[("", "ComponentStatus")],
        columns: &[
            NAME,
            column("Status", |o, _| match health(o) {
                Some(c) if c.str_at(&["status"]) == "True" => "Healthy".to_owned(),
                Some(_) => "Unhealthy".to_owned(),
                None => "Unknown".to_owned(),
            }),
            column("Message", |o, _| health(o).map_or("", |c| c.str_at(&["message"])).to_owned()),
            column("Error", |o, _| health(o).map_or("", |c| c.str_at(&["error"])).to_owned()),
        ],
    },
    KindTable {
        kinds: &[("autoscaling", "HorizontalPodAutoscaler")],
        columns: &[
            NAME,
            column("Reference", |o, _| {
                let target = o.at(&["spec", "scaleTargetRef"]).unwrap_or(&Value::Null);
                format!("{}/{}", target.str_at(&["kind"]), target.str_at(&["name"]))
            }),
            column("Targets", hpa::targets),
            column("MinPods", |o, _| int_or_string(o, &["spec", "minReplicas"], "<unset>")),
            column("MaxPods", |o, _| number(o, &["spec", "maxReplicas"])),
            column("Replicas", |o, _| number(o, &["status", "currentReplicas"])),
            AGE,
        ],
    },
    KindTable {
        kinds: &[("autoscaling", "Scale")],
        columns: &[
            NAME,
            column("Desired", |o, _| number(o, &["spec", "replicas"])),
            column("Available", |o, _| number(o, &["status", "replicas"])),
            AGE,
        ],
    },
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

fn joined(o: &Value, path: &[&str], other: &str) -> String {
    let items: Vec<&str> = o.list_at(path).iter().filter_map(Value::as_str).collect();
    if items.is_empty() { other.to_owned() } else { items.join(",") }
}

fn health(o: &Value) -> Option<&Value> {
    o.list_at(&["conditions"]).iter().find(|c| c.str_at(&["type"]) == "Healthy")
}

fn queuing(o: &Value, member: &str) -> String {
    int_or_string(o, &["spec", "limited", "limitResponse", "queuing", member], "<none>")
}
