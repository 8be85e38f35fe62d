//! Commands of the shell itself.

pub(super) mod jobs;
mod limits;
mod traps;
mod variables;

use super::interp::{Flow, Interp};
use super::parse::is_name;
use super::state::{Dialect, Var};
use super::{arith, test};
use crate::programs;
use variables::{declare, getopts, mapfile, read, set, shift, unset};

type Builtin = fn(&mut Interp<'_, '_>, &[String]) -> Flow;

/// The table, by name.
const TABLE: &[(&str, Builtin)] = &[
    (".", source),
    (":", |i, _| status(i, 0)),
    ("[", test_bracket),
    ("alias", alias),
    ("bg", jobs::ground),
    ("break", break_),
    ("builtin", command),
    ("cd", cd),
    ("command", command),
    ("continue", break_),
    ("declare", declare),
    ("dirs", |i, _| {
        let cwd = i.sys.cwd();
        i.sys.print(&format!("{cwd}\n"));
        status(i, 0)
    }),
    ("disown", jobs::disown),
    ("echo", echo),
    ("eval", eval),
    ("exec", exec),
    ("exit", exit),
    ("export", declare),
    ("false", |i, _| status(i, 1)),
    ("fg", jobs::ground),
    ("getopts", getopts),
    ("hash", hash),
    ("history", history),
    ("jobs", jobs::jobs),
    ("kill", jobs::kill),
    ("let", let_),
    ("local", declare),
    ("logout", exit),
    ("mapfile", mapfile),
    ("printf", printf),
    ("pwd", pwd),
    ("read", read),
    ("readarray", mapfile),
    ("readonly", declare),
    ("return", return_),
    ("set", set),
    ("shift", shift),
    ("shopt", |i, _| status(i, 0)),
    ("source", source),
    ("test", test_words),
    ("times", times),
    ("trap", traps::trap),
    ("true", |i, _| status(i, 0)),
    ("type", type_),
    ("typeset", declare),
    ("ulimit", limits::ulimit),
    ("umask", limits::umask),
    ("unalias", unalias),
    ("unset", unset),
    ("wait", jobs::wait),
];

/// A builtin by name, if the dialect has it.
pub(super) fn find(name: &str, dialect: Dialect) -> Option<Builtin> {
    const BASH_ONLY: &[&str] =
        &["builtin", "declare", "dirs", "disown", "logout", "mapfile", "readarray", "shopt", "typeset"];
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

/// A special builtin's failure ends a script of a POSIX shell.
fn special(i: &mut Interp<'_, '_>, code: i32, text: &str) -> Flow {
    fail(i, code, text);
    if i.state.dialect == Dialect::Bash || i.state.interactive { Flow::Next } else { Flow::Exit }
}

/// `break` and `continue`.
fn break_(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let name = words.first().map_or("break", String::as_str).to_owned();
    i.state.status = 0;
    if i.loops == 0 {
        if i.state.dialect == Dialect::Bash {
            i.complain(&format!("{name}: only meaningful in a `for', `while', or `until' loop"));
        }
        return Flow::Next;
    }
    let n = words.get(1).and_then(|n| n.parse().ok()).unwrap_or(1).min(i.loops);
    if name == "break" { Flow::Break(n) } else { Flow::Continue(n) }
}

fn return_(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    if i.state.dialect == Dialect::Bash && i.state.locals.is_empty() && i.sourcing == 0 {
        return fail(i, 1, "return: can only `return' from a function or sourced script");
    }
    i.state.status = words.get(1).and_then(|n| n.parse().ok()).unwrap_or(i.state.status);
    Flow::Return
}

fn times(i: &mut Interp<'_, '_>, _: &[String]) -> Flow {
    let line = match i.state.dialect {
        Dialect::Bash => "0m0.000s 0m0.000s\n",
        _ => "0m0.000000s 0m0.000000s\n",
    };
    i.sys.print(line);
    i.sys.print(line);
    status(i, 0)
}

fn hash(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    if words.len() == 1 && i.state.dialect == Dialect::Bash {
        i.sys.print("hash: hash table empty\n");
    }
    status(i, 0)
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
        && i.state.dialect == Dialect::Bash
    {
        into = Some(name.clone());
        words = rest;
    }
    if words.first().is_some_and(|w| w == "--") {
        words = words.get(1..).unwrap_or_default();
    }
    let Some(format) = words.first() else {
        return match i.state.dialect {
            Dialect::Bash => {
                i.sys.complain("printf: usage: printf [-v var] format [arguments]\n");
                status(i, 2)
            }
            Dialect::Dash => fail(i, 2, "printf: usage: printf format [arg ...]"),
            Dialect::Ash => fail(i, 2, "usage: printf FORMAT [ARGUMENT...]"),
        };
    };
    if i.state.dialect == Dialect::Dash
        && let Some(flag) = format.strip_prefix('-').and_then(|f| f.chars().next())
    {
        return fail(i, 2, &format!("printf: Illegal option -{flag}"));
    }
    if i.state.dialect != Dialect::Bash && format.contains("%q") {
        return match i.state.dialect {
            Dialect::Dash => fail(i, 2, "printf: %q: invalid directive"),
            _ => fail(i, 1, &format!("{format}: invalid format")),
        };
    }
    let (text, errors) = programs::printf(format, words.get(1..).unwrap_or_default());
    match into {
        Some(name) => i.state.set(&name, &text),
        None => i.sys.print(&text),
    }
    for e in &errors {
        let number = e.strip_suffix(": invalid number");
        match (i.state.dialect, number) {
            (Dialect::Dash, Some(n)) => i.complain(&format!("printf: {n}: expected numeric value")),
            (Dialect::Ash, Some(n)) => i.complain(&format!("invalid number '{n}'")),
            _ => i.complain(&format!("printf: {e}")),
        }
    }
    status(i, i32::from(!errors.is_empty()))
}

fn test_words(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    test_args(i, "test", words.get(1..).unwrap_or_default())
}

fn test_bracket(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    match words.split_last() {
        Some((last, args)) if last == "]" => test_args(i, "[", args.get(1..).unwrap_or_default()),
        _ => {
            let text = match i.state.dialect {
                Dialect::Bash => "[: missing `]'",
                Dialect::Dash => "[: missing ]",
                Dialect::Ash => "missing ]",
            };
            fail(i, 2, text)
        }
    }
}

fn test_args(i: &mut Interp<'_, '_>, name: &str, args: &[String]) -> Flow {
    let mut args = args.to_vec();
    if let (Dialect::Bash, [v, variable]) = (i.state.dialect, args.as_slice())
        && v == "-v"
    {
        let set = i.state.vars.contains_key(variable);
        return status(i, i32::from(!set));
    }
    if i.state.dialect == Dialect::Dash {
        let of_bash = match args.as_slice() {
            [a, op, _] if op == "==" => Some(a.clone()),
            [v, _] if v == "-v" => Some(v.clone()),
            _ => None,
        };
        if let Some(word) = of_bash {
            return fail(i, 2, &format!("{name}: {word}: unexpected operator"));
        }
    }
    match test::single(i.sys, &args) {
        Ok(yes) => status(i, i32::from(!yes)),
        Err(mut e) => {
            if let (Some(word), true) = (e.strip_suffix(": unexpected operator"), args.len() == 3) {
                e = match i.state.dialect {
                    Dialect::Bash => format!("{word}: binary operator expected"),
                    Dialect::Dash => format!("{}: unexpected operator", args.remove(0)),
                    Dialect::Ash => return fail(i, 2, &format!("{word}: unknown operand")),
                };
            }
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
    let before = std::mem::replace(&mut i.evaluating, true);
    let flow = super::evaluate(i, &text);
    i.evaluating = before;
    flow
}

fn source(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let Some(file) = words.get(1) else { return fail(i, 2, "source: filename argument required") };
    match i.sys.slurp(file) {
        Ok(text) => {
            let args = words
                .get(2..)
                .filter(|a| !a.is_empty())
                .map(|a| std::mem::replace(&mut i.state.args, a.to_vec()));
            i.sourcing += 1;
            let flow = super::evaluate(i, &text);
            i.sourcing -= 1;
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
                let line = if i.state.dialect == Dialect::Ash { i.ash_line() } else { "" };
                format!("exec: {line}{name}: not found")
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
                let text = match i.state.dialect {
                    Dialect::Bash => format!("exit: {n}: numeric argument required"),
                    Dialect::Dash => format!("exit: Illegal number: {n}"),
                    Dialect::Ash => format!("exit: {}Illegal number: {n}", i.ash_line()),
                };
                i.complain(&text);
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
        let lines: String = {
            let word = if i.state.dialect == Dialect::Bash { "alias " } else { "" };
            i.state.aliases.iter().map(|(n, v)| format!("{word}{n}='{v}'\n")).collect()
        };
        i.sys.print(&lines);
    }
    for w in words.iter().skip(1) {
        match w.split_once('=') {
            Some((n, v)) => {
                i.state.aliases.insert(n.to_owned(), v.to_owned());
            }
            None => match i.state.aliases.get(w) {
                Some(v) => {
                    let word = if i.state.dialect == Dialect::Bash { "alias " } else { "" };
                    let line = format!("{word}{w}='{v}'\n");
                    i.sys.print(&line);
                }
                None => {
                    no_alias(i, "alias", w);
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
            no_alias(i, "unalias", w);
            return status(i, 1);
        }
    }
    status(i, 0)
}

fn no_alias(i: &mut Interp<'_, '_>, name: &str, word: &str) {
    if i.state.dialect == Dialect::Bash {
        i.complain(&format!("{name}: {word}: not found"));
    } else {
        i.sys.complain(&format!("{name}: {word} not found\n"));
    }
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
            let at_length = words.get(1).is_some_and(|w| w == "-V");
            // bash is content with one that is there; the others look at one alone.
            let many = if i.state.dialect == Dialect::Bash { usize::MAX } else { 1 };
            let mut code = if i.state.dialect == Dialect::Bash { 1 } else { 127 };
            for w in words.iter().skip(2).take(many) {
                match locate(i, w) {
                    Some((text, long)) => {
                        i.sys.print(&format!("{}\n", if at_length { long } else { text }));
                        code = 0;
                    }
                    None if at_length && i.state.dialect == Dialect::Bash => {
                        i.complain(&format!("command: {w}: not found"))
                    }
                    None if at_length => i.sys.print(&format!("{w}: not found\n")),
                    None => {}
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
