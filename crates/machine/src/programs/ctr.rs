//! `ctr`: containerd's own client, for what is there. Models containerd's cmd/ctr/commands; namespaces are `k8s.io`,
//! which the kubelet uses, and `default`, which is empty.

use super::options;
use super::sums;
use crate::sys::Sys;

/// Columns as Go's tabwriter sets them.
fn table(rows: &[Vec<String>], padding: usize, least: usize) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(|c| (width(c) + padding).max(least)).collect();
    let line = |row: &Vec<String>| {
        let cells: String = row.iter().zip(&widths).map(|(t, w)| format!("{t:<w$}")).collect();
        cells + "\n"
    };
    rows.iter().map(line).collect()
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [("namespace", 'n'), ("address", 'a'), ("quiet", 'q')];
    let opts = match options::parse(sys, argv, "n:a:q", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let socket = opts.value('a').unwrap_or("/run/containerd/containerd.sock").to_owned();
    if sys.me().cred.uid != 0 {
        sys.complain(&format!("ctr: failed to dial {socket:?}: connection error: desc = \"transport: error while dialing: dial unix {socket}: connect: permission denied\"\n"));
        return 1;
    }
    if !sys.machine().services.runs("containerd") {
        sys.complain(&format!("ctr: failed to dial {socket:?}: context deadline exceeded: connection error: desc = \"transport: error while dialing: dial unix {socket}: connect: no such file or directory\"\n"));
        return 1;
    }
    let own = opts.value('n').is_some_and(|n| n == "k8s.io");
    let all = if own { sys.machine().services.containers.clone() } else { Vec::new() };
    let words: Vec<&str> = opts.operands.iter().map(String::as_str).collect();
    let cells = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let quiet = opts.has('q');
    match words.as_slice() {
        ["namespaces" | "namespace" | "ns", "list" | "ls"] => {
            let rows =
                [cells(&["NAME", "LABELS", ""]), cells(&["default", "", ""]), cells(&["k8s.io", "", ""])];
            sys.print(&table(&rows, 1, 4));
            0
        }
        ["containers" | "container" | "c", "list" | "ls"] => {
            let mut rows = vec![cells(&["CONTAINER", "IMAGE", "RUNTIME", ""])];
            for c in &all {
                let runtime = if c.handler.is_empty() { "runc" } else { c.handler.as_str() };
                let version = if runtime == "runsc" { "v1" } else { "v2" };
                let runtime = format!("io.containerd.{runtime}.{version}");
                rows.push(cells(&[&c.id, &c.image, &runtime, ""]));
                let sandbox = cells(&[&c.pod_id, "registry.k8s.io/pause:3.10.1", &runtime, ""]);
                if !rows.contains(&sandbox) {
                    rows.push(sandbox);
                }
            }
            if let Some(listed) = rows.get_mut(1..) {
                gatehouse_model::order::by(listed, |a, b| a.cmp(b));
            }
            if quiet {
                let ids: String =
                    rows.iter().skip(1).filter_map(|r| r.first()).map(|id| format!("{id}\n")).collect();
                sys.print(&ids);
            } else {
                sys.print(&table(&rows, 4, 4));
            }
            0
        }
        ["images" | "image" | "i", "list" | "ls"] => {
            let mut names: Vec<String> = all.iter().map(|c| c.image.clone()).collect();
            if own {
                names.push("registry.k8s.io/pause:3.10.1".to_owned());
            }
            gatehouse_model::order::sort(&mut names);
            names.dedup();
            let mut rows = vec![cells(&["REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS", ""])];
            for name in &names {
                let size = crate::images::find(name).size;
                let size = format!("{:.1} MiB", size as f64 / 1_048_576.0);
                let digest = format!("sha256:{}", sums::sha256(name.as_bytes()));
                let kind = "application/vnd.oci.image.index.v1+json";
                rows.push(cells(&[
                    name,
                    kind,
                    &digest,
                    &size,
                    "linux/amd64",
                    "io.cri-containerd.image=managed",
                    "",
                ]));
            }
            if quiet {
                let refs: String = names.iter().map(|n| format!("{n}\n")).collect();
                sys.print(&refs);
            } else {
                sys.print(&table(&rows, 1, 1));
            }
            0
        }
        ["version"] => {
            sys.print("Client:\n  Version:  v2.1.5\n  Revision: fcd43222d6b07379a4be9786bda52438f0dd16a1\n  Go version: go1.24.9\n\nServer:\n  Version:  v2.1.5\n  Revision: fcd43222d6b07379a4be9786bda52438f0dd16a1\n");
            0
        }
        _ => {
            sys.complain(&format!(
                "ctr: {} is not known here: containers ls, images ls, namespaces ls and version are\n",
                words.join(" ")
            ));
            1
        }
    }
}
