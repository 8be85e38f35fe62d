//! What kubelets say in events and statuses, in the words of their version.

use gatehouse_core::Cluster;

/// A stretch of seconds as Go prints a duration.
pub(super) fn duration(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

/// A container was made. The name left the message with 1.35, where kubectl prints the field's path.
pub(super) fn created(cluster: &Cluster, name: &str) -> String {
    match cluster.version.minor() {
        ..32 => format!("Created container {name}"),
        32..35 => format!("Created container: {name}"),
        _ => "Container created".to_owned(),
    }
}

/// A container's process runs.
pub(super) fn started(cluster: &Cluster, name: &str) -> String {
    if cluster.version.minor() < 35 {
        format!("Started container {name}")
    } else {
        "Container started".to_owned()
    }
}

/// The image is there already. Since 1.35 the kubelet also checks that the pod may have it.
pub(super) fn present(cluster: &Cluster, image: &str) -> String {
    let more = if cluster.version.minor() < 35 { "" } else { " and can be accessed by the pod" };
    format!("Container image \"{image}\" already present on machine{more}")
}

/// The image came.
pub(super) fn pulled(cluster: &Cluster, image: &str, size: u64) -> String {
    let took = 400 + size / 50_000;
    let seconds = if took < 1000 {
        format!("{took}ms")
    } else {
        format!("{}.{:03}", took / 1000, took % 1000).trim_end_matches('0').trim_end_matches('.').to_owned()
            + "s"
    };
    let more = match cluster.version.minor() {
        ..22 => String::new(),
        22..29 => format!(" in {seconds}"),
        29..31 => format!(" in {seconds} ({seconds} including waiting)"),
        _ => format!(" in {seconds} ({seconds} including waiting). Image size: {size} bytes."),
    };
    format!("Successfully pulled image \"{image}\"{more}")
}

/// A probe could not be made at all.
pub(super) fn errored(cluster: &Cluster, kind: &str, why: &str) -> String {
    if cluster.version.minor() < 33 {
        format!("{kind} probe errored: {why}")
    } else {
        format!("{kind} probe errored and resulted in unknown state: {why}")
    }
}
