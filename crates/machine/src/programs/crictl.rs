//! `crictl`: what containerd on a node runs. Models cri-tools cmd/crictl.

mod listed;

use std::sync::Arc;

use gatehouse_model::json;

use super::options::{self, Options};
use super::sums;
use crate::node::CriContainer;
use crate::sys::Sys;

const SOCKET: &str = "unix:///run/containerd/containerd.sock";

fn ago(now: i64, then: i64) -> String {
    let seconds = (now - then).max(0) / 1000;
    let (n, unit) = match seconds {
        0 => return "Less than a second ago".to_owned(),
        1 => return "1 second ago".to_owned(),
        2..60 => (seconds, "seconds"),
        60..120 => return "About a minute ago".to_owned(),
        120..3600 => (seconds / 60, "minutes"),
        3600..7200 => return "About an hour ago".to_owned(),
        7200..172_800 => (seconds / 3600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{n} {unit} ago")
}

fn short(id: &str) -> String {
    id.chars().take(13).collect()
}

/// A table as Go's tabwriter lays it out with columns of at least 20.
fn table(rows: &[Vec<String>]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |i: usize| {
        rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count() + 3).max().unwrap_or(0).max(20)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |r: &Vec<String>| {
        let cells = r.iter().zip(&widths).enumerate();
        cells
            .map(|(i, (c, w))| if i + 1 == count { c.clone() } else { format!("{c:<w$}") })
            .collect::<String>()
            + "\n"
    };
    rows.iter().map(line).collect()
}

fn head(names: &[&str]) -> Vec<String> {
    names.iter().map(|h| (*h).to_owned()).collect()
}

fn fatal(sys: &mut Sys<'_>, why: &str) -> i32 {
    let time = super::date::format("%FT%TZ", sys.now().0);
    sys.complain(&format!("time=\"{time}\" level=fatal msg={why:?}\n"));
    1
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("all", 'a'),
        ("quiet", 'q'),
        ("name", 'n'),
        ("pod", 'p'),
        ("tail", 't'),
        ("output", 'o'),
        ("state", 's'),
        ("runtime-endpoint", 'r'),
        ("no-trunc", 'T'),
        ("namespace", 'N'),
        ("force", 'f'),
        ("follow", 'f'),
        ("label", 'l'),
        ("image", 'I'),
        ("id", 'i'),
        ("latest", 'L'),
        ("timestamps", 'z'),
        ("previous", 'P'),
        ("template", 'g'),
        ("timeout", 'k'),
    ];
    // What runs in a container has options of its own.
    let argv = match argv.iter().position(|a| a == "exec") {
        Some(at) => {
            let (own, rest) = argv.split_at(at + 1);
            let flags = rest.iter().take_while(|a| a.starts_with('-')).count();
            let (_, rest) = rest.split_at(flags);
            [own, &["--".to_owned()], rest].concat()
        }
        None => argv.to_vec(),
    };
    let argv = argv.as_slice();
    let opts = match options::parse(sys, argv, "aqp:n:o:r:ft:i:l:s:N:I:TLPg:k:z", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    if sys.me().cred.uid != 0 {
        return fatal(
            sys,
            &format!(
                "validate service connection: validate CRI v1 runtime API for endpoint \"{SOCKET}\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: permission denied\""
            ),
        );
    }
    if !sys.machine().services.runs("containerd") {
        return fatal(
            sys,
            &format!(
                "validate service connection: validate CRI v1 runtime API for endpoint \"{SOCKET}\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory\""
            ),
        );
    }
    let verb = opts.operands.first().map_or("", String::as_str).to_owned();
    let all = sys.machine().services.containers.clone();
    match verb.as_str() {
        "ps" => ps(sys, &opts, &all),
        "pods" => pods(sys, &opts, &all),
        "images" | "image" | "img" => images(sys, &opts, &all),
        "logs" | "inspect" | "stop" | "rm" | "start" => containers(sys, &verb, &opts, &all),
        "inspectp" | "stopp" | "rmp" => sandboxes(sys, &verb, &opts, &all),
        "inspecti" => inspect_images(sys, &opts, &all),
        "exec" => exec(sys, &opts, &all),
        "info" => info(sys),
        "pull" => {
            let image = opts.operands.get(1).cloned().unwrap_or_default();
            if let Some(why) = unknown_image(sys, &image) {
                let line = format!(
                    "E{}.000000   {} remote_image.go:180] \"PullImage from image service failed\" err={why:?} image={image:?}\n",
                    super::civil(sys.now().0),
                    sys.me().pid
                );
                sys.complain(&line);
                return fatal(sys, &format!("pulling image: {why}"));
            }
            sys.print(&format!("Image is up to date for sha256:{}\n", sums::sha256(image.as_bytes())));
            0
        }
        "rmi" => {
            for image in opts.operands.iter().skip(1) {
                sys.print(&format!("Deleted: {image}\n"));
            }
            0
        }
        "version" => {
            sys.print("Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  v2.1.5\nRuntimeApiVersion:  v1\n");
            0
        }
        "" => {
            sys.print("NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n");
            0
        }
        other => {
            sys.complain(&format!("No help topic for '{other}'\n"));
            3
        }
    }
}

fn ps(sys: &mut Sys<'_>, opts: &Options, all: &[CriContainer]) -> i32 {
    let now = sys.now().0;
    let state = opts.value('s').map(str::to_lowercase);
    let mut chosen: Vec<&CriContainer> = all
        .iter()
        .rev()
        .filter(|c| {
            let shown = match state.as_deref() {
                Some("running") => c.running,
                Some("exited") => !c.running,
                _ => c.running || opts.has('a'),
            };
            shown
                && opts.value('n').is_none_or(|n| c.name.contains(n))
                && opts.value('p').is_none_or(|p| c.pod_id.starts_with(p))
                && opts.value('i').is_none_or(|i| c.id.starts_with(i))
                && opts.operands.get(1).is_none_or(|i| c.id.starts_with(i.as_str()))
        })
        .collect();
    gatehouse_model::order::by(&mut chosen, |a, b| b.created.cmp(&a.created));
    if opts.has('L') {
        chosen.truncate(1);
    }
    if opts.has('q') {
        sys.print(&chosen.iter().map(|c| format!("{}\n", c.id)).collect::<String>());
        return 0;
    }
    if opts.value('o') == Some("json") {
        sys.print(&listed::containers(&chosen));
        return 0;
    }
    let cut = |id: &str| if opts.has('T') { id.to_owned() } else { short(id) };
    let mut rows = vec![head(&[
        "CONTAINER",
        "IMAGE",
        "CREATED",
        "STATE",
        "NAME",
        "ATTEMPT",
        "POD ID",
        "POD",
        "NAMESPACE",
    ])];
    for c in chosen {
        rows.push(vec![
            cut(&c.id),
            cut(&sums::sha256(c.image.as_bytes())),
            ago(now, c.created),
            if c.running { "Running" } else { "Exited" }.to_owned(),
            c.name.clone(),
            c.attempt.to_string(),
            cut(&c.pod_id),
            c.pod.clone(),
            c.namespace.clone(),
        ]);
    }
    sys.print(&table(&rows));
    0
}

/// One container of each pod, the newest.
fn sandboxes_of(all: &[CriContainer]) -> Vec<&CriContainer> {
    let mut seen: Vec<&CriContainer> = Vec::new();
    for c in all.iter().rev() {
        if !seen.iter().any(|s| s.pod_id == c.pod_id) {
            seen.push(c);
        }
    }
    seen
}

fn pods(sys: &mut Sys<'_>, opts: &Options, all: &[CriContainer]) -> i32 {
    let now = sys.now().0;
    let fits = |c: &&CriContainer| {
        opts.value('n').is_none_or(|n| c.pod.contains(n))
            && opts.value('N').is_none_or(|n| c.namespace == n)
            && opts.value('i').is_none_or(|i| c.pod_id.starts_with(i))
    };
    if opts.value('o') == Some("json") {
        let chosen: Vec<&CriContainer> = sandboxes_of(all).into_iter().filter(fits).collect();
        sys.print(&listed::sandboxes(&chosen));
        return 0;
    }
    let mut rows = vec![head(&["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"])];
    for c in sandboxes_of(all).into_iter().filter(fits) {
        if opts.has('q') {
            sys.print(&format!("{}\n", c.pod_id));
            continue;
        }
        let runtime = if c.handler.is_empty() { "(default)" } else { c.handler.as_str() };
        let id = if opts.has('T') { c.pod_id.clone() } else { short(&c.pod_id) };
        let cells = [id.as_str(), &ago(now, c.created), "Ready", &c.pod, &c.namespace, "0", runtime];
        rows.push(head(&cells));
    }
    if !opts.has('q') {
        sys.print(&table(&rows));
    }
    0
}

fn images(sys: &mut Sys<'_>, opts: &Options, all: &[CriContainer]) -> i32 {
    let mut rows = vec![head(&["IMAGE", "TAG", "IMAGE ID", "SIZE"])];
    let mut names: Vec<String> = all.iter().map(|c| c.image.clone()).collect();
    names.push("registry.k8s.io/pause:3.10.1".to_owned());
    gatehouse_model::order::sort(&mut names);
    names.dedup();
    for image in &names {
        let (name, tag) =
            image.rsplit_once(':').filter(|(_, t)| !t.contains('/')).unwrap_or((image, "latest"));
        let name = match name.split('/').next() {
            Some(first) if first.contains('.') && name.contains('/') => name.to_owned(),
            _ if name.contains('/') => format!("docker.io/{name}"),
            _ => format!("docker.io/library/{name}"),
        };
        let sum = sums::sha256(image.as_bytes());
        if opts.has('q') {
            sys.print(&format!("sha256:{sum}\n"));
            continue;
        }
        let size = crate::images::find(image).size;
        let size = format!("{}.{}MB", size / 1_000_000, size / 100_000 % 10);
        rows.push(vec![name, tag.to_owned(), short(&sum), size]);
    }
    if !opts.has('q') {
        sys.print(&table(&rows));
    }
    0
}

/// Why an image cannot be pulled, in containerd's words.
fn unknown_image(sys: &Sys<'_>, image: &str) -> Option<String> {
    let version = &sys.machine().services.kubelet_version;
    let minor = version.split('.').nth(1).and_then(|m| m.parse().ok()).unwrap_or(36);
    let missing = crate::images::hub::look_up(image).err();
    let component = image.strip_prefix("registry.k8s.io/").and_then(|rest| {
        let (name, tag) = rest.split_once(':')?;
        let minor = tag.strip_prefix("v1.")?.split('.').next()?.parse::<u8>().ok()?;
        (name.starts_with("kube-") && !(20..=36).contains(&minor)).then_some(crate::images::hub::Missing::Tag)
    });
    let words = missing.or(component).map(|m| m.words(image, minor))?;
    Some(if words.starts_with("rpc error") {
        words
    } else {
        format!("rpc error: code = Unknown desc = {words}")
    })
}

/// Every image that is on the node: its name as it was asked for, and its number.
fn images_there(all: &[CriContainer]) -> Vec<(String, String)> {
    let mut names: Vec<String> = all.iter().map(|c| c.image.clone()).collect();
    names.push("registry.k8s.io/pause:3.10.1".to_owned());
    gatehouse_model::order::sort(&mut names);
    names.dedup();
    names.into_iter().map(|n| (n.clone(), sums::sha256(n.as_bytes()))).collect()
}

/// An image's name in full: `docker.io/library/nginx:latest`.
fn full_name(image: &str) -> String {
    let tagged = image.rsplit_once(':').is_some_and(|(_, t)| !t.contains('/'));
    let image = if tagged { image.to_owned() } else { format!("{image}:latest") };
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) => image,
        Some(_) => format!("docker.io/{image}"),
        None => format!("docker.io/library/{image}"),
    }
}

/// `crictl inspecti`
fn inspect_images(sys: &mut Sys<'_>, opts: &Options, all: &[CriContainer]) -> i32 {
    if opts.operands.len() < 2 {
        return fatal(sys, "ID cannot be empty");
    }
    let there = images_there(all);
    for id in opts.operands.iter().skip(1) {
        let bare = id.trim_start_matches("sha256:");
        let found = there.iter().find(|(n, sum)| full_name(n) == full_name(id) || sum.starts_with(bare));
        let Some((name, sum)) = found else {
            return fatal(sys, &format!("no such image {id:?} present"));
        };
        let image = crate::images::find(name);
        let user = image.user.split(':').next().unwrap_or_default();
        let uid: gatehouse_model::Value = match user.parse::<i64>() {
            Ok(n) => json!({"value": (n.to_string())}),
            Err(_) if user.is_empty() => json!({"value": "0"}),
            Err(_) => gatehouse_model::Value::Null,
        };
        let value = json!({
            "status": {
                "id": (format!("sha256:{sum}")), "pinned": (name.contains("/pause:")), "repoDigests": [],
                "repoTags": [(full_name(name))], "size": (image.size.to_string()), "spec": null, "uid": uid,
                "username": (if user.parse::<i64>().is_ok() { "" } else { user }),
            },
        });
        sys.print(&(gatehouse_model::json::print_indent(&value, "  ") + "\n"));
    }
    0
}

fn not_found(sys: &mut Sys<'_>, id: &str) -> i32 {
    let why = format!(
        "rpc error: code = NotFound desc = an error occurred when try to find container \"{id}\": not found"
    );
    let klog = format!(
        "E{}.000000   {} remote_runtime.go:633] \"ContainerStatus from runtime service failed\" err={why:?} containerID=\"{id}\"\n",
        super::civil(sys.now().0),
        sys.me().pid
    );
    sys.complain(&klog);
    fatal(sys, &why)
}

fn containers(sys: &mut Sys<'_>, verb: &str, opts: &Options, all: &[CriContainer]) -> i32 {
    if opts.operands.len() < 2 {
        return fatal(sys, "ID cannot be empty");
    }
    let mut code = 0;
    for id in opts.operands.iter().skip(1) {
        let Some(c) = all.iter().find(|c| c.id.starts_with(id.as_str())) else {
            code = not_found(sys, id);
            continue;
        };
        match verb {
            "logs" => {
                let wanted = opts.value('t').and_then(|t| t.parse::<usize>().ok()).unwrap_or(usize::MAX);
                let skip = c.log.len().saturating_sub(wanted);
                for (at, line) in c.log.iter().skip(skip) {
                    let stamp = if opts.has('z') {
                        super::date::format("%FT%T.000000000Z ", *at)
                    } else {
                        String::new()
                    };
                    sys.print(&format!("{stamp}{line}\n"));
                }
                if opts.has('f') && c.running {
                    sys.stop(crate::process::State::Blocked(None, 130));
                }
            }
            "inspect" => inspect(sys, c),
            "rm" if c.running && !opts.has('f') => {
                code = fatal(
                    sys,
                    &format!(
                        "removing the container \"{id}\": rpc error: code = FailedPrecondition desc = container is in running state"
                    ),
                );
            }
            _ => {
                let id = c.id.clone();
                Arc::make_mut(&mut sys.machine_mut().services).kill(&id);
                sys.print(&format!("{id}\n"));
            }
        }
    }
    code
}

fn inspect(sys: &mut Sys<'_>, c: &CriContainer) {
    let state = if c.running { "CONTAINER_RUNNING" } else { "CONTAINER_EXITED" };
    let time = |at: i64| super::date::format("%FT%T.000000000Z", at);
    let args: gatehouse_model::Value =
        c.args.iter().map(|a| gatehouse_model::Value::from(a.as_str())).collect();
    let pid = sys.machine().processes.values().find(|p| c.running && *p.argv == c.args).map_or(0, |p| p.pid);
    let value = json!({
        "info": {
            "pid": (i64::from(pid)), "sandboxID": (c.pod_id.as_str()), "runtimeType": "io.containerd.runc.v2",
            "runtimeSpec": {"process": {"args": args}, "root": {"path": "rootfs"}},
        },
        "status": {
            "id": (c.id.as_str()), "state": state, "exitCode": (i64::from(c.exit)),
            "createdAt": (time(c.created)), "startedAt": (time(c.created)),
            "image": {"image": (c.image.as_str())}, "imageRef": (format!("sha256:{}", sums::sha256(c.image.as_bytes()))),
            "logPath": (format!("/var/log/pods/{}_{}_{}/{}/{}.log", c.namespace, c.pod, c.uid, c.name, c.attempt)),
            "metadata": {"name": (c.name.as_str()), "attempt": (c.attempt)},
            "labels": {
                "io.kubernetes.container.name": (c.name.as_str()), "io.kubernetes.pod.name": (c.pod.as_str()),
                "io.kubernetes.pod.namespace": (c.namespace.as_str()), "io.kubernetes.pod.uid": (c.uid.as_str()),
            },
        },
    });
    sys.print(&(gatehouse_model::json::print_indent(&value, "  ") + "\n"));
}

fn sandboxes(sys: &mut Sys<'_>, verb: &str, opts: &Options, all: &[CriContainer]) -> i32 {
    let mut code = 0;
    for id in opts.operands.iter().skip(1) {
        let mine: Vec<&CriContainer> = all.iter().filter(|c| c.pod_id.starts_with(id.as_str())).collect();
        let Some(first) = mine.first() else {
            code = fatal(
                sys,
                &format!(
                    "getting the status of the pod sandbox \"{id}\": rpc error: code = NotFound desc = an error occurred when try to find sandbox: not found"
                ),
            );
            continue;
        };
        if verb == "inspectp" {
            let value = json!({"status": {
                "id": (first.pod_id.as_str()), "state": "SANDBOX_READY",
                "metadata": {"name": (first.pod.as_str()), "namespace": (first.namespace.as_str()), "uid": (first.uid.as_str())},
                "runtimeHandler": (first.handler.as_str()),
            }});
            sys.print(&(gatehouse_model::json::print_indent(&value, "  ") + "\n"));
            continue;
        }
        if verb == "rmp" && mine.iter().any(|c| c.running) && !opts.has('f') {
            code = fatal(
                sys,
                &format!(
                    "removing the pod sandbox \"{id}\": rpc error: code = Unknown desc = sandbox is still running"
                ),
            );
            continue;
        }
        let word = if verb == "stopp" { "Stopped" } else { "Removed" };
        let pod = first.pod_id.clone();
        let ids: Vec<String> = mine.iter().map(|c| c.id.clone()).collect();
        let services = Arc::make_mut(&mut sys.machine_mut().services);
        ids.iter().for_each(|i| services.kill(i));
        sys.print(&format!("{word} sandbox {pod}\n"));
    }
    code
}

/// Runs a program in a container.
fn exec(sys: &mut Sys<'_>, opts: &Options, all: &[CriContainer]) -> i32 {
    let Some(id) = opts.operands.get(1) else {
        return fatal(sys, "execing command in container: ID cannot be empty");
    };
    let Some(c) = all.iter().find(|c| c.id.starts_with(id.as_str())).cloned() else {
        return not_found(sys, id);
    };
    let command: Vec<String> = opts.operands.iter().skip(2).cloned().collect();
    let place = (c.namespace, c.pod, c.name);
    let output = sys.with_outside(|outside, machine| outside.exec(machine, &place, &command));
    match output {
        Some(Ok(output)) => {
            sys.print(&String::from_utf8_lossy(&output.stdout));
            sys.complain(&String::from_utf8_lossy(&output.stderr));
            output.exit
        }
        Some(Err(why)) => fatal(sys, &format!("execing command in container: {why}")),
        None => 1,
    }
}

fn info(sys: &mut Sys<'_>) -> i32 {
    let handlers: gatehouse_model::Value = sys
        .machine()
        .services
        .handlers
        .iter()
        .map(|h| json!({"features": {"recursive_read_only_mounts": true}, "name": (h.as_str())}))
        .collect();
    let value = json!({
        "runtimeHandlers": handlers,
        "status": {"conditions": [
            {"message": "", "reason": "", "status": true, "type": "RuntimeReady"},
            {"message": "", "reason": "", "status": true, "type": "NetworkReady"},
        ]},
    });
    sys.print(&(gatehouse_model::json::print_indent(&value, "  ") + "\n"));
    0
}
