//! Builtins that read and set variables, arguments and options.

use super::*;

pub(super) fn declare(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let name = words.first().map_or("", String::as_str).to_owned();
    let (mut export, mut readonly, mut array, mut print) =
        (name == "export", name == "readonly", false, false);
    let mut remove = false;
    let mut names = Vec::new();
    for w in words.iter().skip(1) {
        if let Some(flags) = w.strip_prefix('-').filter(|f| !f.is_empty()) {
            export |= flags.contains('x');
            readonly |= flags.contains('r');
            array |= flags.contains('a') || flags.contains('A');
            print |= flags.contains('p');
            remove |= name == "export" && flags.contains('n');
        } else {
            names.push(w.clone());
        }
    }
    if names.is_empty() {
        let lines: Vec<String> = i
            .state
            .vars
            .iter()
            .filter(|(_, v)| !(export || readonly) || export && v.exported || readonly && v.readonly)
            .map(|(n, v)| {
                let value = v.first().map_or(String::new(), |f| format!("=\"{f}\""));
                match (i.state.dialect, export) {
                    (Dialect::Bash, true) => format!("declare -x {n}{value}\n"),
                    (_, true) => format!("export {n}='{}'\n", v.first().unwrap_or("")),
                    _ => format!("{n}={}\n", v.first().unwrap_or("")),
                }
            })
            .collect();
        let _ = print;
        i.sys.print(&lines.concat());
        return status(i, 0);
    }
    for w in names {
        let (var, value) = match w.split_once('=') {
            Some((v, value)) => (v.to_owned(), Some(value.to_owned())),
            None => (w.clone(), None),
        };
        let (var, append) = var.strip_suffix('+').map_or((var.clone(), false), |v| (v.to_owned(), true));
        if !is_name(&var) {
            return match i.state.dialect {
                Dialect::Bash => fail(i, 1, &format!("{name}: `{w}': not a valid identifier")),
                Dialect::Dash => special(i, 2, &format!("{name}: {var}: bad variable name")),
                Dialect::Ash => special(i, 2, &format!("{name}: {}{var}: bad variable name", i.ash_line())),
            };
        }
        if i.state.vars.get(&var).is_some_and(|v| v.readonly) && value.is_some() {
            return match i.state.dialect {
                Dialect::Bash => fail(i, 1, &format!("{var}: readonly variable")),
                _ => special(i, 2, &format!("{var}: is read only")),
            };
        }
        let local =
            name == "local" || matches!(name.as_str(), "declare" | "typeset") && !i.state.locals.is_empty();
        if local {
            let old = i.state.vars.get(&var).cloned();
            match i.state.locals.last_mut() {
                Some(scope) => {
                    if !scope.contains_key(&var) {
                        scope.insert(var.clone(), old);
                        i.state.vars.remove(&var);
                    }
                }
                None => {
                    return match i.state.dialect {
                        Dialect::Bash => fail(i, 1, "local: can only be used in a function"),
                        Dialect::Dash => special(i, 2, "local: not in a function"),
                        Dialect::Ash => {
                            let line = i.ash_line();
                            special(i, 2, &format!("local: {line}not in a function"))
                        }
                    };
                }
            }
        }
        let v = i.state.vars.entry(var).or_default();
        if let Some(value) = value {
            let old = if append { v.first().unwrap_or("").to_owned() } else { String::new() };
            v.values.insert(0, old + &value);
        }
        v.exported |= export;
        v.exported &= !remove;
        v.readonly |= readonly;
        v.array |= array;
    }
    status(i, 0)
}

pub(super) fn unset(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    for w in words.iter().skip(1).filter(|w| !w.starts_with('-')) {
        if i.state.vars.get(w).is_some_and(|v| v.readonly) {
            return fail(i, 1, &format!("unset: {w}: cannot unset: readonly variable"));
        }
        if i.state.vars.remove(w).is_none() {
            i.state.functions.remove(w);
        }
    }
    status(i, 0)
}

pub(super) fn set(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let mut at = 1;
    if words.len() == 1 {
        let lines: String =
            i.state.vars.iter().map(|(n, v)| format!("{n}={}\n", v.first().unwrap_or(""))).collect();
        i.sys.print(&lines);
        return status(i, 0);
    }
    while let Some(w) = words.get(at) {
        if w == "--" {
            at += 1;
            i.state.args = words.get(at..).unwrap_or_default().to_vec();
            return status(i, 0);
        }
        let on = w.starts_with('-');
        let Some(flags) = w.strip_prefix(['-', '+']).filter(|f| !f.is_empty()) else {
            i.state.args = words.get(at..).unwrap_or_default().to_vec();
            return status(i, 0);
        };
        let mut letters = flags.to_owned();
        if letters.contains('o') {
            at += 1;
            letters = letters.replace('o', "");
            match words.get(at).map(String::as_str) {
                Some("errexit") => letters.push('e'),
                Some("nounset") => letters.push('u'),
                Some("xtrace") => letters.push('x'),
                Some("noglob") => letters.push('f'),
                Some("pipefail") if i.state.dialect != Dialect::Dash => i.state.options.pipefail = on,
                Some(
                    "allexport" | "emacs" | "ignoreeof" | "monitor" | "noclobber" | "noexec" | "nolog"
                    | "notify" | "verbose" | "vi",
                )
                | None => {}
                Some(
                    "braceexpand" | "hashall" | "history" | "histexpand" | "posix" | "physical"
                    | "privileged",
                ) if i.state.dialect == Dialect::Bash => {}
                Some(other) => {
                    let sign = if on { '-' } else { '+' };
                    return match i.state.dialect {
                        Dialect::Bash => fail(i, 2, &format!("set: {other}: invalid option name")),
                        Dialect::Dash => special(i, 2, &format!("set: Illegal option {sign}o {other}")),
                        Dialect::Ash => {
                            fail(i, 1, &format!("set: {}illegal option {sign}o {other}", i.ash_line()))
                        }
                    };
                }
            }
        }
        let known = if i.state.dialect == Dialect::Bash { "abefhkmnptuvxBCEHPT" } else { "abefmnuvxCEIVs" };
        if let Some(l) = letters.chars().find(|l| !known.contains(*l)) {
            let sign = if on { '-' } else { '+' };
            return match i.state.dialect {
                Dialect::Bash => {
                    i.complain(&format!("set: {sign}{l}: invalid option"));
                    i.sys.complain(
                        "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n",
                    );
                    status(i, 2)
                }
                Dialect::Dash => special(i, 2, &format!("set: Illegal option {sign}{l}")),
                Dialect::Ash => special(i, 2, &format!("set: {}illegal option {sign}{l}", i.ash_line())),
            };
        }
        let o = &mut i.state.options;
        for l in letters.chars() {
            match l {
                'e' => o.errexit = on,
                'u' => o.nounset = on,
                'x' => o.xtrace = on,
                'f' => o.noglob = on,
                _ => {}
            }
        }
        at += 1;
    }
    status(i, 0)
}

pub(super) fn shift(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let n = words.get(1).and_then(|n| n.parse().ok()).unwrap_or(1usize);
    if n > i.state.args.len() {
        return match i.state.dialect {
            Dialect::Dash => special(i, 2, "shift: can't shift that many"),
            _ => status(i, 1),
        };
    }
    i.state.args.drain(..n);
    status(i, 0)
}

pub(super) fn read(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let (mut raw, mut names, mut prompt, mut array, mut limit) = (false, Vec::new(), None, None, None);
    let mut args = words.iter().skip(1);
    while let Some(w) = args.next() {
        match w.as_str() {
            "-r" | "-s" | "-rs" | "-sr" => raw |= w.contains('r'),
            "-p" | "-rp" => {
                raw |= w.contains('r');
                prompt = args.next().cloned();
            }
            "-a" | "-ra" => {
                raw |= w.contains('r');
                array = args.next().cloned();
            }
            "-t" | "-d" | "-u" => {
                args.next();
            }
            "-n" => limit = args.next().and_then(|n| n.parse::<usize>().ok()),
            _ => names.push(w.clone()),
        }
    }
    let _ = prompt;
    let read = match limit {
        Some(n) => i
            .sys
            .read(0, n)
            .ok()
            .filter(|b| !b.is_empty())
            .map(|b| (String::from_utf8_lossy(&b).into_owned(), true)),
        None => i.sys.read_line(0),
    };
    let Some((mut line, whole)) = read else {
        for n in &names {
            i.state.set(n, "");
        }
        return status(i, 1);
    };
    if !raw {
        line = line.replace('\\', "");
    }
    let ifs = i.state.get("IFS").unwrap_or(" \t\n").to_owned();
    let is = |c: char| ifs.contains(c);
    if let Some(a) = array {
        let words = line.split(is).filter(|s| !s.is_empty()).map(str::to_owned);
        let values = gatehouse_model::order::map(words.enumerate());
        i.state.vars.insert(a, Var { values, array: true, ..Var::default() });
        return status(i, i32::from(!whole));
    }
    if names.is_empty() {
        i.state.set("REPLY", &line);
        return status(i, i32::from(!whole));
    }
    let blank = |c: char| is(c) && c.is_whitespace();
    let mut rest = line.trim_matches(blank).to_owned();
    for (n, name) in names.iter().enumerate() {
        if n + 1 == names.len() {
            i.state.set(name, &rest);
            break;
        }
        let (first, tail) = match rest.find(is) {
            Some(at) => {
                let (a, b) = rest.split_at(at);
                let mut tail = b.trim_start_matches(blank);
                if let Some(c) = tail.chars().next().filter(|c| is(*c) && !c.is_whitespace()) {
                    tail = tail.strip_prefix(c).unwrap_or(tail).trim_start_matches(blank);
                }
                (a.to_owned(), tail.to_owned())
            }
            None => (rest.clone(), String::new()),
        };
        i.state.set(name, &first);
        rest = tail;
    }
    status(i, i32::from(!whole))
}

pub(super) fn getopts(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let (Some(spec), Some(name)) = (words.get(1).cloned(), words.get(2).cloned()) else {
        return match i.state.dialect {
            Dialect::Bash => {
                i.sys.complain("getopts: usage: getopts optstring name [arg ...]\n");
                status(i, 2)
            }
            Dialect::Dash => fail(i, 2, "getopts: Usage: getopts optstring var [arg...]"),
            Dialect::Ash => {
                fail(i, 2, &format!("getopts: {}usage: getopts optstring var [arg]", i.ash_line()))
            }
        };
    };
    let args =
        words.get(3..).filter(|a| !a.is_empty()).map_or_else(|| i.state.args.clone(), <[String]>::to_vec);
    let index: usize = i.state.get("OPTIND").and_then(|o| o.parse().ok()).unwrap_or(1).max(1);
    // How far the word under way was read; a new OPTIND starts anew.
    let (known, mut offset) = i.state.getopts;
    if known != index {
        offset = 0;
    }
    let arg = args.get(index - 1).cloned().unwrap_or_default();
    let letters: Vec<char> = arg.strip_prefix('-').unwrap_or("").chars().collect();
    let Some(letter) = letters.get(offset).copied().filter(|_| arg != "--") else {
        if arg == "--" {
            i.state.set("OPTIND", &(index + 1).to_string());
        }
        i.state.getopts = (0, 0);
        i.state.set(&name, "?");
        return status(i, 1);
    };
    let last = offset + 1 >= letters.len();
    let mut next = if last { (index + 1, 0) } else { (index, offset + 1) };
    let quiet = spec.starts_with(':');
    let takes = spec.split_once(letter).filter(|_| letter != ':').map(|(_, rest)| rest.starts_with(':'));
    let complaint = |i: &mut Interp<'_, '_>, bash: &str, other: &str| {
        let text = match i.state.dialect {
            Dialect::Bash => format!("{}: {bash} -- {letter}\n", i.state.name),
            _ => format!("{other}\n"),
        };
        i.sys.complain(&text);
    };
    let mut value = None;
    let mut found = letter.to_string();
    match takes {
        Some(false) => {}
        Some(true) if !last => {
            value = Some(letters.get(offset + 1..).unwrap_or_default().iter().collect::<String>());
            next = (index + 1, 0);
        }
        Some(true) => match args.get(index) {
            Some(word) => {
                value = Some(word.clone());
                next = (index + 2, 0);
            }
            None if quiet => (found, value) = (":".to_owned(), Some(letter.to_string())),
            None => {
                found = "?".to_owned();
                complaint(i, "option requires an argument", &format!("No arg for -{letter} option"));
            }
        },
        None => {
            found = "?".to_owned();
            if quiet {
                value = Some(letter.to_string());
            } else {
                complaint(i, "illegal option", &format!("Illegal option -{letter}"));
            }
        }
    }
    i.state.set(&name, &found);
    match value {
        Some(v) => i.state.set("OPTARG", &v),
        None => {
            i.state.vars.remove("OPTARG");
        }
    }
    i.state.set("OPTIND", &next.0.to_string());
    i.state.getopts = next;
    status(i, 0)
}

/// `mapfile` and `readarray`: lines to an array.
pub(super) fn mapfile(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let bare = words.iter().skip(1).any(|w| w == "-t");
    let name =
        words.iter().skip(1).find(|w| !w.starts_with('-')).map_or("MAPFILE", String::as_str).to_owned();
    let mut lines = Vec::new();
    while let Some((line, whole)) = i.sys.read_line(0) {
        lines.push(if bare || !whole { line } else { line + "\n" });
    }
    let values = gatehouse_model::order::map(lines.into_iter().enumerate());
    i.state.vars.insert(name, Var { values, array: true, ..Var::default() });
    status(i, 0)
}
