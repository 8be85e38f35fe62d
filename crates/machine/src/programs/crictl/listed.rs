//! `crictl ps -o json`, `crictl pods -o json`: the runtime's answers in the order of their protocol's fields.

use gatehouse_model::Value;

use crate::node::CriContainer;
use crate::programs::sums;

fn text(value: &str) -> String {
    gatehouse_model::json::print(&Value::from(value))
}

fn labels(c: &CriContainer, container: bool) -> String {
    let mut all = Vec::new();
    if container {
        all.push(("io.kubernetes.container.name", c.name.as_str()));
    }
    all.extend([
        ("io.kubernetes.pod.name", c.pod.as_str()),
        ("io.kubernetes.pod.namespace", c.namespace.as_str()),
        ("io.kubernetes.pod.uid", c.uid.as_str()),
    ]);
    let lines = all.iter().map(|(k, v)| format!("        \"{k}\": {}", text(v)));
    format!("{{\n{}\n      }}", lines.collect::<Vec<_>>().join(",\n"))
}

fn list(name: &str, items: &[String]) -> String {
    if items.is_empty() {
        return format!("{{\n  \"{name}\": []\n}}\n");
    }
    format!("{{\n  \"{name}\": [\n{}\n  ]\n}}\n", items.join(",\n"))
}

/// The containers.
pub(super) fn containers(all: &[&CriContainer]) -> String {
    let one = |c: &&CriContainer| {
        let sum = format!("sha256:{}", sums::sha256(c.image.as_bytes()));
        let state = if c.running { "CONTAINER_RUNNING" } else { "CONTAINER_EXITED" };
        format!(
            "    {{\n      \"id\": {},\n      \"podSandboxId\": {},\n      \"metadata\": {{\n        \"name\": {},\n        \"attempt\": {}\n      }},\n      \"image\": {{\n        \"image\": {},\n        \"annotations\": {{}},\n        \"userSpecifiedImage\": {},\n        \"runtimeHandler\": \"\"\n      }},\n      \"imageRef\": {},\n      \"state\": \"{state}\",\n      \"createdAt\": \"{}000000\",\n      \"labels\": {},\n      \"annotations\": {{}}\n    }}",
            text(&c.id),
            text(&c.pod_id),
            text(&c.name),
            c.attempt,
            text(&sum),
            text(&c.image),
            text(&sum),
            c.created,
            labels(c, true)
        )
    };
    list("containers", &all.iter().map(one).collect::<Vec<_>>())
}

/// The sandboxes, each by one of its containers.
pub(super) fn sandboxes(all: &[&CriContainer]) -> String {
    let one = |c: &&CriContainer| {
        format!(
            "    {{\n      \"id\": {},\n      \"metadata\": {{\n        \"name\": {},\n        \"uid\": {},\n        \"namespace\": {},\n        \"attempt\": 0\n      }},\n      \"state\": \"SANDBOX_READY\",\n      \"createdAt\": \"{}000000\",\n      \"labels\": {},\n      \"annotations\": {{}},\n      \"runtimeHandler\": {}\n    }}",
            text(&c.pod_id),
            text(&c.pod),
            text(&c.uid),
            text(&c.namespace),
            c.created,
            labels(c, false),
            text(&c.handler)
        )
    };
    list("items", &all.iter().map(one).collect::<Vec<_>>())
}
