//! Services, nodes, configuration, volumes: most of the core group, and what stands beside it.

use gatehouse_model::Value;

use super::super::cells::{
    access_modes, event_count, event_object, event_seen, event_source, event_target, int_or_string, joined,
    labels, name, number, quantity, selector, storage_class, text_or, volume_phase,
};
use super::super::{KindTable, hpa, node, service};
use super::{AGE, NAME, column};

/// The tables, one row a kind (or several that look alike).
pub(super) const TABLES: &[KindTable] = &[
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
];

fn health(o: &Value) -> Option<&Value> {
    o.list_at(&["conditions"]).iter().find(|c| c.str_at(&["type"]) == "Healthy")
}
