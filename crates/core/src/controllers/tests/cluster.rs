//! The scheduler, volumes, nodes, namespaces, events.

use super::*;

fn pod(name: &str, spec: Value) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    });
    for (key, value) in spec.entries().iter() {
        pod.set(&["spec", key], value.clone());
    }
    pod
}

#[test]
fn the_scheduler_says_why() {
    let mut rig = Rig::new();
    let ends = "no new claims to deallocate, preemption: 0/2 nodes are available:";
    let why = |rig: &Rig, name: &str| {
        let pod = rig.get("pods", name).expect("there");
        let found =
            pod.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == "PodScheduled");
        found.map(|c| c.str_at(&["message"]).to_owned()).unwrap_or_default()
    };
    rig.create("pods", pod("big", json!({"nodeSelector": {"disk": "nvme"}})));
    assert_eq!(
        why(&rig, "big"),
        format!(
            "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated \
             taint(s). {ends} 2 Preemption is not helpful for scheduling."
        )
    );
    let requests = |cpu: &str| json!({"containers": [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": cpu}}}]});
    rig.create("pods", pod("half", requests("1500m")));
    assert_eq!(rig.get("pods", "half").unwrap().str_at(&["spec", "nodeName"]), "node01");
    rig.create("pods", pod("other", requests("1500m")));
    assert_eq!(
        why(&rig, "other"),
        format!(
            "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). {ends} 1 No preemption \
             victims found for incoming pod, 1 Preemption is not helpful for scheduling."
        )
    );
    rig.create(
        "pods",
        pod("lost", json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "nope"}}]})),
    );
    assert_eq!(
        why(&rig, "lost"),
        format!(
            "0/2 nodes are available: persistentvolumeclaim \"nope\" not found. {ends} 2 Preemption is not helpful for \
             scheduling."
        )
    );
    rig.delete("pods", "half", Propagation::Background);
    assert_eq!(rig.get("pods", "other").unwrap().str_at(&["spec", "nodeName"]), "node01");
    rig.admin()
        .merge("nodes", "", "node01", json!({"metadata": {"labels": {"disk": "nvme"}}}))
        .expect("accepted");
    rig.settle();
    assert_eq!(rig.get("pods", "big").unwrap().str_at(&["spec", "nodeName"]), "node01");
}

#[test]
fn a_higher_priority_makes_room() {
    let mut rig = Rig::new();
    let spec = |class: &str| {
        json!({
            "containers": [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "1500m"}}}],
            "priorityClassName": class,
        })
    };
    rig.create(
        "priorityclasses.scheduling.k8s.io",
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000}),
    );
    rig.create("pods", pod("low", json!({"containers": (spec("").get("containers").cloned())})));
    rig.create("pods", pod("important", spec("high")));
    assert!(rig.get("pods", "low").is_none());
    assert_eq!(rig.get("pods", "important").unwrap().str_at(&["spec", "nodeName"]), "node01");
    assert!(rig.messages().iter().any(|m| m.starts_with("Preempted by pod ")));
}

#[test]
fn claims_find_volumes() {
    let mut rig = Rig::new();
    rig.create(
        "persistentvolumes",
        json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"},
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "manual",
                "hostPath": {"path": "/data"}},
        }),
    );
    rig.create(
        "persistentvolumeclaims",
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "default"},
            "spec": {"storageClassName": "manual", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "500Mi"}}},
        }),
    );
    let claim = rig.get("persistentvolumeclaims", "data").unwrap();
    assert_eq!(claim.str_at(&["status", "phase"]), "Bound");
    assert_eq!(claim.str_at(&["status", "capacity", "storage"]), "1Gi");
    let phase = |rig: &Rig| {
        rig.cluster.store.get("persistentvolumes", "", "pv").unwrap().str_at(&["status", "phase"]).to_owned()
    };
    assert_eq!(phase(&rig), "Bound");
    // A claim stays as long as a pod uses it.
    let volumes = json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]});
    rig.create("pods", pod("user", volumes));
    rig.delete("persistentvolumeclaims", "data", Propagation::Background);
    assert!(rig.get("persistentvolumeclaims", "data").is_some_and(|c| c.is_deleting()));
    rig.delete("pods", "user", Propagation::Background);
    assert!(rig.get("persistentvolumeclaims", "data").is_none());
    assert_eq!(phase(&rig), "Released");
}

#[test]
fn a_cordoned_node_is_tainted_where_nodes_are_watched() {
    let taints =
        |rig: &Rig| rig.cluster.store.get("nodes", "", "node01").unwrap().list_at(&["spec", "taints"]).len();
    for watched in [false, true] {
        let mut rig = Rig::new();
        rig.cluster.controllers.node_lifecycle = watched;
        let cordon = |on: bool| json!({"spec": {"unschedulable": on}});
        rig.admin().merge("nodes", "", "node01", cordon(true)).expect("accepted");
        rig.settle();
        assert_eq!(taints(&rig), usize::from(watched));
        rig.admin().merge("nodes", "", "node01", cordon(false)).expect("accepted");
        rig.settle();
        assert_eq!(taints(&rig), 0);
    }
}

#[test]
fn budgets_and_quotas_are_counted() {
    let mut rig = Rig::new();
    rig.create(
        "resourcequotas",
        json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"},
            "spec": {"hard": {"pods": "5", "count/deployments.apps": "3"}},
        }),
    );
    rig.create(
        "poddisruptionbudgets.policy",
        json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": "default"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        }),
    );
    rig.create("deployments.apps", deployment("nginx:1"));
    let quota = rig.get("resourcequotas", "q").unwrap();
    assert_eq!(quota.str_at(&["status", "used", "pods"]), "2");
    assert_eq!(quota.str_at(&["status", "used", "count/deployments.apps"]), "1");
    let budget = rig.get("poddisruptionbudgets.policy", "web").unwrap();
    assert_eq!(budget.i64_at(&["status", "disruptionsAllowed"]), Some(1));
    rig.delete("deployments.apps", "web", Propagation::Background);
    assert_eq!(rig.get("resourcequotas", "q").unwrap().str_at(&["status", "used", "pods"]), "0");
}

#[test]
fn a_no_execute_taint_drives_pods_away() {
    let mut rig = Rig::new();
    rig.create("pods", pod("plain", json!({})));
    rig.create("pods", pod("patient", json!({"tolerations": [{"key": "maintenance", "operator": "Exists", "tolerationSeconds": 60, "effect": "NoExecute"}]})));
    let taint = json!({"spec": {"taints": [{"key": "maintenance", "effect": "NoExecute"}]}});
    rig.admin().merge("nodes", "", "node01", taint).expect("accepted");
    rig.settle();
    assert!(rig.get("pods", "plain").is_none());
    assert!(rig.get("pods", "patient").is_some());
    rig.advance(59);
    assert!(rig.get("pods", "patient").is_some());
    rig.advance(1);
    assert!(rig.get("pods", "patient").is_none());
}

#[test]
fn a_namespace_goes_with_all_that_is_in_it() {
    let mut rig = Rig::new();
    let namespaces = "namespaces";
    rig.create(namespaces, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lab"}}));
    let mut web = deployment("nginx:1");
    web.set(&["metadata", "namespace"], "lab");
    rig.create("deployments.apps", web);
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "held", "namespace": "lab", "finalizers": ["example.com/held"]},
    });
    rig.create("configmaps", map);
    rig.admin().delete(namespaces, "", "lab").expect("accepted");
    rig.settle();
    let lab = rig.cluster.store.get(namespaces, "", "lab").expect("held").clone();
    assert_eq!(lab.str_at(&["status", "phase"]), "Terminating");
    let found = |kind: &str| {
        let all = lab.list_at(&["status", "conditions"]).iter();
        all.filter(|c| c.str_at(&["type"]) == kind)
            .map(|c| c.str_at(&["message"]).to_owned())
            .collect::<String>()
    };
    assert_eq!(
        found("NamespaceContentRemaining"),
        "Some resources are remaining: configmaps. has 1 resource instances"
    );
    assert_eq!(
        found("NamespaceFinalizersRemaining"),
        "Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances"
    );
    let free = json!({"metadata": {"finalizers": null}});
    rig.admin().merge("configmaps", "lab", "held", free).expect("accepted");
    rig.settle();
    assert!(rig.cluster.store.get(namespaces, "", "lab").is_none());
    assert_eq!(rig.cluster.store.list("pods", Some("lab")).count(), 0);
}

#[test]
fn before_1_24_every_account_has_a_token() {
    let mut rig = Rig::of(KubeVersion::V1_20);
    // The recorded cluster had no nodes and policies that nobody may use: a ReplicaSet is as far as it goes.
    rig.create("deployments.apps", deployment("nginx:1"));
    assert_eq!(rig.all("replicasets.apps").len(), 1);
    assert!(
        rig.messages().iter().any(|m| m.starts_with("Scaled up replica set web-") && m.ends_with(" to 2"))
    );
    let account = rig.get("serviceaccounts", "default").expect("made");
    let name = account.list_at(&["secrets"])[0].str_at(&["name"]).to_owned();
    assert!(name.starts_with("default-token-"), "{name}");
    assert_eq!(rig.get("secrets", &name).expect("made").map_at(&["data"]).len(), 3);
    rig.admin().delete("secrets", "default", &name).expect("accepted");
    rig.settle();
    let account = rig.get("serviceaccounts", "default").expect("there");
    let next = account.list_at(&["secrets"]).last().map(|s| s.str_at(&["name"]).to_owned()).expect("another");
    assert!(next != name && rig.get("secrets", &next).is_some());
}

#[test]
fn endpoints_written_by_hand_are_mirrored() {
    let mut rig = Rig::new();
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "db", "namespace": "default"},
        "spec": {"ports": [{"port": 5432}]},
    });
    rig.create("services", service);
    let endpoints = json!({
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "default"},
        "subsets": [{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 5432}]}],
    });
    rig.create("endpoints", endpoints);
    let mirrored = |rig: &Rig| {
        let slices = rig.all("endpointslices.discovery.k8s.io").into_iter();
        slices.filter(|s| s.label("kubernetes.io/service-name") == Some("db")).collect::<Vec<_>>()
    };
    let slices = mirrored(&rig);
    assert_eq!(slices.len(), 1);
    assert_eq!(slices[0].list_at(&["endpoints"])[0].list_at(&["addresses"])[0].as_str(), Some("192.0.2.7"));
    let more = json!({"subsets": [{"addresses": [{"ip": "192.0.2.8"}], "ports": [{"port": 5432}]}]});
    rig.merge("endpoints", "db", more);
    let slices = mirrored(&rig);
    assert_eq!(slices[0].list_at(&["endpoints"])[0].list_at(&["addresses"])[0].as_str(), Some("192.0.2.8"));
    rig.delete("endpoints", "db", Propagation::Background);
    assert!(mirrored(&rig).is_empty());
}

#[test]
fn similar_events_are_combined() {
    let mut rig = Rig::new();
    rig.create(
        "configmaps",
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}),
    );
    let about = rig.get("configmaps", "a").expect("made");
    let source = events::Source::new("replicaset-controller");
    for n in 0..12 {
        let message = format!("no {n}");
        events::record(&mut rig.cluster, source, &about, "", events::EventType::Warning, "Failed", &message);
    }
    let told: Vec<_> = rig.all("events").into_iter().filter(|e| e.str_at(&["reason"]) == "Failed").collect();
    assert_eq!(told.len(), 10);
    let combined = told.iter().find(|e| e.i64_at(&["count"]) == Some(3)).expect("combined");
    assert_eq!(combined.str_at(&["message"]), "(combined from similar events): no 11");
}

#[test]
fn an_object_is_looked_at_in_time_though_others_change() {
    let mut rig = Rig::new();
    let late = |name: &str, seconds: i64| {
        let mut job = job(name);
        job.set(&["spec", "activeDeadlineSeconds"], seconds);
        job
    };
    rig.create("jobs.batch", late("soon", 30));
    rig.create("jobs.batch", late("later", 60));
    rig.advance(20);
    // Changes of one leave the other's time as it is.
    rig.merge("jobs.batch", "later", json!({"metadata": {"labels": {"a": "b"}}}));
    let made = pods::moment(pods::created(&rig.get("jobs.batch", "soon").unwrap())).unwrap();
    assert_eq!(next_wake(&rig.cluster), Some(made.plus_millis(30_000)));
    rig.advance(10);
    assert!(rig.conditions("jobs.batch", "soon").contains(&"Failed True DeadlineExceeded".to_owned()));
    assert!(rig.conditions("jobs.batch", "later").is_empty());
    rig.delete("jobs.batch", "later", Propagation::Background);
    assert_eq!(next_wake(&rig.cluster), None);
}

#[test]
fn pods_of_a_node_that_is_gone_are_given_up_after_a_while() {
    let mut rig = Rig::new();
    rig.create("pods", pod("a", json!({})));
    assert_eq!(rig.get("pods", "a").unwrap().str_at(&["spec", "nodeName"]), "node01");
    rig.admin().delete("nodes", "", "node01").expect("accepted");
    rig.settle();
    rig.advance(30);
    assert!(rig.get("pods", "a").is_some());
    rig.advance(30);
    assert!(rig.get("pods", "a").is_none());
}

#[test]
fn room_that_was_made_is_kept() {
    let mut rig = Rig::new();
    let class = |name: &str, policy: &str| {
        json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 10,
            "preemptionPolicy": policy,
        })
    };
    rig.create("priorityclasses.scheduling.k8s.io", class("high", "PreemptLowerPriority"));
    rig.create("priorityclasses.scheduling.k8s.io", class("polite", "Never"));
    let asks = |class: &str| {
        let containers =
            json!([{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "1500m"}}}]);
        json!({"priorityClassName": class, "containers": containers})
    };
    let mut low = asks("");
    low.remove(&["priorityClassName"]);
    rig.create("pods", pod("low", low));
    rig.create("pods", pod("patient", asks("polite")));
    rig.create("pods", pod("urgent", asks("high")));
    assert_eq!(rig.get("pods", "urgent").unwrap().str_at(&["spec", "nodeName"]), "node01");
    assert_eq!(rig.get("pods", "patient").unwrap().str_at(&["spec", "nodeName"]), "");
}
