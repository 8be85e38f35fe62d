//! `trap`: what to do when a signal comes.

use super::*;

/// The number behind a name; 0 is the shell's end.
fn number(i: &Interp<'_, '_>, name: &str) -> Option<i32> {
    if name == "EXIT" || name == "0" {
        return Some(0);
    }
    if i.state.dialect == Dialect::Bash && matches!(name, "ERR" | "DEBUG" | "RETURN") {
        return Some(100 + name.len() as i32);
    }
    programs::signal(name).filter(|n| (1..=64).contains(n))
}

/// The traps that are set, as commands.
fn listed(i: &Interp<'_, '_>) -> String {
    let name = |n: i32| match (n, i.state.dialect) {
        (0, _) => "EXIT".to_owned(),
        (103, _) => "ERR".to_owned(),
        (105, _) => "DEBUG".to_owned(),
        (106, _) => "RETURN".to_owned(),
        (n, Dialect::Bash) => format!("SIG{}", programs::signal_name(n)),
        (n, _) => programs::signal_name(n).to_owned(),
    };
    i.state
        .traps
        .iter()
        .map(|(n, t)| format!("trap -- '{}' {}\n", t.replace('\'', r"'\''"), name(*n)))
        .collect()
}

/// Runs what a trap says.
pub(super) fn fire(i: &mut Interp<'_, '_>, signal: i32) -> Flow {
    let Some(text) = i.state.traps.get(&signal).cloned() else { return Flow::Next };
    let status = i.state.status;
    let flow = crate::shell::evaluate(i, &text);
    if flow == Flow::Next {
        i.state.status = status;
    }
    flow
}

pub(super) fn trap(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let bash = i.state.dialect == Dialect::Bash;
    let mut rest = words.get(1..).unwrap_or_default();
    match rest.first().map(String::as_str) {
        Some("--") => rest = rest.get(1..).unwrap_or_default(),
        Some("-l") if bash => {
            let text = programs::signal_table();
            i.sys.print(&text);
            return status(i, 0);
        }
        Some("-p") if bash => rest = &[],
        Some(w) if w.len() > 1 && w.starts_with('-') => {
            let letter: String = w.chars().skip(1).take(1).collect();
            return match i.state.dialect {
                Dialect::Bash => {
                    i.complain(&format!("trap: -{letter}: invalid option"));
                    i.sys.complain("trap: usage: trap [-lp] [[arg] signal_spec ...]\n");
                    status(i, 2)
                }
                Dialect::Dash => special(i, 2, &format!("trap: Illegal option -{letter}")),
                Dialect::Ash => special(i, 2, &format!("trap: {}illegal option -{letter}", i.ash_line())),
            };
        }
        _ => {}
    }
    let Some(action) = rest.first() else {
        let text = listed(i);
        i.sys.print(&text);
        return status(i, 0);
    };
    // One word alone names a signal whose trap goes.
    let (action, signals) = match rest {
        [_] => (None, rest),
        [a, signals @ ..] if a == "-" => (None, signals),
        // So do numbers.
        [a, ..] if a.parse::<u32>().is_ok() => (None, rest),
        [_, signals @ ..] => (Some(action.clone()), signals),
        [] => (None, rest),
    };
    let mut code = 0;
    for name in signals {
        match number(i, name) {
            Some(n) => {
                match &action {
                    Some(text) => i.state.traps.insert(n, text.clone()),
                    None => i.state.traps.remove(&n),
                };
            }
            None => {
                code = 1;
                match i.state.dialect {
                    Dialect::Bash => i.complain(&format!("trap: {name}: invalid signal specification")),
                    Dialect::Dash => i.sys.complain(&format!("trap: {name}: bad trap\n")),
                    Dialect::Ash => {
                        i.complain(&format!("trap: {}{name}: invalid signal specification", i.ash_line()))
                    }
                }
            }
        }
    }
    status(i, code)
}
