//! nginx: what its configuration says, what it needs to come up, what it answers.
//!
//! Of the configuration only what a lab touches is known: `user`, `pid`, temporary paths, `server` with `listen`,
//! `root` and `location … { return … }`. Models nginx 1.29 and the entry point of its image.

use crate::errno::Errno;
use crate::machine::Machine;
use crate::process::Process;
use crate::programs::date;
use crate::sys::{Sys, Wait};

/// The version its image brings.
const VERSION: &str = "1.29.3";
const ROOT: &str = "/usr/share/nginx/html";
const CONF: &str = "/etc/nginx/nginx.conf";
const CONF_D: &str = "/etc/nginx/conf.d";
/// Temporary directories, and where the build has them.
const TEMPORARY: &[(&str, &str)] = &[
    ("client_body_temp_path", "/var/cache/nginx/client_temp"),
    ("proxy_temp_path", "/var/cache/nginx/proxy_temp"),
    ("fastcgi_temp_path", "/var/cache/nginx/fastcgi_temp"),
    ("uwsgi_temp_path", "/var/cache/nginx/uwsgi_temp"),
    ("scgi_temp_path", "/var/cache/nginx/scgi_temp"),
];

/// A directive: its words, and those of its block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Directive {
    words: Vec<String>,
    block: Vec<Directive>,
}

impl Directive {
    fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn value(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }
}

/// Blocks inside blocks; more are taken for nonsense.
const DEPTH: usize = 16;

fn parse(text: &str) -> Vec<Directive> {
    let mut words = words(text).into_iter();
    block(&mut words, 0)
}

/// Words, `;`, `{` and `}`; quotes are taken off.
fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '#' if word.is_empty() => while chars.next_if(|c| *c != '\n').is_some() {},
            '"' | '\'' if word.is_empty() => {
                quoted = true;
                while let Some(d) = chars.next().filter(|d| *d != c) {
                    word.push(if d == '\\' { chars.next().unwrap_or(d) } else { d });
                }
            }
            ';' | '{' | '}' | ' ' | '\t' | '\r' | '\n' => {
                if !word.is_empty() || quoted {
                    out.push(std::mem::take(&mut word));
                }
                quoted = false;
                if matches!(c, ';' | '{' | '}') {
                    out.push(c.to_string());
                }
            }
            c => word.push(c),
        }
    }
    out
}

fn block(words: &mut std::vec::IntoIter<String>, depth: usize) -> Vec<Directive> {
    let mut all = Vec::new();
    let mut now = Directive::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            ";" => all.push(std::mem::take(&mut now)),
            "{" if depth < DEPTH => {
                now.block = block(words, depth + 1);
                all.push(std::mem::take(&mut now));
            }
            "{" => {}
            "}" => break,
            _ => now.words.push(word),
        }
    }
    all
}

/// The whole configuration: the main file, and what it includes from `conf.d`.
fn configuration(mut read: impl FnMut(&str) -> Option<String>, more: &[String]) -> Vec<Directive> {
    let main = read(CONF).unwrap_or_default();
    let mut all = parse(&main);
    if main.contains("conf.d/*.conf") {
        for name in more.iter().filter(|n| n.ends_with(".conf")) {
            all.extend(parse(&read(&format!("{CONF_D}/{name}")).unwrap_or_default()));
        }
    }
    all
}

/// All directives of a name, however deep.
fn named<'d>(all: &'d [Directive], name: &str, into: &mut Vec<&'d Directive>) {
    for d in all {
        if d.name() == name {
            into.push(d);
        }
        named(&d.block, name, into);
    }
}

fn first<'d>(all: &'d [Directive], name: &str) -> Option<&'d str> {
    let mut found = Vec::new();
    named(all, name, &mut found);
    found.first().map(|d| d.value())
}

fn ports(server: &Directive) -> Vec<u16> {
    let port = |d: &Directive| d.value().rsplit(':').next().and_then(|p| p.parse().ok()).unwrap_or(80);
    let listed: Vec<u16> = server.block.iter().filter(|d| d.name() == "listen").map(port).collect();
    if listed.is_empty() { vec![80] } else { listed }
}

/// Says something as its log does.
fn log(sys: &mut Sys<'_>, level: &str, text: &str) {
    log_of(sys, sys.me().vpid, level, text);
}

fn log_of(sys: &mut Sys<'_>, pid: u32, level: &str, text: &str) {
    let stamp = date::format("%Y/%m/%d %T", sys.now().0);
    sys.complain(&format!("{stamp} [{level}] {pid}#{pid}: {text}\n"));
}

fn emergency(sys: &mut Sys<'_>, text: &str) -> i32 {
    log(sys, "emerg", text);
    sys.complain(&format!("nginx: [emerg] {text}\n"));
    1
}

fn failed(what: &str, path: &str, e: Errno) -> String {
    format!("{what}() \"{path}\" failed ({}: {})", e.0, e.text())
}

/// Starts it: its directories, its pid file, its ports; then it serves.
pub(in crate::programs) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if argv.iter().any(|a| a == "-v") {
        sys.complain(&format!("nginx version: nginx/{VERSION}\n"));
        return 0;
    }
    let more = sys.list(CONF_D).unwrap_or_default();
    let all = configuration(|path| sys.slurp(path).ok(), &more);
    let user = first(&all, "user").is_some();
    if sys.me().cred.uid != 0 && user {
        let text = format!(
            "the \"user\" directive makes sense only if the master process runs with super-user privileges, \
             ignored in {CONF}:2"
        );
        log(sys, "warn", &text);
        sys.complain(&format!("nginx: [warn] {text}\n"));
    }
    let pid = first(&all, "pid").unwrap_or("/run/nginx.pid").to_owned();
    for (name, default) in TEMPORARY {
        let path = first(&all, name).unwrap_or(default).to_owned();
        match sys.mkdir(&path, 0o700) {
            Err(Errno::EEXIST) => continue,
            Err(e) => return emergency(sys, &failed("mkdir", &path, e)),
            Ok(()) => {}
        }
        if user
            && sys.me().cred.uid == 0
            && let Err(e) = sys.chown("chown", &path, Some(101), None, true)
        {
            return emergency(sys, &failed("chown", &path, e));
        }
    }
    let mut servers = Vec::new();
    named(&all, "server", &mut servers);
    let mut open: Vec<u16> = servers.iter().flat_map(|s| ports(s)).collect();
    if open.is_empty() {
        open.push(80);
    }
    open.dedup();
    for port in open {
        let bound = sys.socket(2, 1, 0).and_then(|fd| sys.bind(fd, port).and_then(|()| sys.listen(fd)));
        if let Err(e) = bound {
            return emergency(sys, &format!("bind() to 0.0.0.0:{port} failed ({}: {})", e.0, e.text()));
        }
    }
    let release = sys.kernel_names().0;
    for text in [
        "using the \"epoll\" event method".to_owned(),
        format!("nginx/{VERSION}"),
        format!(
            "built by gcc 14.2.0 ({}) ",
            if sys.busybox() { "Alpine 14.2.0" } else { "Debian 14.2.0-19" }
        ),
        format!("OS: Linux {release}"),
        "getrlimit(RLIMIT_NOFILE): 1048576:1048576".to_owned(),
    ] {
        log(sys, "notice", &text);
    }
    if let Err(e) = sys.spill(&pid, format!("{}\n", sys.me().vpid).as_bytes()) {
        return emergency(sys, &failed("open", &pid, e));
    }
    log(sys, "notice", "start worker processes");
    sys.set_title(&format!("nginx: master process {}", argv.join(" ")));
    let becomes = user && sys.me().cred.uid == 0;
    let master = sys.me().vpid;
    match sys.fork("clone", |worker| run_worker(worker, master, becomes)) {
        Err(e) => {
            let text = format!("fork() failed while spawning \"worker process\" ({}: {})", e.0, e.text());
            log(sys, "alert", &text);
        }
        Ok(job) => {
            if let Wait::Exited(code) = job.wait {
                log(sys, "notice", &format!("signal 17 (SIGCHLD) received from {}", job.pid));
                let text = format!(
                    "worker process {} exited with fatal code {code} and cannot be respawned",
                    job.pid
                );
                log(sys, "alert", &text);
            }
            let _ = sys.sleep(None);
        }
    }
    0
}

/// What answers: it becomes the user of the configuration first. Gives the code of its end.
fn run_worker(sys: &mut Sys<'_>, master: u32, becomes: bool) -> i32 {
    let pid = sys.me().vpid;
    log_of(sys, master, "notice", &format!("start worker process {pid}"));
    if becomes {
        let user = sys.find_user(|user| user.name == "nginx").map_or((101, 101), |user| (user.uid, user.gid));
        for (what, done) in [
            (format!("setgid({})", user.1), sys.setgid(user.1)),
            (format!("initgroups(nginx, {})", user.1), sys.setgroups(&[user.1])),
            (format!("setuid({})", user.0), sys.setuid(user.0)),
        ] {
            if let Err(e) = done {
                log(sys, "emerg", &format!("{what} failed ({}: {})", e.0, e.text()));
                return 2;
            }
        }
    }
    sys.set_title("nginx: worker process");
    let _ = sys.sleep(None);
    0
}

/// The image's entry point: it looks at its folder of scripts, then becomes the command.
pub(in crate::programs) fn prepare(sys: &mut Sys<'_>) {
    const ME: &str = "/docker-entrypoint.sh";
    const IPV6: &str = "10-listen-on-ipv6-by-default.sh";
    const DEFAULT: &str = "/etc/nginx/conf.d/default.conf";
    let flags = crate::sys::Flags { write: true, ..crate::sys::Flags::default() };
    let writable = sys.open(DEFAULT, flags, 0).map(|fd| sys.close(fd));
    let told = match writable {
        Ok(()) => format!(
            "{IPV6}: info: Getting the checksum of {DEFAULT}\n{IPV6}: info: Enabled listen on IPv6 in {DEFAULT}\n"
        ),
        Err(Errno::ENOENT) => format!("{IPV6}: info: {DEFAULT} is not a file or does not exist\n"),
        Err(_) => format!("{IPV6}: info: can not modify {DEFAULT} (read-only file system?)\n"),
    };
    sys.print(&format!(
        "{ME}: /docker-entrypoint.d/ is not empty, will attempt to perform configuration\n\
         {ME}: Looking for shell scripts in /docker-entrypoint.d/\n\
         {ME}: Launching /docker-entrypoint.d/{IPV6}\n{told}\
         {ME}: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh\n\
         {ME}: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh\n\
         {ME}: Launching /docker-entrypoint.d/30-tune-worker-processes.sh\n\
         {ME}: Configuration complete; ready for start up\n"
    ));
    sys.flush();
    // Each of its scripts, and what these run.
    for _ in 0..27 {
        let _ = sys.fork("clone", |_| 0);
    }
}

/// Status, type and body of what it answers to a request for `path` on `port`.
pub(super) fn answer(
    machine: &Machine,
    process: &Process,
    port: u16,
    path: &str,
) -> (u16, &'static str, Vec<u8>) {
    // Who reads is the worker, where there is one.
    let mut others = machine.processes.values().map(|p| &**p);
    let process = others.find(|p| p.ppid == process.pid && p.exe == process.exe).unwrap_or(process);
    let read = |path: &str| super::file(machine, process, path).ok();
    let more = super::folder(machine, process, CONF_D);
    let all = configuration(|path| read(path).map(|b| String::from_utf8_lossy(&b).into_owned()), &more);
    let mut servers = Vec::new();
    named(&all, "server", &mut servers);
    let server = servers.into_iter().find(|s| ports(s).contains(&port)).cloned().unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let location = location(&server, path);
    let given = location.and_then(|l| l.block.iter().find(|d| d.name() == "return"));
    if let Some(given) = given {
        let code = given.value().parse().unwrap_or(200);
        return match given.words.get(2) {
            Some(text) => (code, "text/plain", text.replace("\\n", "\n").into_bytes()),
            None if code < 300 => (code, "text/plain", Vec::new()),
            None => page(code),
        };
    }
    let root = |d: &Directive| d.block.iter().find(|d| d.name() == "root").map(|d| d.value().to_owned());
    let root = location.and_then(root).or_else(|| root(&server)).unwrap_or_else(|| ROOT.to_owned());
    let full = format!("{}/{}", root.trim_end_matches('/'), path.trim_start_matches('/'));
    let full = if full.ends_with('/') { format!("{full}index.html") } else { full };
    match super::file(machine, process, &full) {
        Ok(bytes) => (200, kind(&full), bytes),
        Err(Errno::EACCES) => page(403),
        Err(Errno::EISDIR) => page(301),
        // A directory without an index may not be listed.
        Err(_)
            if path.ends_with('/')
                && !super::folder(machine, process, &full.replace("/index.html", "/")).is_empty() =>
        {
            page(403)
        }
        Err(_) => page(404),
    }
}

/// The location a path falls into: the exact one, else the longest that it begins with.
fn location<'d>(server: &'d Directive, path: &str) -> Option<&'d Directive> {
    let all = || server.block.iter().filter(|d| d.name() == "location");
    let exact = |d: &&Directive| d.value() == "=" && d.words.get(2).is_some_and(|p| p == path);
    all().find(exact).or_else(|| {
        let prefix = |d: &&Directive| d.words.len() == 2 && path.starts_with(d.value());
        all().filter(prefix).max_by_key(|d| d.value().len())
    })
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "application/javascript",
        Some("json") => "application/json",
        Some("txt") => "text/plain",
        _ => "application/octet-stream",
    }
}

/// A page that it makes up itself.
fn page(code: u16) -> (u16, &'static str, Vec<u8>) {
    let title = format!("{code} {}", crate::net::reason(code));
    let text = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx/{VERSION}</center>\r\n</body>\r\n</html>\r\n"
    );
    (code, "text/html", text.into_bytes())
}

/// What it calls itself in its answers.
pub(super) fn product() -> String {
    format!("nginx/{VERSION}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_words_and_blocks() {
        let all = parse(
            "user nginx; # me\nhttp { server { listen 8080; location = /ok { return 200 \"fine;\\n\"; } } }",
        );
        let mut servers = Vec::new();
        named(&all, "server", &mut servers);
        let server = servers[0];
        assert_eq!((first(&all, "user"), ports(server)), (Some("nginx"), vec![8080]));
        assert_eq!(location(server, "/ok").unwrap().block[0].words, ["return", "200", "fine;n"]);
        assert_eq!(location(server, "/other"), None);
        assert!(parse(&"{".repeat(100_000)).len() < 10);
    }
}
