//! `shuf`, `split`, `join`, `factor`.

use super::{inputs, lines, options};
use crate::sys::Sys;

pub(super) fn shuf(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [("head-count", 'n'), ("echo", 'e'), ("input-range", 'i'), ("repeat", 'r'), ("output", 'o')];
    let opts = match options::parse(sys, argv, "n:ei:ro:z", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut items: Vec<String> = if opts.has('e') {
        opts.operands.clone()
    } else if let Some(range) = opts.value('i').map(str::to_owned) {
        let ends =
            range.split_once('-').and_then(|(a, b)| Some((a.parse::<u64>().ok()?, b.parse::<u64>().ok()?)));
        let Some((low, high)) = ends.filter(|(a, b)| a <= b && b - a < 1_000_000) else {
            let text = if sys.busybox() {
                format!("shuf: bad range '{range}'\n")
            } else {
                format!("shuf: invalid input range: \u{2018}{range}\u{2019}\n")
            };
            sys.complain(&text);
            return 1;
        };
        (low..=high).map(|n| n.to_string()).collect()
    } else {
        let (all, fine) = inputs(sys, "shuf", &opts.operands);
        if !fine {
            return 1;
        }
        all.iter().flat_map(|(_, t)| lines(t)).map(str::to_owned).collect()
    };
    let _ = sys.call("getrandom");
    let mut random = gatehouse_core::Entropy::new(sys.now().0 as u64 ^ u64::from(sys.me().pid));
    let count = opts.value('n').and_then(|n| n.parse::<usize>().ok());
    let mut out = String::new();
    if opts.has('r') && !items.is_empty() {
        for _ in 0..count.unwrap_or(1000).min(100_000) {
            let at = (random.next_u64() % items.len() as u64) as usize;
            out.push_str(&format!("{}\n", items.get(at).map_or("", String::as_str)));
        }
    } else {
        for i in (1..items.len()).rev() {
            items.swap(i, (random.next_u64() % (i as u64 + 1)) as usize);
        }
        out.extend(items.iter().take(count.unwrap_or(usize::MAX)).map(|l| format!("{l}\n")));
    }
    sys.print(&out);
    0
}

/// A size with its unit.
fn size(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..)? {
        "" => 1,
        "b" => 512,
        "k" | "K" | "KiB" => 1024,
        "kB" | "KB" => 1000,
        "m" | "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "g" | "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit).filter(|n| *n > 0)
}

pub(super) fn split(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long =
        [("lines", 'l'), ("bytes", 'b'), ("suffix-length", 'a'), ("numeric-suffixes", 'd'), ("verbose", 'v')];
    let opts = match options::parse(sys, argv, "l:b:a:d", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let letters = opts.value('a').and_then(|a| a.parse::<u32>().ok()).unwrap_or(2);
    let (input, prefix) = (opts.operands.first(), opts.operands.get(1).map_or("x", String::as_str));
    let read = match input.map(String::as_str) {
        None | Some("-") => sys.read_all(0),
        Some(f) => super::read_input(sys, f),
    };
    let bytes = match read {
        Ok(b) => b,
        Err(e) => {
            let f = input.map_or("", String::as_str);
            let text = if sys.busybox() {
                format!("split: can't open '{f}': {}\n", e.text())
            } else {
                format!("split: cannot open \u{2018}{f}\u{2019} for reading: {}\n", e.text())
            };
            sys.complain(&text);
            return 1;
        }
    };
    let chunks: Vec<Vec<u8>> = match opts.value('b').map(size) {
        Some(Some(n)) => bytes.chunks(n).map(<[u8]>::to_vec).collect(),
        Some(None) => {
            sys.complain(&format!(
                "split: invalid number of bytes: \u{2018}{}\u{2019}\n",
                opts.value('b').unwrap_or("")
            ));
            return 1;
        }
        None => {
            let n = opts.value('l').map_or(Some(1000), size).unwrap_or(1000);
            let all: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
            all.chunks(n).map(<[&[u8]]>::concat).collect()
        }
    };
    let base = if opts.has('d') { 10usize } else { 26 };
    for (i, chunk) in chunks.iter().enumerate() {
        let (mut name, mut left) = (Vec::new(), i);
        for _ in 0..letters {
            let digit = (left % base) as u8;
            name.push(char::from(if base == 10 { b'0' + digit } else { b'a' + digit }));
            left /= base;
        }
        if left > 0 {
            let text = if sys.busybox() {
                "split: suffixes exhausted\n"
            } else {
                "split: output file suffixes exhausted\n"
            };
            sys.complain(text);
            return 1;
        }
        let path = format!("{prefix}{}", name.iter().rev().collect::<String>());
        if let Err(e) = sys.spill(&path, chunk) {
            sys.complain(&format!("split: {path}: {}\n", e.text()));
            return 1;
        }
    }
    0
}

pub(super) fn join(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "1:2:j:t:a:v:i", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let field = |c: char| {
        opts.value(c).or(opts.value('j')).and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).max(1) - 1
    };
    let (first, second) = (field('1'), field('2'));
    let sep = opts.value('t').and_then(|t| t.chars().next());
    let [a, b] = opts.operands.as_slice() else {
        let text = match opts.operands.last() {
            None => "join: missing operand\n".to_owned(),
            Some(last) => format!("join: missing operand after \u{2018}{last}\u{2019}\n"),
        };
        sys.complain(&format!("{text}Try 'join --help' for more information.\n"));
        return 1;
    };
    let (all, fine) = inputs(sys, "join", &[a.clone(), b.clone()]);
    let [(_, left), (_, right)] = all.as_slice() else { return i32::from(!fine) };
    let cut = |line: &str| -> Vec<String> {
        match sep {
            Some(c) => line.split(c).map(str::to_owned).collect(),
            None => line.split_whitespace().map(str::to_owned).collect(),
        }
    };
    let rows = |text: &str| -> Vec<Vec<String>> { lines(text).iter().map(|l| cut(l)).collect() };
    let (left, right) = (rows(left), rows(right));
    let joint = sep.map_or(" ".to_owned(), String::from);
    let key = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    let line = |key: &str, rows: &[(&[String], usize)]| {
        let mut cells = vec![key.to_owned()];
        for (row, at) in rows {
            cells.extend(row.iter().enumerate().filter(|(i, _)| i != at).map(|(_, c)| c.clone()));
        }
        cells.join(&joint) + "\n"
    };
    let unpaired = |n: &str| opts.given.iter().any(|(l, v)| matches!(l, 'a' | 'v') && v == n);
    let mut out = String::new();
    for l in &left {
        let k = key(l, first);
        let mut met = false;
        for r in right.iter().filter(|r| key(r, second) == k) {
            met = true;
            if !opts.has('v') {
                out.push_str(&line(&k, &[(l, first), (r, second)]));
            }
        }
        if !met && unpaired("1") {
            out.push_str(&line(&k, &[(l, first)]));
        }
    }
    for r in right.iter().filter(|r| unpaired("2") && !left.iter().any(|l| key(l, first) == key(r, second))) {
        out.push_str(&line(&key(r, second), &[(r, second)]));
    }
    sys.print(&out);
    i32::from(!fine)
}

pub(super) fn factor(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words: Vec<String> = if argv.len() > 1 {
        argv.get(1..).unwrap_or_default().to_vec()
    } else {
        let text = String::from_utf8_lossy(&sys.read_all(0).unwrap_or_default()).into_owned();
        text.split_whitespace().map(str::to_owned).collect()
    };
    let mut code = 0;
    for word in words {
        let Ok(number) = word.parse::<u64>() else {
            let text = if sys.busybox() {
                format!("factor: invalid number '{word}'\n")
            } else {
                format!("factor: \u{2018}{word}\u{2019} is not a valid positive integer\n")
            };
            sys.complain(&text);
            code = 1;
            continue;
        };
        let (mut left, mut divisor, mut out) = (number, 2u64, format!("{number}:"));
        while left > 1 && divisor.saturating_mul(divisor) <= left {
            if left % divisor == 0 {
                out.push_str(&format!(" {divisor}"));
                left /= divisor;
            } else {
                divisor += 1 + u64::from(divisor > 2);
                sys.spend(1);
                if !sys.runs() {
                    return 0;
                }
            }
        }
        if left > 1 {
            out.push_str(&format!(" {left}"));
        }
        sys.print(&(out + "\n"));
    }
    code
}
