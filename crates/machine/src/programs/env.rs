//! `env` and `printenv`.

use super::{execvp, options};
use crate::errno::Errno;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse_leading(sys, argv, "iu:0", &[("ignore-environment", 'i'), ("unset", 'u')])
    {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut env = if opts.has('i') { Vec::new() } else { sys.me().env.to_vec() };
    env.retain(|(n, _)| !opts.given.iter().any(|(l, v)| *l == 'u' && v == n));
    let mut rest = opts.operands.as_slice();
    while let Some((n, v)) = rest.first().and_then(|w| w.split_once('=')) {
        env.retain(|(m, _)| m != n);
        env.push((n.to_owned(), v.to_owned()));
        rest = rest.get(1..).unwrap_or_default();
    }
    let Some(name) = rest.first() else {
        let text: String = env.iter().map(|(n, v)| format!("{n}={v}\n")).collect();
        sys.print(&text);
        return 0;
    };
    sys.set_environment(env);
    match execvp(sys, rest) {
        Ok(code) => code,
        Err(e) => {
            let text = if sys.busybox() {
                format!("env: can't execute '{name}': {}\n", e.text())
            } else {
                format!("env: \u{2018}{name}\u{2019}: {}\n", e.text())
            };
            sys.complain(&text);
            if e == Errno::ENOENT { 127 } else { 126 }
        }
    }
}

pub(super) fn printenv(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let env = sys.me().env.to_vec();
    let names: Vec<&String> = argv.iter().skip(1).collect();
    if names.is_empty() {
        let text: String = env.iter().map(|(n, v)| format!("{n}={v}\n")).collect();
        sys.print(&text);
        return 0;
    }
    let mut code = 0;
    for n in names {
        match env.iter().rev().find(|(m, _)| m == n) {
            Some((_, v)) => sys.print(&format!("{v}\n")),
            None => code = 1,
        }
    }
    code
}
