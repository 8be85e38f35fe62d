//! `head` and `tail`.

use super::options;
use crate::process::State;
use crate::sys::Sys;

/// A source that gives so much gives for ever.
const ENDLESS: usize = 1 << 20;

/// How much is wanted.
enum Amount {
    Lines(usize),
    Bytes(usize),
}

fn arguments(argv: &[String]) -> Vec<String> {
    // `-5` is `-n 5`, `+5` of old tail likewise.
    argv.iter()
        .enumerate()
        .map(|(i, a)| {
            let digits =
                a.strip_prefix('-').filter(|d| !d.is_empty() && d.chars().all(|c| c.is_ascii_digit()));
            digits.filter(|_| i > 0).map_or_else(|| a.clone(), |d| format!("-n{d}"))
        })
        .collect()
}

fn run(sys: &mut Sys<'_>, argv: &[String], tail: bool) -> i32 {
    let program = if tail { "tail" } else { "head" };
    let argv = arguments(argv);
    let long = [
        ("lines", 'n'),
        ("bytes", 'c'),
        ("quiet", 'q'),
        ("silent", 'q'),
        ("verbose", 'v'),
        ("follow", 'f'),
        ("retry", 'F'),
    ];
    let opts = match options::parse(sys, &argv, "n:c:qvfFs:z", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (text, bytes) = match (opts.value('c'), opts.value('n')) {
        (Some(c), _) => (c.to_owned(), true),
        (None, n) => (n.unwrap_or("10").to_owned(), false),
    };
    let unit = match text.chars().last() {
        Some('k' | 'K') => 1024,
        Some('M') => 1 << 20,
        _ => 1,
    };
    let from_start = text.starts_with('+');
    let all_but = text.starts_with('-') && !tail;
    let digits = text.trim_start_matches(['+', '-']).trim_end_matches(['k', 'K', 'M']);
    let Ok(n) = digits.parse::<usize>() else {
        let what = if bytes { "bytes" } else { "lines" };
        let line = if sys.busybox() {
            format!("{program}: invalid number '{text}'\n")
        } else {
            format!("{program}: invalid number of {what}: \u{2018}{text}\u{2019}\n")
        };
        sys.complain(&line);
        return 1;
    };
    let amount =
        if bytes { Amount::Bytes(n.saturating_mul(unit)) } else { Amount::Lines(n.saturating_mul(unit)) };
    let files = if opts.operands.is_empty() { vec!["-".to_owned()] } else { opts.operands.clone() };
    let titled = (files.len() > 1 || opts.has('v')) && !opts.has('q');
    let mut code = 0;
    let mut first = true;
    for f in &files {
        let read = match (f.as_str(), tail && sys.busybox(), from_start, bytes) {
            ("-", ..) => sys.read_all(0),
            (_, true, true, _) => super::read_plainly(sys, f, &[]),
            (_, true, false, true) => super::read_plainly(sys, f, &["lseek", "sendfile"]),
            (_, true, false, false) => super::read_plainly(sys, f, &["lseek"]),
            _ => super::read_input(sys, f),
        };
        match read {
            Ok(data) => {
                // tail keeps what may still be wanted: of a source without lines and without end, all.
                if tail && data.len() > ENDLESS && !from_start && !sys.hold(u64::MAX) {
                    return 137;
                }
                if titled {
                    let name = if f == "-" { "standard input" } else { f };
                    sys.print(&format!("{}==> {name} <==\n", if first { "" } else { "\n" }));
                }
                first = false;
                let piece = cut(&data, &amount, tail, from_start, all_but);
                // What was read too far is given back.
                let given_back =
                    if tail { !bytes && !from_start } else { !bytes && piece.len() < data.len() };
                if f != "-" && !sys.busybox() && given_back {
                    let _ = sys.call("lseek");
                }
                sys.print_bytes(piece);
            }
            Err(e) => {
                sys.flush();
                let line = match (sys.busybox(), tail) {
                    (true, true) => format!("tail: can't open '{f}': {}\ntail: no files\n", e.text()),
                    (true, false) => format!("head: {f}: {}\n", e.text()),
                    (false, _) => format!("{program}: cannot open '{f}' for reading: {}\n", e.text()),
                };
                sys.complain(&line);
                code = 1;
            }
        }
    }
    if tail && (opts.has('f') || opts.has('F')) && (code == 0 || opts.has('F')) {
        sys.stop(State::Blocked(None, 130));
    }
    code
}

fn cut<'d>(data: &'d [u8], amount: &Amount, tail: bool, from_start: bool, all_but: bool) -> &'d [u8] {
    let len = data.len();
    let starts: Vec<usize> = match amount {
        Amount::Bytes(_) => Vec::new(),
        Amount::Lines(_) => {
            let mut s: Vec<usize> = if data.is_empty() { Vec::new() } else { vec![0] };
            s.extend(
                data.iter().enumerate().filter(|(i, b)| **b == b'\n' && i + 1 < len).map(|(i, _)| i + 1),
            );
            s
        }
    };
    let at = |n: usize| match amount {
        Amount::Bytes(_) => n.min(len),
        Amount::Lines(_) => starts.get(n).copied().unwrap_or(len),
    };
    let total = if matches!(amount, Amount::Bytes(_)) { len } else { starts.len() };
    let (Amount::Bytes(n) | Amount::Lines(n)) = amount;
    let (from, to) = match (tail, from_start, all_but) {
        (true, true, _) => (at(n.saturating_sub(1)), len),
        (true, false, _) => (at(total.saturating_sub(*n)), len),
        (false, _, true) => (0, at(total.saturating_sub(*n))),
        (false, _, false) => (0, at(*n)),
    };
    data.get(from..to).unwrap_or_default()
}

pub(super) fn head(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    run(sys, argv, false)
}

pub(super) fn tail(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    run(sys, argv, true)
}
