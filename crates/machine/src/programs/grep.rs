//! `grep`, `egrep`, `fgrep`.

use super::{lines, options};
use crate::regex::{Regex, Syntax};
use crate::sys::Sys;

struct Run<'r> {
    patterns: &'r [Regex],
    opts: &'r options::Options,
    before: usize,
    after: usize,
    max: usize,
    named: bool,
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("extended-regexp", 'E'),
        ("fixed-strings", 'F'),
        ("ignore-case", 'i'),
        ("invert-match", 'v'),
        ("count", 'c'),
        ("quiet", 'q'),
        ("silent", 'q'),
        ("only-matching", 'o'),
        ("line-number", 'n'),
        ("files-with-matches", 'l'),
        ("files-without-match", 'L'),
        ("recursive", 'r'),
        ("word-regexp", 'w'),
        ("line-regexp", 'x'),
        ("after-context", 'A'),
        ("before-context", 'B'),
        ("context", 'C'),
        ("max-count", 'm'),
        ("no-messages", 's'),
        ("no-filename", 'h'),
        ("with-filename", 'H'),
        ("regexp", 'e'),
        ("file", 'f'),
        ("color", 'K'),
        ("colour", 'K'),
        ("include", 'I'),
        ("text", 'a'),
    ];
    // `-4` is a context.
    let mut given: Vec<String> = argv.to_vec();
    for a in &mut given {
        if a.len() > 1 && a.starts_with('-') && a.chars().skip(1).all(|c| c.is_ascii_digit()) {
            *a = format!("-C{}", a.trim_start_matches('-'));
        }
    }
    let opts = match options::parse(sys, &given, "EFGPivcqonlLrRwxA:B:C:m:shHe:f:K::I:abz", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut files = opts.operands.clone();
    let mut texts: Vec<String> =
        opts.given.iter().filter(|(l, _)| *l == 'e').map(|(_, v)| v.clone()).collect();
    for (_, f) in opts.given.iter().filter(|(l, _)| *l == 'f') {
        let text = sys.slurp(f).unwrap_or_default();
        texts.extend(lines(&text).into_iter().map(str::to_owned));
    }
    if texts.is_empty() && !opts.has('f') {
        if files.is_empty() {
            let text = if sys.busybox() {
                "BusyBox v1.37.0 () multi-call binary.\n\nUsage: grep [-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...\n"
            } else {
                "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n"
            };
            sys.complain(text);
            return 2;
        }
        texts = files.remove(0).split('\n').map(str::to_owned).collect();
    }
    let name = argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a));
    let syntax = if opts.has('F') || name == "fgrep" {
        Syntax::Fixed
    } else if opts.has('E') || opts.has('P') || name == "egrep" {
        Syntax::Extended
    } else {
        Syntax::Basic
    };
    let mut patterns = Vec::new();
    for t in texts {
        match Regex::new(&t, syntax, opts.has('i')) {
            Ok(r) => patterns.push(r),
            Err(e) => {
                sys.complain(&format!("grep: {e}\n"));
                return 2;
            }
        }
    }
    let number = |letter: char| opts.value(letter).and_then(|v| v.parse::<usize>().ok());
    let recursive = opts.has('r') || opts.has('R');
    if files.is_empty() {
        files.push(if recursive { "." } else { "-" }.to_owned());
    }
    let named = (files.len() > 1 || recursive || opts.has('H')) && !opts.has('h');
    let run = Run {
        patterns: &patterns,
        opts: &opts,
        before: number('B').or(number('C')).unwrap_or(0),
        after: number('A').or(number('C')).unwrap_or(0),
        max: number('m').unwrap_or(usize::MAX),
        named,
    };
    let (mut matched, mut trouble) = (false, false);
    for f in files {
        one(sys, &run, &f, recursive, &mut matched, &mut trouble);
        if matched && opts.has('q') {
            return 0;
        }
    }
    if trouble { 2 } else { i32::from(!matched) }
}

fn one(
    sys: &mut Sys<'_>,
    run: &Run<'_>,
    file: &str,
    recursive: bool,
    matched: &mut bool,
    trouble: &mut bool,
) {
    if recursive && sys.stat(file).is_ok_and(|s| s.is_dir()) {
        for name in sys.list(file).unwrap_or_default() {
            let path = if file.ends_with('/') { format!("{file}{name}") } else { format!("{file}/{name}") };
            one(sys, run, &path, true, matched, trouble);
        }
        return;
    }
    let read = if file == "-" { sys.read_all(0) } else { super::read_input(sys, file) };
    match read {
        Ok(bytes) => {
            let text = crate::text::decode(&bytes);
            *matched |= search(sys, run, file, &text);
        }
        Err(e) => {
            if !run.opts.has('s') {
                sys.flush();
                let suffix = if e == crate::errno::Errno::EISDIR && !sys.busybox() {
                    "Is a directory".to_owned()
                } else {
                    e.text()
                };
                sys.complain(&format!("grep: {file}: {suffix}\n"));
            }
            *trouble = true;
        }
    }
}

fn find(run: &Run<'_>, chars: &[char], from: usize) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    for r in run.patterns {
        let mut at = from;
        while let Some(m) = r.find_at(chars, at) {
            let (s, e) = (m.start(), m.end());
            let whole = !run.opts.has('x') || s == 0 && e == chars.len();
            let is_word = |i: Option<&char>| i.is_some_and(|c| c.is_alphanumeric() || *c == '_');
            let word = !run.opts.has('w')
                || !is_word(s.checked_sub(1).and_then(|i| chars.get(i))) && !is_word(chars.get(e)) && e > s;
            if whole && word {
                if best.is_none_or(|(bs, be)| s < bs || s == bs && e > be) {
                    best = Some((s, e));
                }
                break;
            }
            at = s + 1;
            if at > chars.len() {
                break;
            }
        }
    }
    best
}

fn search(sys: &mut Sys<'_>, run: &Run<'_>, file: &str, text: &str) -> bool {
    let opts = run.opts;
    let shown = if file == "-" { "(standard input)" } else { file };
    let all = lines(text);
    let mut count = 0;
    let mut last_shown: Option<usize> = None;
    let mut after = 0;
    let quiet = opts.has('q') || opts.has('l') || opts.has('L') || opts.has('c');
    let prefix = |i: usize, sep: char| {
        let mut p = String::new();
        if run.named {
            p.push_str(shown);
            p.push(sep);
        }
        if opts.has('n') {
            p.push_str(&format!("{}{sep}", i + 1));
        }
        p
    };
    for (i, line) in all.iter().enumerate() {
        let chars: Vec<char> = line.chars().collect();
        let found = find(run, &chars, 0);
        let hit = found.is_some() != opts.has('v');
        if !hit {
            if after > 0 && !quiet && !opts.has('o') {
                after -= 1;
                last_shown = Some(i);
                sys.print(&format!("{}{line}\n", prefix(i, '-')));
            }
            continue;
        }
        if count >= run.max {
            break;
        }
        count += 1;
        if quiet {
            if !opts.has('c') {
                break;
            }
            continue;
        }
        if opts.has('o') {
            if opts.has('v') {
                continue;
            }
            let mut at = 0;
            while let Some((s, e)) = find(run, &chars, at) {
                if e > s {
                    let piece: String = chars.get(s..e).unwrap_or_default().iter().collect();
                    sys.print(&format!("{}{piece}\n", prefix(i, ':')));
                }
                at = if e > s { e } else { e + 1 };
                if at > chars.len() {
                    break;
                }
            }
            continue;
        }
        let from = i.saturating_sub(run.before).max(last_shown.map_or(0, |l| l + 1));
        if (run.before > 0 || run.after > 0) && last_shown.is_some_and(|l| from > l + 1) {
            sys.print("--\n");
        }
        for (j, context) in all.iter().enumerate().take(i).skip(from) {
            sys.print(&format!("{}{context}\n", prefix(j, '-')));
        }
        sys.print(&format!("{}{line}\n", prefix(i, ':')));
        last_shown = Some(i);
        after = run.after;
    }
    if opts.has('c') && !opts.has('q') {
        let p = if run.named { format!("{shown}:") } else { String::new() };
        sys.print(&format!("{p}{count}\n"));
    }
    if opts.has('l') && count > 0 || opts.has('L') && count == 0 {
        sys.print(&format!("{shown}\n"));
    }
    count > 0
}
