//! `dd`: copies blocks. Knows if, of, bs, ibs, obs, count, skip, seek, conv (notrunc) and status.

use crate::errno::Errno;
use crate::sys::{Flags, Sys};

/// What one copy may hold.
const MOST: usize = 4 << 20;

/// `1k`, `2M`, `3MB`.
pub(super) fn size(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor: usize = match unit {
        "" | "c" => 1,
        "w" => 2,
        "b" => 512,
        "k" | "K" | "kB" if unit == "kB" => 1000,
        "k" | "K" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    let _ = sys.call("rt_sigaction");
    let (mut from, mut to) = (None, None);
    let (mut block, mut count, mut skip, mut seek) = (512, None, 0, 0);
    let (mut quiet, mut keep) = (false, false);
    for word in argv.iter().skip(1) {
        let Some((name, value)) = word.split_once('=') else {
            sys.complain(&if busybox {
                "dd: invalid argument\n".to_owned()
            } else {
                format!(
                    "dd: unrecognized operand \u{2018}{word}\u{2019}\nTry 'dd --help' for more information.\n"
                )
            });
            return 1;
        };
        let number = size(value);
        match (name, number) {
            ("if", _) => from = Some(value),
            ("of", _) => to = Some(value),
            ("status", _) => quiet = value == "none",
            ("conv" | "oflag" | "iflag", _) => keep |= value.contains("notrunc"),
            ("bs" | "ibs" | "obs", Some(n)) if n > 0 => block = n,
            ("count", Some(n)) => count = Some(n),
            ("skip", Some(n)) => skip = n,
            ("seek", Some(n)) => seek = n,
            ("bs" | "ibs" | "obs" | "count" | "skip" | "seek", _) => {
                sys.complain(&if busybox {
                    format!("dd: invalid number '{value}'\n")
                } else {
                    format!("dd: invalid number: \u{2018}{value}\u{2019}\n")
                });
                return 1;
            }
            _ => {
                sys.complain(&format!(
                    "dd: unrecognized operand \u{2018}{word}\u{2019}\nTry 'dd --help' for more information.\n"
                ));
                return 1;
            }
        }
    }
    let failed = |sys: &mut Sys<'_>, file: &str, e: Errno| {
        let what = if busybox { "can't open" } else { "failed to open" };
        sys.complain(&format!("dd: {what} '{file}': {}\n", e.text()));
        1
    };
    let input = match from {
        None => 0,
        Some(f) => match sys.open(f, Flags::READ, 0) {
            Ok(fd) => fd,
            Err(e) => return failed(sys, f, e),
        },
    };
    let flags = Flags { write: true, create: true, truncate: !keep && seek == 0, ..Flags::default() };
    let output = match to {
        None => 1,
        Some(f) => match sys.open(f, flags, 0o666) {
            Ok(fd) => fd,
            Err(e) => return failed(sys, f, e),
        },
    };
    let _ = sys.call("dup2");
    if busybox {
        let _ = sys.call("close");
    } else {
        let _ = sys.call("lseek");
    }
    if !sys.hold(block as u64) {
        return 137;
    }
    let wanted = count.map(|c: usize| c.saturating_mul(block));
    let most = wanted.unwrap_or(usize::MAX).saturating_add(skip.saturating_mul(block)).min(MOST);
    let mut data = Vec::new();
    while data.len() < most {
        match sys.read(input, (most - data.len()).min(1 << 16)) {
            Ok(more) if more.is_empty() => break,
            Ok(more) => data.extend(more),
            Err(e) => {
                let name = from.unwrap_or("standard input");
                sys.complain(&format!("dd: error reading '{name}': {}\n", e.text()));
                return 1;
            }
        }
        if !sys.runs() {
            return 0;
        }
    }
    let skipped = skip.saturating_mul(block).min(data.len());
    data.drain(..skipped);
    // An endless source without a count fills whatever there is.
    let endless = data.len() >= MOST && wanted.is_none_or(|w| w > MOST);
    if seek > 0 && output != 1 {
        let mut padded = vec![0; seek.saturating_mul(block).min(MOST)];
        padded.append(&mut data);
        data = padded;
    }
    let done = sys.write(output, &data);
    let (full, part) = (data.len() / block, usize::from(data.len() % block != 0));
    let mut code = 0;
    if let Err(e) = if endless { done.and(Err(Errno::ENOSPC)) } else { done } {
        let name = to.unwrap_or("standard output");
        sys.complain(&format!("dd: error writing '{name}': {}\n", e.text()));
        code = 1;
    }
    if quiet {
        return code;
    }
    sys.complain(&format!("{full}+{part} records in\n{full}+{part} records out\n"));
    if !busybox {
        let n = data.len();
        let units = |base: f64, names: [&str; 4]| {
            let mut v = n as f64;
            let mut at = 0;
            while v >= base && at + 1 < names.len() {
                v /= base;
                at += 1;
            }
            let name = names.get(at).copied().unwrap_or("");
            if v < 10.0 { format!("{v:.1} {name}") } else { format!("{v:.0} {name}") }
        };
        let shown = match n {
            1 => "1 byte".to_owned(),
            0..1000 => format!("{n} bytes"),
            1000..1024 => format!("{n} bytes ({})", units(1000.0, ["B", "kB", "MB", "GB"])),
            _ => format!(
                "{n} bytes ({}, {})",
                units(1000.0, ["B", "kB", "MB", "GB"]),
                units(1024.0, ["B", "KiB", "MiB", "GiB"])
            ),
        };
        // Half a gigabyte a second, and a little for the start.
        let seconds = 0.000_05 + n as f64 / 5e8;
        let (rate, unit) = match n as f64 / seconds {
            r if r >= 1e9 => (r / 1e9, "GB"),
            r if r >= 1e6 => (r / 1e6, "MB"),
            r => (r / 1e3, "kB"),
        };
        let rate = if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
        let text = format!("{shown} copied, {seconds:.6} s, {rate} {unit}/s\n");
        let _ = sys.write(2, text.as_bytes());
    }
    code
}
