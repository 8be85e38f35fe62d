//! `sh`, `bash`, `dash`: the shell as a program.

use crate::shell::{self, Dialect, ShellState};
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let called = argv.first().map_or("sh", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let dialect = match (called.as_str(), sys.busybox()) {
        (_, true) => Dialect::Ash,
        ("bash" | "-bash", _) => Dialect::Bash,
        _ => Dialect::Dash,
    };
    sys.without_stdio();
    for call in ["getpid", "rt_sigaction", "getppid", "getcwd"] {
        let _ = sys.call(call);
    }
    if dialect == Dialect::Dash {
        let _ = sys.call("getegid");
    }
    let mut state = ShellState::script(dialect, argv.first().map_or("sh", String::as_str));
    state.login = state.name.starts_with('-');
    let mut args = argv.iter().skip(1);
    let mut command = None;
    let mut file = None;
    while let Some(a) = args.next() {
        match a.as_str() {
            "--" => break,
            "-l" | "--login" => state.login = true,
            "-i" | "--noprofile" | "--norc" | "-s" | "-" => {}
            "-o" | "+o" => {
                if args.next().is_some_and(|o| o == "pipefail") {
                    state.options.pipefail = true;
                }
            }
            a if a.starts_with('-') => {
                for c in a.chars().skip(1) {
                    match c {
                        'c' => command = Some(()),
                        'e' => state.options.errexit = true,
                        'u' => state.options.nounset = true,
                        'x' => state.options.xtrace = true,
                        'f' => state.options.noglob = true,
                        'o' => state.options.pipefail |= args.next().is_some_and(|o| o == "pipefail"),
                        _ => {}
                    }
                }
            }
            a => {
                file = Some(a.to_owned());
                break;
            }
        }
        if command.is_some() && file.is_none() && args.len() == 0 {
            break;
        }
    }
    let rest: Vec<String> = args.cloned().collect();
    if command.is_some() {
        let Some(text) = file else {
            let text = match dialect {
                Dialect::Bash => "-c: option requires an argument",
                Dialect::Dash => "0: -c requires an argument",
                Dialect::Ash => "option requires an argument: c",
            };
            sys.complain(&format!("{called}: {text}\n"));
            return 2;
        };
        if let Some((name, args)) = rest.split_first() {
            state.name.clone_from(name);
            state.args = args.to_vec();
        }
        return shell::run_text(sys, &mut state, &text);
    }
    let text = match file {
        Some(f) => match sys.slurp(&f) {
            Ok(t) => {
                state.name.clone_from(&f);
                state.args = rest;
                t
            }
            Err(e) => {
                let text = match dialect {
                    Dialect::Bash => format!("{called}: {f}: {}\n", e.text()),
                    Dialect::Dash => format!("{called}: 0: cannot open {f}: No such file\n"),
                    Dialect::Ash => format!("{called}: can't open '{f}': {}\n", e.text()),
                };
                sys.complain(&text);
                return 127;
            }
        },
        None if sys.is_tty(0) && sys.is_tty(1) => return shell::take_keyboard(sys, state),
        None => String::from_utf8_lossy(&sys.read_all(0).unwrap_or_default()).into_owned(),
    };
    shell::run_text(sys, &mut state, &text)
}
