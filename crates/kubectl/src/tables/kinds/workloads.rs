//! Pods and what makes pods.

use super::super::cells::{
    containers, controller, int_or_string, job_completions, job_duration, job_status, joined, labels, number,
    ready_of, selector, switch, text_or,
};
use super::super::{KindTable, pod};
use super::{AGE, CONTAINERS, IMAGES, NAME, SELECTOR, column};

const JOB_CONTAINERS: &[&str] = &["spec", "jobTemplate", "spec", "template", "spec", "containers"];

/// The tables, one row a kind (or several that look alike).
pub(super) const TABLES: &[KindTable] = &[
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
                time => crate::tables::since(time, at.now),
            }),
            AGE,
            column("Containers", |o, _| containers(o, JOB_CONTAINERS, "name")).wide(),
            column("Images", |o, _| containers(o, JOB_CONTAINERS, "image")).wide(),
            column("Selector", |o, _| selector(o.at(&["spec", "jobTemplate", "spec", "selector"]))).wide(),
        ],
    },
];
