//! Servers that images start: what they need to come up, then they wait for ever.
//!
//! Only what a security setting can take from them is played: the directories they make, the files they write.

use crate::sys::Sys;

/// nginx: makes its temporary directories and its pid file where its configuration says, then serves.
pub(super) fn nginx(sys: &mut Sys<'_>, _argv: &[String]) -> i32 {
    let conf = sys.slurp("/etc/nginx/nginx.conf").unwrap_or_default();
    let directive = |name: &str| {
        let line =
            conf.lines().map(str::trim).find_map(|l| l.strip_prefix(name).filter(|r| r.starts_with(' ')));
        line.map(|r| r.trim().trim_end_matches(';').to_owned())
    };
    if sys.me().cred.uid != 0 && directive("user").is_some() {
        sys.complain(
            "nginx: [warn] the \"user\" directive makes sense only if the master process runs with super-user privileges, \
             ignored in /etc/nginx/nginx.conf:1\n",
        );
    }
    for (name, default) in [
        ("client_body_temp_path", "/var/cache/nginx/client_temp"),
        ("proxy_temp_path", "/var/cache/nginx/proxy_temp"),
        ("fastcgi_temp_path", "/var/cache/nginx/fastcgi_temp"),
        ("uwsgi_temp_path", "/var/cache/nginx/uwsgi_temp"),
        ("scgi_temp_path", "/var/cache/nginx/scgi_temp"),
    ] {
        let path = directive(name).unwrap_or_else(|| default.to_owned());
        if sys.stat(&path).is_ok() {
            continue;
        }
        if let Err(e) = sys.mkdir(&path, 0o700) {
            sys.complain(&format!("nginx: [emerg] mkdir() \"{path}\" failed ({}: {})\n", e.0, e.text()));
            return 1;
        }
    }
    let pid = directive("pid").unwrap_or_else(|| "/run/nginx.pid".to_owned());
    if let Err(e) = sys.spill(&pid, b"1\n") {
        sys.complain(&format!("nginx: [emerg] open() \"{pid}\" failed ({}: {})\n", e.0, e.text()));
        return 1;
    }
    sys.complain("nginx: [notice] start worker processes\n");
    let _ = sys.sleep(None);
    0
}

/// Any other server: it just serves.
pub(super) fn serve(sys: &mut Sys<'_>, _argv: &[String]) -> i32 {
    let _ = sys.sleep(None);
    0
}

/// An entry point that becomes the command behind it.
pub(super) fn entrypoint(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    match super::execvp(sys, argv.get(1..).unwrap_or_default()) {
        Ok(code) => code,
        Err(_) => {
            let name = argv.get(1).map_or("", String::as_str);
            sys.complain(&format!("exec: \"{name}\": not found\n"));
            127
        }
    }
}
