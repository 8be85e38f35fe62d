//! Commands of the shell itself.

mod variables;

use super::interp::{Flow, Interp};
use super::parse::is_name;
use super::state::{Dialect, Var};
use super::{arith, test};
use crate::programs;
use variables::{declare, getopts, read, set, shift, unset};

type Builtin = fn(&mut Interp<'_, '_>, &[String]) -> Flow;

/// The table, by name.
const TABLE: &[(&str, Builtin)] = &[
    (".", source),
    (":", |i, _| status(i, 0)),
    ("[", test_bracket),
    ("alias", alias),
    ("bg", |i, _| status(i, 0)),
    ("break", |i, w| Flow::Break(count(i, w))),
    ("builtin", command),
    ("cd", cd),
    ("command", command),
    ("continue", |i, w| Flow::Continue(count(i, w))),
    ("declare", declare),
    ("echo", echo),
    ("eval", eval),
    ("exec", exec),
    ("exit", exit),
    ("export", declare),
    ("false", |i, _| status(i, 1)),
    ("fg", |i, _| status(i, 0)),
    ("getopts", getopts),
    ("hash", |i, _| status(i, 0)),
    ("history", history),
    ("jobs", |i, _| status(i, 0)),
    ("kill", kill),
    ("let", let_),
    ("local", declare),
    ("logout", exit),
    ("printf", printf),
    ("pwd", pwd),
    ("read", read),
    ("readonly", declare),
    ("return", |i, w| {
        i.state.status = w.get(1).and_then(|n| n.parse().ok()).unwrap_or(i.state.status);
        Flow::Return
    }),
    ("set", set),
    ("shift", shift),
    ("shopt", |i, _| status(i, 0)),
    ("source", source),
    ("test", test_words),
    ("times", |i, _| status(i, 0)),
    ("trap", trap),
    ("true", |i, _| status(i, 0)),
    ("type", type_),
    ("typeset", declare),
    ("ulimit", |i, _| {
        i.sys.print("unlimited\n");
        status(i, 0)
    }),
    ("umask", umask),
    ("unalias", unalias),
    ("unset", unset),
    ("wait", |i, _| status(i, 0)),
];

/// A builtin by name, if the dialect has it.
pub(super) fn find(name: &str, dialect: Dialect) -> Option<Builtin> {
    const BASH_ONLY: &[&str] = &["builtin", "declare", "shopt", "typeset", "logout"];
    if dialect != Dialect::Bash && BASH_ONLY.contains(&name)
        || dialect == Dialect::Dash && matches!(name, "source" | "let" | "history")
    {
        return None;
    }
    TABLE.binary_search_by(|(n, _)| (*n).cmp(name)).ok().and_then(|i| TABLE.get(i)).map(|(_, b)| *b)
}

/// The names of all builtins.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(n, _)| *n)
}

fn status(i: &mut Interp<'_, '_>, code: i32) -> Flow {
    i.state.status = code;
    Flow::Next
}

fn fail(i: &mut Interp<'_, '_>, code: i32, text: &str) -> Flow {
    i.complain(text);
    status(i, code)
}

fn count(i: &mut Interp<'_, '_>, words: &[String]) -> u32 {
    i.state.status = 0;
    words.get(1).and_then(|n| n.parse().ok()).unwrap_or(1)
}

fn echo(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let always = i.state.dialect == Dialect::Dash;
    let text = programs::echo(words.get(1..).unwrap_or_default(), always);
    i.sys.print(&text);
    if let Err(e) = i.sys.try_flush()
        && i.sys.runs()
    {
        let text = match i.state.dialect {
            Dialect::Dash => "echo: echo: I/O error".to_owned(),
            Dialect::Ash => format!("write error: {}", e.text()),
            Dialect::Bash => format!("echo: write error: {}", e.text()),
        };
        return fail(i, 1, &text);
    }
    status(i, 0)
}

fn printf(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let mut words = words.get(1..).unwrap_or_default();
    let mut into = None;
    if let [v, name, rest @ ..] = words
        && v == "-v"
    {
        into = Some(name.clone());
        words = rest;
    }
    if words.first().is_some_and(|w| w == "--") {
        words = words.get(1..).unwrap_or_default();
    }
    let Some(format) = words.first() else {
        return fail(i, 2, "printf: usage: printf [-v var] format [arguments]");
    };
    let (text, errors) = programs::printf(format, words.get(1..).unwrap_or_default());
    match into {
        Some(name) => i.state.set(&name, &text),
        None => i.sys.print(&text),
    }
    for e in &errors {
        i.complain(&format!("printf: {e}"));
    }
    status(i, i32::from(!errors.is_empty()))
}

fn test_words(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    test_args(i, "test", words.get(1..).unwrap_or_default())
}

fn test_bracket(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    match words.split_last() {
        Some((last, args)) if last == "]" => test_args(i, "[", args.get(1..).unwrap_or_default()),
        _ => fail(i, 2, "[: missing `]'"),
    }
}

fn test_args(i: &mut Interp<'_, '_>, name: &str, args: &[String]) -> Flow {
    match test::single(i.sys, args) {
        Ok(yes) => status(i, i32::from(!yes)),
        Err(e) => {
            let number = e.strip_suffix(": integer expression expected");
            match (i.state.dialect, number) {
                (Dialect::Dash, Some(n)) => fail(i, 2, &format!("{name}: Illegal number: {n}")),
                (Dialect::Ash, Some(n)) => fail(i, 2, &format!("{n}: bad number")),
                _ => fail(i, 2, &format!("{name}: {e}")),
            }
        }
    }
}

fn cd(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let args: Vec<&String> =
        words.iter().skip(1).filter(|w| !matches!(w.as_str(), "-P" | "-L" | "--")).collect();
    if args.len() > 1 && i.state.dialect == Dialect::Bash {
        return fail(i, 1, "cd: too many arguments");
    }
    let mut shown = false;
    let target = match args.first().map(|s| s.as_str()) {
        None => match i.state.get("HOME") {
            Some(h) => h.to_owned(),
            None => return fail(i, 1, "cd: HOME not set"),
        },
        Some("-") => {
            shown = true;
            match i.state.get("OLDPWD") {
                Some(o) => o.to_owned(),
                None => return fail(i, 1, "cd: OLDPWD not set"),
            }
        }
        Some(t) => t.to_owned(),
    };
    if target.is_empty() {
        return status(i, 0);
    }
    match i.sys.chdir(&target) {
        Ok(()) => {
            let old = i.state.cwd().to_owned();
            let now = i.sys.cwd();
            i.state.set("OLDPWD", &old);
            i.state.set("PWD", &now);
            if shown {
                i.sys.print(&format!("{now}\n"));
            }
            status(i, 0)
        }
        Err(e) => match i.state.dialect {
            Dialect::Bash => fail(i, 1, &format!("cd: {target}: {}", e.text())),
            Dialect::Dash => fail(i, 2, &format!("cd: can't cd to {target}")),
            Dialect::Ash => {
                let line = i.ash_line();
                fail(i, 2, &format!("cd: {line}can't cd to {target}: {}", e.text()))
            }
        },
    }
}

/// ash writes what is no `echo` through stdio, which looks at the stream first.
fn through_stdio(i: &mut Interp<'_, '_>) {
    if i.state.dialect == Dialect::Ash {
        let _ = i.sys.call("fstat");
    }
}

fn pwd(i: &mut Interp<'_, '_>, _: &[String]) -> Flow {
    through_stdio(i);
    let cwd = i.sys.cwd();
    i.sys.print(&format!("{cwd}\n"));
    status(i, 0)
}

fn eval(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let text = words.get(1..).unwrap_or_default().join(" ");
    super::evaluate(i, &text)
}

fn source(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let Some(file) = words.get(1) else { return fail(i, 2, "source: filename argument required") };
    match i.sys.slurp(file) {
        Ok(text) => {
            let args = words
                .get(2..)
                .filter(|a| !a.is_empty())
                .map(|a| std::mem::replace(&mut i.state.args, a.to_vec()));
            let flow = super::evaluate(i, &text);
            if let Some(a) = args {
                i.state.args = a;
            }
            if flow == Flow::Return { Flow::Next } else { flow }
        }
        Err(e) => match i.state.dialect {
            Dialect::Bash => fail(i, 1, &format!("{file}: {}", e.text())),
            Dialect::Dash => {
                fail(i, 2, &format!(".: cannot open {file}: No such file"));
                if i.state.interactive { Flow::Next } else { Flow::Exit }
            }
            Dialect::Ash => {
                let line = i.ash_line();
                fail(i, 2, &format!(".: {line}can't open '{file}': {}", e.text()));
                if i.state.interactive { Flow::Next } else { Flow::Exit }
            }
        },
    }
}

fn exec(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let Some(rest) = words.get(1..).filter(|r| !r.is_empty()) else { return status(i, 0) };
    let env = i.state.environment();
    i.sys.set_environment(env);
    let path = i
        .state
        .get("PATH")
        .unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .to_owned();
    let code = programs::run_from_path(i.sys, &path, rest);
    match code {
        Ok(c) => {
            i.state.status = c;
            Flow::Exit
        }
        Err(e) => {
            let name = rest.first().map_or("", String::as_str);
            let text = if e == crate::errno::Errno::ENOENT {
                format!("exec: {name}: not found")
            } else {
                format!("{name}: {}", e.text())
            };
            i.complain(&text);
            i.state.status = if e == crate::errno::Errno::ENOENT { 127 } else { 126 };
            Flow::Exit
        }
    }
}

fn exit(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    match words.get(1) {
        None => {}
        Some(n) => match n.parse::<i32>() {
            Ok(code) => i.state.status = code & 255,
            Err(_) => {
                i.complain(&format!("exit: {n}: numeric argument required"));
                i.state.status = 2;
            }
        },
    }
    i.state.exited = true;
    Flow::Exit
}

fn alias(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let mut code = 0;
    if words.len() == 1 {
        let lines: String = i.state.aliases.iter().map(|(n, v)| format!("alias {n}='{v}'\n")).collect();
        i.sys.print(&lines);
    }
    for w in words.iter().skip(1) {
        match w.split_once('=') {
            Some((n, v)) => {
                i.state.aliases.insert(n.to_owned(), v.to_owned());
            }
            None => match i.state.aliases.get(w) {
                Some(v) => {
                    let line = format!("alias {w}='{v}'\n");
                    i.sys.print(&line);
                }
                None => {
                    i.complain(&format!("alias: {w}: not found"));
                    code = 1;
                }
            },
        }
    }
    status(i, code)
}

fn unalias(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    for w in words.iter().skip(1) {
        if w == "-a" {
            i.state.aliases.clear();
        } else if i.state.aliases.remove(w).is_none() {
            return fail(i, 1, &format!("unalias: {w}: not found"));
        }
    }
    status(i, 0)
}

fn history(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    match words.get(1).map(String::as_str) {
        Some("-c") => i.state.history.clear(),
        n => {
            let len = i.state.history.len();
            let skip = n.and_then(|n| n.parse::<usize>().ok()).map_or(0, |n| len.saturating_sub(n));
            let lines: String = i
                .state
                .history
                .iter()
                .enumerate()
                .skip(skip)
                .map(|(n, l)| format!("{:5}  {l}\n", n + 1))
                .collect();
            i.sys.print(&lines);
        }
    }
    status(i, 0)
}

fn command(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    match words.get(1).map(String::as_str) {
        Some("-v" | "-V") => {
            let mut code = 0;
            for w in words.iter().skip(2) {
                match locate(i, w) {
                    Some((text, _)) => i.sys.print(&format!("{text}\n")),
                    None => code = 1,
                }
            }
            status(i, code)
        }
        Some(_) => {
            let rest: Vec<String> =
                words.iter().skip(1).filter(|w| *w != "-p" && *w != "--").cloned().collect();
            if let Some(b) = rest.first().and_then(|n| find(n, i.state.dialect)) {
                return b(i, &rest);
            }
            i.run_words(&rest)
        }
        None => status(i, 0),
    }
}

/// What a command's name stands for, shortly and in words.
fn locate(i: &mut Interp<'_, '_>, name: &str) -> Option<(String, String)> {
    if let Some(a) = i.state.aliases.get(name) {
        return Some((format!("alias {name}='{a}'"), format!("{name} is aliased to `{a}'")));
    }
    if i.state.functions.contains_key(name) {
        return Some((name.to_owned(), format!("{name} is a function")));
    }
    if find(name, i.state.dialect).is_some() {
        return Some((name.to_owned(), format!("{name} is a shell builtin")));
    }
    let path = i.state.get("PATH").unwrap_or("/usr/bin:/bin").to_owned();
    let found = programs::which(i.sys, &path, name)?;
    Some((found.clone(), format!("{name} is {found}")))
}

fn type_(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let mut code = 0;
    for w in words.iter().skip(1).filter(|w| !w.starts_with('-')) {
        match locate(i, w) {
            Some((_, text)) => i.sys.print(&format!("{text}\n")),
            None => {
                if i.state.dialect == Dialect::Bash {
                    i.complain(&format!("type: {w}: not found"));
                } else {
                    i.sys.print(&format!("{w}: not found\n"));
                }
                code = if i.state.dialect == Dialect::Bash { 1 } else { 127 };
            }
        }
    }
    status(i, code)
}

fn trap(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    if words.iter().skip(2).any(|s| s == "EXIT" || s == "0") {
        i.state.exit_trap = words.get(1).filter(|a| *a != "-").cloned();
    }
    if words.iter().skip(2).any(|s| matches!(s.trim_start_matches("SIG"), "TERM" | "15")) {
        i.state.term_trap = words.get(1).filter(|a| *a != "-").cloned();
    }
    status(i, 0)
}

fn umask(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    match words.get(1).and_then(|m| u32::from_str_radix(m, 8).ok()) {
        Some(mask) => {
            i.sys.umask(mask);
        }
        None => {
            let mask = i.sys.me().umask;
            i.sys.print(&format!("{mask:04o}\n"));
        }
    }
    status(i, 0)
}

fn kill(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let words: Vec<String> = words.to_vec();
    let code = programs::kill_words(i.sys, &words, &i.prefix_of());
    status(i, code)
}

fn let_(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let mut value = 0;
    for w in words.iter().skip(1) {
        match arith::evaluate(i.state, w) {
            Ok(v) => value = v,
            Err(e) => return fail(i, 1, &format!("let: {w}: {e}")),
        }
    }
    status(i, i32::from(value == 0))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::TABLE.is_sorted_by_key(|(n, _)| *n));
    }
}
