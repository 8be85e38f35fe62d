//! `chmod`.

use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    // A mode may start with `-`; it is no option then.
    let (mut recursive, mut verbose) = (false, false);
    let mut words = Vec::new();
    for a in argv.iter().skip(1) {
        match a.as_str() {
            "-R" | "--recursive" => recursive = true,
            "-v" => verbose = true,
            "-f" | "-c" | "--" => {}
            _ => words.push(a.clone()),
        }
    }
    let Some((mode, files)) = words.split_first() else {
        sys.complain("chmod: missing operand\nTry 'chmod --help' for more information.\n");
        return 1;
    };
    if files.is_empty() {
        sys.complain(&format!(
            "chmod: missing operand after \u{2018}{mode}\u{2019}\nTry 'chmod --help' for more information.\n"
        ));
        return 1;
    }
    let busybox = sys.busybox();
    let umask = sys.me().umask;
    let good = apply(mode, 0, false, umask).is_some();
    if busybox && !good {
        let _ = sys.call("newfstatat");
    }
    if !busybox && good {
        let _ = sys.call("umask");
    }
    if !good {
        let quote = |t: &str| {
            if busybox {
                format!("chmod: invalid mode '{t}'\n")
            } else {
                format!("chmod: invalid mode: '{t}'\nTry 'chmod --help' for more information.\n")
            }
        };
        let text = quote(mode);
        sys.complain(&text);
        return 1;
    }
    let mut code = 0;
    for f in files {
        code |= one(sys, f, mode, umask, (recursive, verbose));
    }
    code
}

fn one(sys: &mut Sys<'_>, path: &str, mode: &str, umask: u32, (recursive, verbose): (bool, bool)) -> i32 {
    let busybox = sys.busybox();
    let stat = match sys.stat(path) {
        Ok(s) => s,
        Err(e) => {
            let text = if busybox {
                format!("chmod: {path}: {}\n", e.text())
            } else {
                format!("chmod: cannot access '{path}': {}\n", e.text())
            };
            sys.complain(&text);
            return 1;
        }
    };
    let mut code = 0;
    if busybox && mode.starts_with(['+', '-', '=']) {
        let _ = sys.call("umask");
    }
    let new = apply(mode, stat.mode, stat.is_dir(), umask).unwrap_or(stat.mode);
    let call = if busybox { "chmod" } else { "fchmodat" };
    if let Err(e) = sys.chmod(call, path, new) {
        let text = if busybox {
            format!("chmod: {path}: {}\n", e.text())
        } else {
            format!("chmod: changing permissions of '{path}': {}\n", e.text())
        };
        sys.complain(&text);
        code = 1;
    } else if verbose {
        let text = |m: u32| {
            let mut s = stat.clone();
            std::sync::Arc::make_mut(&mut s.inode).mode = m;
            super::ls::mode_text(&s).get(1..).unwrap_or("").to_owned()
        };
        let line = match (busybox, new == stat.mode) {
            (true, _) => format!("mode of '{path}' changed to {new:04o} ({})\n", text(new)),
            (false, true) => format!("mode of '{path}' retained as {new:04o} ({})\n", text(new)),
            (false, false) => format!(
                "mode of '{path}' changed from {:04o} ({}) to {new:04o} ({})\n",
                stat.mode,
                text(stat.mode),
                text(new)
            ),
        };
        sys.print(&line);
    }
    if recursive && stat.is_dir() {
        for name in sys.list(path).unwrap_or_default() {
            code |= one(sys, &format!("{}/{name}", path.trim_end_matches('/')), mode, umask, (true, verbose));
        }
    }
    code
}

/// A mode, octal or symbolic, applied to an old one; `None` where it is no mode.
pub(super) fn apply(mode: &str, old: u32, is_dir: bool, umask: u32) -> Option<u32> {
    if mode.chars().all(|c| c.is_digit(8)) && !mode.is_empty() {
        let new = u32::from_str_radix(mode, 8).ok()?;
        // Special bits of a directory stay unless five digits say otherwise.
        return (new <= 0o7777).then_some(if is_dir && mode.len() < 5 { new | old & 0o6000 } else { new });
    }
    let mut now = old;
    for clause in mode.split(',') {
        let ops = clause.find(['+', '-', '='])?;
        let (who, mut rest) = clause.split_at(ops);
        let mut mask = 0;
        for c in who.chars() {
            mask |= match c {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        let masked = who.is_empty();
        if masked {
            mask = 0o7777 & !umask;
        }
        while let Some(op) = rest.chars().next() {
            rest = rest.get(1..)?;
            let end = rest.find(['+', '-', '=']).unwrap_or(rest.len());
            let (perms, tail) = rest.split_at(end);
            rest = tail;
            let mut bits = 0;
            for c in perms.chars() {
                bits |= match c {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    'X' if is_dir || now & 0o111 != 0 => 0o111,
                    'X' => 0,
                    's' => 0o6000,
                    't' => 0o1000,
                    'u' => (now >> 6 & 7) * 0o111,
                    'g' => (now >> 3 & 7) * 0o111,
                    'o' => (now & 7) * 0o111,
                    _ => return None,
                };
            }
            match op {
                '+' => now |= bits & mask,
                '-' => now &= !(bits & mask),
                '=' => now = now & !(mask & 0o777 | if masked { 0 } else { mask & 0o6000 }) | bits & mask,
                _ => return None,
            }
        }
    }
    Some(now)
}

#[cfg(test)]
mod tests {
    use super::apply;

    #[test]
    fn modes() {
        assert_eq!(apply("u+x", 0o644, false, 0o22), Some(0o744));
        assert_eq!(apply("go-rwx", 0o755, false, 0o22), Some(0o700));
        assert_eq!(apply("a=r,u+w", 0o777, false, 0o22), Some(0o644));
        assert_eq!(apply("+x", 0o644, false, 0o22), Some(0o755));
        assert_eq!(apply("9", 0o644, false, 0o22), None);
        assert_eq!(apply("755", 0, false, 0), Some(0o755));
    }
}
