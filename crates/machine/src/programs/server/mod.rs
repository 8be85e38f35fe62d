//! Servers that images start: what they need to come up, and what they answer to whoever connects.
//!
//! A server binds and listens through the gate and then waits for ever; its answers are made from its files when
//! somebody asks. Only what a security setting can take from it is played.

mod nginx;
mod small;

use std::sync::Arc;

use crate::errno::Errno;
use crate::fs::Kind;
use crate::machine::Machine;
use crate::net::{Request, Response};
use crate::process::Process;
use crate::sys::Sys;

pub(super) use nginx::main as nginx;
pub(super) use small::{agnhost, coredns, http_echo, ingress, pilot_agent, python};

/// Opens ports and waits. Says what the kernel says where it may not.
fn listen(sys: &mut Sys<'_>, ports: &[u16]) -> Result<(), (u16, Errno)> {
    for port in ports {
        let bound = sys.socket(2, 1, 0).and_then(|fd| sys.bind(fd, *port).and_then(|()| sys.listen(fd)));
        bound.map_err(|e| (*port, e))?;
    }
    let _ = sys.sleep(None);
    Ok(())
}

/// Any other server: it listens on the port of its image, else on those its container declares.
pub(super) fn serve(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let name = argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let declared = sys.space().map(|s| s.ports.clone()).unwrap_or_default();
    let ports: &[u16] = match name.as_str() {
        "redis-server" => &[6379],
        "mysqld" => &[3306],
        "postgres" => &[5432],
        "hello-app" => &[8080],
        "httpd-foreground" => &[80],
        "pause" => &[],
        _ => &declared,
    };
    match listen(sys, ports) {
        Ok(()) => 0,
        Err((port, e)) => {
            let text = match name.as_str() {
                "redis-server" => format!(
                    "1:M # Warning: Could not create server TCP listening socket *:{port}: bind: {}\n1:M # Failed listening on port {port} (tcp), aborting.\n",
                    e.text()
                ),
                "httpd-foreground" => format!(
                    "({}){}: AH00072: make_sock: could not bind to address 0.0.0.0:{port}\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n",
                    e.0,
                    e.text()
                ),
                _ => format!("listen tcp :{port}: bind: {}\n", e.text().to_lowercase()),
            };
            sys.complain(&text);
            1
        }
    }
}

/// `httpd`: busybox's, in the foreground.
pub(super) fn httpd(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match super::options::parse(sys, argv, "ifvp:u:r:h:m:c:d:e:", &[]) {
        Ok(o) => o,
        Err(_) => return 1,
    };
    let port = opts.value('p').and_then(|p| p.rsplit(':').next()).and_then(|p| p.parse().ok()).unwrap_or(80);
    if let Some(home) = opts.value('h').map(str::to_owned)
        && let Err(e) = sys.chdir(&home)
    {
        sys.complain(&format!("httpd: can't change directory to '{home}': {}\n", e.text()));
        return 1;
    }
    match listen(sys, &[port]) {
        Ok(()) => 0,
        Err((_, e)) => {
            sys.complain(&format!("httpd: bind: {}\n", e.text()));
            1
        }
    }
}

/// An entry point that becomes the command behind it.
pub(super) fn entrypoint(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let first = argv.get(1).map_or("", String::as_str);
    if argv.first().is_some_and(|a| a == "/docker-entrypoint.sh") && first == "nginx" {
        nginx::prepare(sys);
    }
    match super::execvp(sys, argv.get(1..).unwrap_or_default()) {
        Ok(code) => code,
        Err(_) => {
            sys.complain(&format!("{}: exec: {first}: not found\n", argv.first().map_or("", String::as_str)));
            127
        }
    }
}

/// The process that listens on a port of an address of this machine.
#[must_use]
pub fn listener(machine: &Machine, address: &str, port: u16, udp: bool) -> Option<Arc<Process>> {
    let here = |p: &&Arc<Process>| machine.space(p.space).is_some_and(|s| s.address == address);
    machine.processes.values().filter(here).find(|p| p.listens.contains(&(port, udp))).cloned()
}

/// What becomes of a listener when a connection to it is over: `nc` without `-k` ends with its first one. A container's own
/// process stays, since nobody would notice that it ended. Says whether somebody listens there.
pub fn hang_up(machine: &mut Machine, address: &str, port: u16) -> bool {
    let Some(process) = listener(machine, address, port, false) else { return false };
    let flags = |arg: &String| arg.starts_with('-') && (arg.contains('k') || arg.contains("ll"));
    if process.comm == "nc" && process.vpid != 1 && !process.argv.iter().skip(1).any(flags) {
        machine.processes.remove(&process.pid);
    }
    true
}

/// What the process behind a port answers to bytes sent to it.
#[must_use]
pub fn answer(machine: &Machine, process: &Process, port: u16, sent: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(sent);
    let line = text.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
    let http = line.contains("HTTP/1") && matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "DELETE");
    let request = Request::parse(sent);
    if let Some(said) = small::answer(machine, process, port, request.as_ref()) {
        return said;
    }
    let (product, (code, kind, body)) = match process.comm.as_str() {
        "redis-server" => return if line.trim() == "PING" { b"+PONG\r\n".to_vec() } else { Vec::new() },
        "nc" => return Vec::new(),
        "nginx" if !http && sent.is_empty() => return Vec::new(),
        "nginx" => (nginx::product(), nginx::answer(machine, process, port, path)),
        _ if !http => return Vec::new(),
        "httpd-foreground" => ("Apache/2.4.66 (Unix)".to_owned(), apache(path)),
        "httpd" => (String::new(), files(machine, process, path)),
        _ => (String::new(), (200, "text/plain; charset=utf-8", b"ok\n".to_vec())),
    };
    let closes = request.as_ref().and_then(|r| r.header("connection")).is_some_and(|c| c == "close");
    let mut response = Response::new(code, kind, body).first("Date", super::http_date(machine.now.0));
    if !product.is_empty() {
        response = response.first("Server", product);
    }
    response.with("Connection", if closes { "close" } else { "keep-alive" }).bytes(method)
}

fn apache(path: &str) -> (u16, &'static str, Vec<u8>) {
    if matches!(path, "/" | "/index.html") {
        return (200, "text/html", b"<html><body><h1>It works!</h1></body></html>\n".to_vec());
    }
    let page = b"<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n";
    (404, "text/html; charset=iso-8859-1", page.to_vec())
}

/// busybox httpd: files below its working directory.
fn files(machine: &Machine, process: &Process, path: &str) -> (u16, &'static str, Vec<u8>) {
    let home = machine.space(process.space).map(|s| s.mounts.path_of(&machine.fs, process.root, process.cwd));
    let home = home.unwrap_or_default();
    let path = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    match file(machine, process, &format!("{}{path}", home.trim_end_matches('/'))) {
        Ok(bytes) => (200, "text/html", bytes),
        Err(_) => (404, "text/html", b"<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\nThe requested URL was not found\n</BODY></HTML>\n".to_vec()),
    }
}

/// A file as the server's workers, which are nobody special, can read it.
fn file(machine: &Machine, process: &Process, path: &str) -> Result<Vec<u8>, Errno> {
    let space = machine.space(process.space).ok_or(Errno::ENOENT)?;
    let at = space.mounts.locate(&machine.fs, path).ok_or(Errno::ENOENT)?;
    let inode = machine.fs.get(at.ino).ok_or(Errno::ENOENT)?;
    match &inode.kind {
        Kind::Dir(_) => Err(Errno::EISDIR),
        Kind::File(content) if inode.mode & 0o004 != 0 || inode.uid == process.cred.uid && inode.uid != 0 => {
            Ok(content.to_vec())
        }
        _ => Err(Errno::EACCES),
    }
}

/// The names in a folder.
fn folder(machine: &Machine, process: &Process, path: &str) -> Vec<String> {
    let at = machine.space(process.space).and_then(|s| s.mounts.locate(&machine.fs, path));
    match at.and_then(|a| machine.fs.get(a.ino)).map(|i| &i.kind) {
        Some(Kind::Dir(dir)) => dir.entries.keys().map(|n| n.to_string()).collect(),
        _ => Vec::new(),
    }
}
