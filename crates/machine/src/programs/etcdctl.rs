//! `etcdctl` and `etcdutl`: what lies under etcd's keys. Models etcd etcdctl/ctlv3/command and etcdutl.

use gatehouse_core::pki::{Certificate, Key, key};
use gatehouse_core::store::etcd;

use super::sums;
use crate::sys::Sys;

/// What a command line says.
#[derive(Default)]
struct Line {
    words: Vec<String>,
    options: Vec<(String, String)>,
}

const VALUED: &[&str] = &[
    "cacert",
    "cert",
    "key",
    "endpoints",
    "write-out",
    "limit",
    "rev",
    "sort-by",
    "order",
    "command-timeout",
    "dial-timeout",
    "user",
    "password",
    "data-dir",
    "name",
    "initial-cluster",
    "initial-advertise-peer-urls",
    "initial-cluster-token",
    "bump-revision",
];
const FLAGS: &[&str] = &[
    "prefix",
    "keys-only",
    "print-value-only",
    "from-key",
    "hex",
    "count-only",
    "cluster",
    "debug",
    "help",
    "insecure-skip-tls-verify",
    "insecure-transport",
    "skip-hash-check",
    "mark-compacted",
];

impl Line {
    fn parse(sys: &Sys<'_>, argv: &[String]) -> Result<Self, String> {
        let mut line = Self::default();
        let mut args = argv.iter().skip(1);
        while let Some(arg) = args.next() {
            let (name, value) = match arg.strip_prefix("--") {
                Some(long) => long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v.to_owned()))),
                None if arg.starts_with("-w") => {
                    let rest = arg.trim_start_matches("-w").trim_start_matches('=');
                    ("write-out", (!rest.is_empty()).then(|| rest.to_owned()))
                }
                None if arg.starts_with('-') && arg.len() > 1 => {
                    let letter = arg.chars().nth(1).unwrap_or('-');
                    return Err(format!("unknown shorthand flag: '{letter}' in {arg}"));
                }
                None => {
                    line.words.push(arg.clone());
                    continue;
                }
            };
            let value = match value {
                Some(v) => v,
                None if VALUED.contains(&name) => match args.next() {
                    Some(v) => v.clone(),
                    None => return Err(format!("flag needs an argument: --{name}")),
                },
                None if FLAGS.contains(&name) => "true".to_owned(),
                None => return Err(format!("unknown flag: --{name}")),
            };
            if !VALUED.contains(&name) && !FLAGS.contains(&name) {
                return Err(format!("unknown flag: --{name}"));
            }
            line.options.push((name.to_owned(), value));
        }
        for name in ["cacert", "cert", "key", "endpoints"] {
            if line.get(name).is_none()
                && let Some(v) = sys.env(&format!("ETCDCTL_{}", name.to_uppercase()))
            {
                line.options.push((name.to_owned(), v));
            }
        }
        Ok(line)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let program = argv.first().map_or("etcdctl", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let line = match Line::parse(sys, argv) {
        Ok(line) => line,
        Err(why) => {
            sys.complain(&format!("Error: {why}\n"));
            return 1;
        }
    };
    let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
    match (program.as_str(), words.as_slice()) {
        (_, ["version"]) => {
            sys.print(&format!("{program} version: 3.6.6\nAPI version: 3.6\n"));
            0
        }
        ("etcdctl", ["get", key, rest @ ..]) => match endpoint(sys, &line) {
            Ok(_) => get(sys, &line, key, rest.first().copied()),
            Err(code) => code,
        },
        ("etcdctl", ["endpoint", "health"]) => health(sys, &line),
        ("etcdctl", ["endpoint", "status"]) => match endpoint(sys, &line) {
            Ok(at) => status(sys, &line, &at),
            Err(code) => code,
        },
        ("etcdctl", ["member", "list"]) => match endpoint(sys, &line) {
            Ok(_) => members(sys, &line),
            Err(code) => code,
        },
        ("etcdctl", ["snapshot", "save", path]) => match endpoint(sys, &line) {
            Ok(at) => save(sys, &at, path),
            Err(code) => code,
        },
        ("etcdctl", ["snapshot", "save", ..]) => {
            sys.complain("Error: snapshot save expects one argument <filename>\n");
            128
        }
        ("etcdutl", ["snapshot", "status", path]) => snapshot_status(sys, &line, path),
        ("etcdctl", ["get"]) => {
            sys.complain(
                "Error: get command needs one argument as key and an optional argument as range_end\n",
            );
            128
        }
        (_, [other, ..]) => {
            sys.complain(&format!(
                "Error: unknown command \"{other}\" for \"{program}\"\nRun '{program} --help' for usage.\n"
            ));
            1
        }
        (_, []) => {
            sys.print("NAME:\n\tetcdctl - A simple command line client for etcd3.\n\nUSAGE:\n\tetcdctl [flags]\n\nVERSION:\n\t3.6.6\n\nAPI VERSION:\n\t3.6\n");
            0
        }
    }
}

/// Where the first endpoint is, once there is a connection to it.
fn endpoint(sys: &mut Sys<'_>, line: &Line) -> Result<String, i32> {
    let (at, failure) = connect(sys, line)?;
    let Some(why) = failure else { return Ok(at) };
    let address = at.split("://").nth(1).unwrap_or(&at).to_owned();
    let time = super::date::format("%FT%T.000000Z", sys.now().0);
    let error = gatehouse_model::json::print(
        &format!("rpc error: code = DeadlineExceeded desc = latest balancer error: last connection error: connection error: desc = \"{why}\"").as_str().into(),
    );
    sys.wait_for(Some(5000));
    sys.complain(&format!("{{\"level\":\"warn\",\"ts\":\"{time}\",\"logger\":\"etcd-client\",\"caller\":\"v3@v3.6.6/retry_interceptor.go:65\",\"msg\":\"retrying of unary invoker failed\",\"target\":\"etcd-endpoints://0xc0000e2000/{address}\",\"method\":\"/etcdserverpb.KV/Range\",\"attempt\":0,\"error\":{error}}}\nError: context deadline exceeded\n"));
    Err(1)
}

/// The endpoint, and why no connection to it comes about.
fn connect(sys: &mut Sys<'_>, line: &Line) -> Result<(String, Option<String>), i32> {
    let at =
        line.get("endpoints").unwrap_or("127.0.0.1:2379").split(',').next().unwrap_or_default().to_owned();
    let mut texts = Vec::new();
    for name in ["cacert", "cert", "key"] {
        let Some(path) = line.get(name).filter(|p| !p.is_empty()) else {
            texts.push(None);
            continue;
        };
        match sys.slurp(path) {
            Ok(text) => texts.push(Some(text)),
            Err(e) => {
                sys.complain(&format!("Error: open {path}: {}\n", e.text().to_lowercase()));
                return Err(128);
            }
        }
    }
    let (cert, key) = (texts.get(1).cloned().flatten(), texts.get(2).cloned().flatten());
    if cert.is_some() != key.is_some() {
        sys.complain("Error: KeyFile and CertFile must both be present[key: , cert: ]\n");
        return Err(128);
    }
    let address = at.split("://").nth(1).unwrap_or(&at).trim_end_matches('/').to_owned();
    let secure = at.starts_with("https://") || !at.contains("://") && texts.iter().any(Option::is_some);
    let failure = handshake(sys, &address, secure, texts.first().cloned().flatten(), cert.zip(key), line);
    Ok((at, failure))
}

/// What keeps two ends from agreeing.
fn handshake(
    sys: &mut Sys<'_>,
    address: &str,
    secure: bool,
    ca: Option<String>,
    client: Option<(String, String)>,
    line: &Line,
) -> Option<String> {
    let address = address.replace("localhost", "127.0.0.1");
    let listens = sys.machine().services.etcd.clone().unwrap_or_default();
    let Some(url) = listens.iter().find(|u| u.ends_with(&format!("://{address}"))) else {
        return Some(format!(
            "transport: Error while dialing: dial tcp {address}: connect: connection refused"
        ));
    };
    if url.starts_with("http://") {
        let why = "transport: authentication handshake failed: tls: first record does not look like a TLS handshake";
        return secure.then(|| why.to_owned());
    }
    if !secure {
        return Some(format!(
            "error reading server preface: read tcp 127.0.0.1:44642->{address}: read: connection reset by peer"
        ));
    }
    let file = |sys: &Sys<'_>, name: &str| {
        let bytes = sys.machine().read_file(&format!("/etc/kubernetes/pki/etcd/{name}"));
        Certificate::from_pem(&String::from_utf8_lossy(&bytes.unwrap_or_default()))
    };
    let ca = ca.as_deref().and_then(Certificate::from_pem);
    let server = file(sys, "server.crt");
    let trusted = match (&server, &ca) {
        (Some(server), Some(ca)) => server.signed_by(&ca.key),
        _ => false,
    };
    if !trusted && !line.has("insecure-skip-tls-verify") {
        return Some("transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority".to_owned());
    }
    if !sys.machine().services.etcd_client_auth {
        return None;
    }
    let Some((certificate, private)) = client else {
        return Some("error reading server preface: remote error: tls: certificate required".to_owned());
    };
    let (certificate, private) = (Certificate::from_pem(&certificate), Key::from_pem(&private));
    let known = match (&certificate, &private, file(sys, "ca.crt")) {
        (Some(c), Some(k), Some(ca)) => c.signed_by(&ca.key) && key::public_of(&c.key) == k.public,
        _ => false,
    };
    (!known).then(|| "error reading server preface: remote error: tls: bad certificate".to_owned())
}

/// Keys and values, as the store has them now.
fn entries(sys: &mut Sys<'_>) -> Vec<(String, etcd::Entry)> {
    let all = sys.with_outside(|outside, _| outside.cluster().map(|c| etcd::entries(&c.store)));
    all.flatten().unwrap_or_default()
}

fn get(sys: &mut Sys<'_>, line: &Line, key: &str, end: Option<&str>) -> i32 {
    let (prefix, from) = (line.has("prefix"), line.has("from-key"));
    let mut found = entries(sys);
    found.retain(|(k, _)| match end {
        _ if prefix => k.starts_with(key),
        _ if from => k.as_str() >= key,
        Some(end) => k.as_str() >= key && k.as_str() < end,
        None => k == key,
    });
    if let Some(limit) = line.get("limit").and_then(|l| l.parse::<usize>().ok()).filter(|l| *l > 0) {
        found.truncate(limit);
    }
    if line.has("count-only") {
        return 0;
    }
    if line.get("write-out") == Some("json") {
        let kvs: Vec<String> = found
            .iter()
            .map(|(k, e)| {
                let encode = super::encode_base64;
                format!(
                    "{{\"key\":\"{}\",\"create_revision\":{},\"mod_revision\":{},\"version\":1,\"value\":\"{}\"}}",
                    encode(k.as_bytes()),
                    e.revision(),
                    e.revision(),
                    encode(&e.bytes())
                )
            })
            .collect();
        sys.print(&format!("{{\"header\":{{\"cluster_id\":14841639068965178418,\"member_id\":10276657743932975437,\"revision\":1,\"raft_term\":2}},\"kvs\":[{}],\"count\":{}}}\n", kvs.join(","), found.len()));
        return 0;
    }
    for (k, entry) in found {
        if !line.has("print-value-only") {
            sys.print(&format!("{k}\n"));
        }
        if line.has("keys-only") {
            sys.print("\n");
            continue;
        }
        if line.has("hex") {
            sys.print(&entry.bytes().iter().map(|b| format!("\\x{b:02x}")).collect::<String>());
        } else {
            sys.print_bytes(&entry.bytes());
        }
        sys.print("\n");
    }
    0
}

fn health(sys: &mut Sys<'_>, line: &Line) -> i32 {
    match connect(sys, line) {
        Err(code) => code,
        Ok((at, None)) => {
            sys.print(&format!("{at} is healthy: successfully committed proposal: took = 9.482176ms\n"));
            0
        }
        Ok((at, Some(_))) => {
            sys.wait_for(Some(5000));
            sys.complain(&format!("{at} is unhealthy: failed to commit proposal: context deadline exceeded\nError: unhealthy cluster\n"));
            1
        }
    }
}

/// A table with a frame.
fn framed(head: &[&str], row: &[String]) -> String {
    let widths: Vec<usize> = head.iter().zip(row).map(|(h, c)| h.len().max(c.len())).collect();
    let rule: String = widths.iter().map(|w| format!("+{}", "-".repeat(w + 2))).collect::<String>() + "+\n";
    let cells = |cells: Vec<&str>| {
        let all: String = cells.iter().zip(&widths).map(|(c, w)| format!("| {c:^w$} ")).collect();
        all + "|\n"
    };
    let body = cells(row.iter().map(String::as_str).collect());
    format!("{rule}{}{rule}{body}{rule}", cells(head.to_vec()))
}

fn members(sys: &mut Sys<'_>, line: &Line) -> i32 {
    let row: Vec<String> = [
        "8e9e05c52164694d",
        "started",
        "controlplane",
        "https://172.30.1.2:2380",
        "https://172.30.1.2:2379",
        "false",
    ]
    .map(str::to_owned)
    .to_vec();
    if line.get("write-out") == Some("table") {
        sys.print(&framed(&["ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"], &row));
    } else {
        sys.print(&(row.join(", ") + "\n"));
    }
    0
}

fn status(sys: &mut Sys<'_>, line: &Line, at: &str) -> i32 {
    let size = size(sys);
    let row: Vec<String> =
        [at, "8e9e05c52164694d", "3.6.6", "3.6.0", &size, "true", "false", "2", "1024", "1024", ""]
            .map(str::to_owned)
            .to_vec();
    if line.get("write-out") == Some("table") {
        let head = [
            "ENDPOINT",
            "ID",
            "VERSION",
            "STORAGE VERSION",
            "DB SIZE",
            "IS LEADER",
            "IS LEARNER",
            "RAFT TERM",
            "RAFT INDEX",
            "RAFT APPLIED INDEX",
            "ERRORS",
        ];
        sys.print(&framed(&head, &row));
    } else {
        sys.print(&(row.join(", ") + "\n"));
    }
    0
}

fn size(sys: &mut Sys<'_>) -> String {
    let bytes: usize = entries(sys).iter().map(|(k, e)| k.len() + e.bytes().len()).sum();
    format!("{:.1} MB", (bytes as f64 / 1_000_000.0).max(2.0))
}

fn save(sys: &mut Sys<'_>, at: &str, path: &str) -> i32 {
    let time = super::date::format("%FT%T.000000Z", sys.now().0);
    let all = entries(sys);
    let mut bytes =
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\xed\xda\x0c\xed".to_vec();
    for (k, e) in &all {
        bytes.extend_from_slice(k.as_bytes());
        bytes.push(0);
        bytes.extend(e.bytes());
        bytes.push(0);
    }
    bytes.extend_from_slice(format!("\nkeys {}\n", all.len()).as_bytes());
    let say = |place: &str, rest: &str| format!("{{\"level\":\"info\",\"ts\":\"{time}\",{place},{rest}}}\n");
    let snapshot = |line: u32| format!("\"caller\":\"snapshot/v3_snapshot.go:{line}\"");
    if let Err(e) = sys.spill(path, &bytes) {
        sys.complain(&format!(
            "Error: could not open {path}.part (open {path}.part: {})\n",
            e.text().to_lowercase()
        ));
        return 4;
    }
    let size = format!("{:.1} MB", (bytes.len() as f64 / 1_000_000.0).max(2.0));
    let mut out =
        say(&snapshot(83), &format!("\"msg\":\"created temporary db file\",\"path\":\"{path}.part\""));
    out.push_str(&say(
        "\"logger\":\"client\",\"caller\":\"v3@v3.6.6/maintenance.go:236\"",
        "\"msg\":\"opened snapshot stream; downloading\"",
    ));
    out.push_str(&say(&snapshot(96), &format!("\"msg\":\"fetching snapshot\",\"endpoint\":\"{at}\"")));
    out.push_str(&say(
        "\"logger\":\"client\",\"caller\":\"v3@v3.6.6/maintenance.go:302\"",
        "\"msg\":\"completed snapshot read; closing\"",
    ));
    out.push_str(&say(&snapshot(111), &format!("\"msg\":\"fetched snapshot\",\"endpoint\":\"{at}\",\"size\":\"{size}\",\"took\":\"38.284672ms\",\"etcd-version\":\"3.6.0\"")));
    out.push_str(&say(&snapshot(121), &format!("\"msg\":\"saved\",\"path\":\"{path}\"")));
    sys.complain(&out);
    sys.print(&format!("Snapshot saved at {path}\nServer version 3.6.0\n"));
    0
}

fn snapshot_status(sys: &mut Sys<'_>, line: &Line, path: &str) -> i32 {
    let Ok(bytes) = sys.slurp_bytes(path) else {
        sys.complain(&format!("Error: stat {path}: no such file or directory\n"));
        return 128;
    };
    let text = String::from_utf8_lossy(&bytes);
    let Some(keys) = text.trim_end().rsplit_once("keys ").and_then(|(_, n)| n.parse::<u64>().ok()) else {
        sys.complain(&format!(
            "Error: snapshot file integrity check failed. 1 errors found.\n{path} is not a snapshot\n"
        ));
        return 1;
    };
    let hash: String = sums::sha256(&bytes).chars().take(8).collect();
    let size = format!("{:.1} MB", (bytes.len() as f64 / 1_000_000.0).max(2.0));
    let row = vec![hash, (keys * 3).to_string(), keys.to_string(), size, "3.6.0".to_owned()];
    if line.get("write-out") == Some("table") {
        sys.print(&framed(&["HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE", "VERSION"], &row));
    } else {
        sys.print(&(row.join(", ") + "\n"));
    }
    0
}
