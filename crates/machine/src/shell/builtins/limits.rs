//! `ulimit` and `umask`.

use super::*;

/// Letter, value (none: unlimited), and the names bash, busybox's shell and dash give it.
const LIMITS: &[(char, Option<u64>, &str, &str, &str)] = &[
    ('R', None, "real-time non-blocking time  (microseconds, -R)", "", ""),
    (
        'c',
        None,
        "core file size              (blocks, -c)",
        "core file size (blocks)         (-c)",
        "coredump(blocks)",
    ),
    (
        'd',
        None,
        "data seg size               (kbytes, -d)",
        "data seg size (kb)              (-d)",
        "data(kbytes)",
    ),
    ('e', Some(0), "scheduling priority                 (-e)", "scheduling priority             (-e)", ""),
    (
        'f',
        None,
        "file size                   (blocks, -f)",
        "file size (blocks)              (-f)",
        "file(blocks)",
    ),
    (
        'i',
        Some(15_420),
        "pending signals                     (-i)",
        "pending signals                 (-i)",
        "",
    ),
    (
        'l',
        Some(8192),
        "max locked memory           (kbytes, -l)",
        "max locked memory (kb)          (-l)",
        "locked memory(kbytes)",
    ),
    (
        'm',
        None,
        "max memory size             (kbytes, -m)",
        "max memory size (kb)            (-m)",
        "memory(kbytes)",
    ),
    (
        'n',
        Some(1_048_576),
        "open files                          (-n)",
        "open files                      (-n)",
        "nofiles",
    ),
    ('p', Some(8), "pipe size                (512 bytes, -p)", "", ""),
    (
        'q',
        Some(819_200),
        "POSIX message queues         (bytes, -q)",
        "POSIX message queues (bytes)    (-q)",
        "",
    ),
    (
        'r',
        Some(0),
        "real-time priority                  (-r)",
        "real-time priority              (-r)",
        "rtprio",
    ),
    (
        's',
        Some(8192),
        "stack size                  (kbytes, -s)",
        "stack size (kb)                 (-s)",
        "stack(kbytes)",
    ),
    (
        't',
        None,
        "cpu time                   (seconds, -t)",
        "cpu time (seconds)              (-t)",
        "time(seconds)",
    ),
    (
        'u',
        None,
        "max user processes                  (-u)",
        "max user processes              (-u)",
        "process",
    ),
    (
        'v',
        None,
        "virtual memory              (kbytes, -v)",
        "virtual memory (kb)             (-v)",
        "vmemory(kbytes)",
    ),
    ('x', None, "file locks                          (-x)", "file locks                      (-x)", "locks"),
];
/// The order in which dash lists them, and its letters.
const DASH: &[(char, char)] = &[
    ('t', 't'),
    ('f', 'f'),
    ('d', 'd'),
    ('s', 's'),
    ('c', 'c'),
    ('m', 'm'),
    ('l', 'l'),
    ('p', 'u'),
    ('n', 'n'),
    ('v', 'v'),
    ('w', 'x'),
    ('r', 'r'),
];

fn shown(i: &Interp<'_, '_>, letter: char) -> String {
    let usual = LIMITS.iter().find(|l| l.0 == letter).and_then(|l| l.1);
    i.state.limits.get(&letter).copied().or(usual).map_or_else(|| "unlimited".to_owned(), |n| n.to_string())
}

fn all(i: &Interp<'_, '_>) -> String {
    match i.state.dialect {
        Dialect::Dash => {
            let row = |(_, letter): &(char, char)| {
                let name = LIMITS.iter().find(|l| l.0 == *letter).map_or("", |l| l.4);
                format!("{name:<20} {}\n", shown(i, *letter))
            };
            DASH.iter().map(row).collect()
        }
        dialect => {
            let name = |l: &(char, Option<u64>, &'static str, &'static str, &'static str)| {
                if dialect == Dialect::Bash { l.2 } else { l.3 }
            };
            LIMITS
                .iter()
                .filter(|l| !name(l).is_empty())
                .map(|l| format!("{} {}\n", name(l), shown(i, l.0)))
                .collect()
        }
    }
}

pub(super) fn ulimit(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let dialect = i.state.dialect;
    let mut letter = 'f';
    let mut value = None;
    for w in words.iter().skip(1) {
        let Some(flags) = w.strip_prefix('-').filter(|f| !f.is_empty()) else {
            value = Some(w.clone());
            continue;
        };
        for c in flags.chars() {
            let meant = match dialect {
                Dialect::Dash => DASH.iter().find(|(l, _)| *l == c).map(|(_, l)| *l),
                _ => LIMITS.iter().map(|l| l.0).find(|l| *l == c),
            };
            match (c, meant) {
                ('H' | 'S', _) => {}
                ('a', _) => {
                    let text = all(i);
                    i.sys.print(&text);
                    return status(i, 0);
                }
                (_, Some(l)) => letter = l,
                (c, None) => {
                    return match dialect {
                        Dialect::Bash => {
                            i.complain(&format!("ulimit: -{c}: invalid option"));
                            i.sys.complain("ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]\n");
                            status(i, 2)
                        }
                        Dialect::Dash => fail(i, 2, &format!("ulimit: Illegal option -{c}")),
                        Dialect::Ash => {
                            i.sys.complain(&format!("ulimit: invalid option -- '{c}'\n"));
                            status(i, 1)
                        }
                    };
                }
            }
        }
    }
    let Some(value) = value else {
        let text = shown(i, letter);
        i.sys.print(&format!("{text}\n"));
        return status(i, 0);
    };
    let wanted = match value.as_str() {
        "unlimited" => None,
        v => match v.parse::<u64>() {
            Ok(n) => Some(n),
            Err(_) => {
                return match dialect {
                    Dialect::Bash => fail(i, 1, &format!("ulimit: {v}: invalid number")),
                    Dialect::Dash => fail(i, 2, "ulimit: bad number"),
                    Dialect::Ash => fail(i, 1, &format!("invalid number '{v}'")),
                };
            }
        },
    };
    let now: Option<u64> = shown(i, letter).parse().ok();
    let raised = now.is_some_and(|n| wanted.is_none_or(|w| w > n));
    if raised && !i.sys.capable(gatehouse_core::effects::capabilities::Capability::SysResource) {
        let name = LIMITS.iter().find(|l| l.0 == letter).map_or("", |l| l.2.split("  ").next().unwrap_or(""));
        return match dialect {
            Dialect::Bash => {
                fail(i, 1, &format!("ulimit: {name}: cannot modify limit: Operation not permitted"))
            }
            Dialect::Dash => fail(i, 2, "ulimit: error setting limit (Operation not permitted)"),
            Dialect::Ash => fail(i, 1, "error setting limit: Operation not permitted"),
        };
    }
    let _ = i.sys.call("prlimit64");
    match wanted {
        Some(n) => i.state.limits.insert(letter, n),
        None => i.state.limits.remove(&letter),
    };
    status(i, 0)
}

/// A mask in letters: what it leaves.
fn symbolic(mask: u32) -> String {
    let letters = |shift: u32| {
        let left = !mask >> shift & 7;
        [(4, 'r'), (2, 'w'), (1, 'x')]
            .iter()
            .filter(|(b, _)| left & b != 0)
            .map(|(_, c)| *c)
            .collect::<String>()
    };
    format!("u={},g={},o={}", letters(6), letters(3), letters(0))
}

/// What a mask becomes by `u=rwx,g-w,…`; the letter that is none otherwise.
fn from_symbolic(mask: u32, text: &str) -> Result<u32, char> {
    let mut left = !mask & 0o777;
    for clause in text.split(',') {
        let at = clause
            .find(['=', '+', '-'])
            .ok_or_else(|| clause.chars().find(|c| !"ugoa".contains(*c)).unwrap_or(' '))?;
        let (who, rest) = clause.split_at(at);
        let (op, modes) = rest.split_at(1);
        let mut shifts = 0;
        for c in who.chars() {
            shifts |= match c {
                'u' => 0o700,
                'g' => 0o070,
                'o' => 0o007,
                'a' => 0o777,
                c => return Err(c),
            };
        }
        if who.is_empty() {
            shifts = 0o777;
        }
        let mut bits = 0;
        for c in modes.chars() {
            bits |= match c {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                c => return Err(c),
            };
        }
        match op {
            "=" => left = left & !shifts | bits & shifts,
            "+" => left |= bits & shifts,
            _ => left &= !(bits & shifts),
        }
    }
    Ok(!left & 0o777)
}

pub(super) fn umask(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let mask = i.sys.me().umask;
    let dialect = i.state.dialect;
    let line = i.ash_line();
    let mut wanted = None;
    let (mut letters, mut reusable) = (false, false);
    for w in words.iter().skip(1) {
        match w.strip_prefix('-').filter(|f| !f.is_empty()) {
            Some("S") => letters = true,
            Some("p") if dialect == Dialect::Bash => reusable = true,
            Some(f) if f.starts_with(|c: char| c.is_ascii_alphabetic()) && !f.contains(['=', '+']) => {
                let c: String = f.chars().take(1).collect();
                return match dialect {
                    Dialect::Bash => {
                        i.complain(&format!("umask: -{c}: invalid option"));
                        i.sys.complain("umask: usage: umask [-p] [-S] [mode]\n");
                        status(i, 2)
                    }
                    Dialect::Dash => fail(i, 2, &format!("umask: Illegal option -{c}")),
                    Dialect::Ash => fail(i, 2, &format!("umask: {line}illegal option -{c}")),
                };
            }
            _ => wanted = Some(w.clone()),
        }
    }
    let Some(wanted) = wanted else {
        let text = if letters { symbolic(mask) } else { format!("{mask:04o}") };
        i.sys.print(&format!("{}{text}\n", if reusable { "umask " } else { "" }));
        return status(i, 0);
    };
    let number = wanted.starts_with(|c: char| c.is_ascii_digit());
    let parsed = if number {
        u32::from_str_radix(&wanted, 8).ok().filter(|m| *m <= 0o777).ok_or(' ')
    } else {
        from_symbolic(mask, &wanted)
    };
    match (parsed, dialect) {
        (Ok(mask), _) => {
            i.sys.umask(mask);
            status(i, 0)
        }
        (Err(_), Dialect::Bash) if number => {
            fail(i, 1, &format!("umask: {wanted}: octal number out of range"))
        }
        (Err(c), Dialect::Bash) => {
            let what = if wanted.contains(['=', '+', '-']) { "character" } else { "operator" };
            fail(i, 1, &format!("umask: `{c}': invalid symbolic mode {what}"))
        }
        (Err(_), Dialect::Dash) if number => fail(i, 2, &format!("umask: Illegal number: {wanted}")),
        (Err(_), Dialect::Dash) => fail(i, 2, &format!("umask: Illegal mode: {wanted}")),
        (Err(_), Dialect::Ash) => fail(i, 2, &format!("umask: {line}illegal mode: {wanted}")),
    }
}
