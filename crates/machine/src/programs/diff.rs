//! `diff`: normal, unified and brief.

use super::{lines, options};
use crate::errno::Errno;
use crate::sys::Sys;

/// One step from the old text to the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Line `.0` of the old text is line `.1` of the new one.
    Same(usize, usize),
    /// Line of the old text that goes.
    Gone(usize),
    /// Line of the new text that comes.
    New(usize),
}

/// The shortest way from `a` to `b` (Myers), deletions first.
#[must_use]
pub fn steps(a: &[&str], b: &[&str]) -> Vec<Step> {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (ra, rb) = (a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default());
    let end = ra.iter().rev().zip(rb.iter().rev()).take_while(|(x, y)| x == y).count();
    let (ma, mb) =
        (ra.get(..ra.len() - end).unwrap_or_default(), rb.get(..rb.len() - end).unwrap_or_default());
    let mut out: Vec<Step> = (0..start).map(|i| Step::Same(i, i)).collect();
    out.extend(middle(ma, mb, start));
    out.extend((0..end).map(|i| Step::Same(a.len() - end + i, b.len() - end + i)));
    out
}

fn middle(a: &[&str], b: &[&str], offset: usize) -> Vec<Step> {
    let (n, m) = (a.len(), b.len());
    if n.saturating_mul(m) > 4_000_000 {
        let mut out: Vec<Step> = (0..n).map(|i| Step::Gone(i + offset)).collect();
        out.extend((0..m).map(|j| Step::New(j + offset)));
        return out;
    }
    // Longest common subsequence by table: texts are small.
    let width = m + 1;
    let mut table = vec![0u32; (n + 1) * width];
    let at = |t: &Vec<u32>, i: usize, j: usize| t.get(i * width + j).copied().unwrap_or(0);
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            let v = if a.get(i) == b.get(j) {
                at(&table, i + 1, j + 1) + 1
            } else {
                at(&table, i + 1, j).max(at(&table, i, j + 1))
            };
            if let Some(cell) = table.get_mut(i * width + j) {
                *cell = v;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while i < n || j < m {
        if i < n && j < m && a.get(i) == b.get(j) {
            out.push(Step::Same(i + offset, j + offset));
            i += 1;
            j += 1;
        } else if i < n && (j >= m || at(&table, i + 1, j) >= at(&table, i, j + 1)) {
            out.push(Step::Gone(i + offset));
            i += 1;
        } else {
            out.push(Step::New(j + offset));
            j += 1;
        }
    }
    out
}

/// The hunks of a unified diff, without the file headers. A text without a final newline says so.
#[must_use]
pub fn unified(old: &str, new: &str, context: usize) -> String {
    let (a, b) = (lines(old), lines(new));
    let (mut a2, mut b2) = (a.clone(), b.clone());
    // A last line without its newline is another line than one with it.
    let (ea, eb) = (!old.is_empty() && !old.ends_with('\n'), !new.is_empty() && !new.ends_with('\n'));
    let (la, lb);
    if ea && let Some(l) = a2.last_mut() {
        la = format!("{l}\u{0}");
        *l = &la;
    }
    if eb && let Some(l) = b2.last_mut() {
        lb = format!("{l}\u{0}");
        *l = &lb;
    }
    let all = steps(&a2, &b2);
    let changed: Vec<usize> =
        all.iter().enumerate().filter(|(_, s)| !matches!(s, Step::Same(..))).map(|(i, _)| i).collect();
    let mut out = String::new();
    let mut k = 0;
    while let Some(first) = changed.get(k).copied() {
        let mut last = first;
        while let Some(next) = changed.get(k + 1).copied().filter(|n| *n <= last + 2 * context + 1) {
            last = next;
            k += 1;
        }
        k += 1;
        let from = first.saturating_sub(context);
        let to = (last + context + 1).min(all.len());
        let hunk = all.get(from..to).unwrap_or_default();
        let before = all.get(..from).unwrap_or_default();
        let count = |s: &[Step], old: bool| {
            s.iter()
                .filter(|s| if old { !matches!(s, Step::New(_)) } else { !matches!(s, Step::Gone(_)) })
                .count()
        };
        let range = |old: bool| {
            let (start, len) = (count(before, old), count(hunk, old));
            match len {
                1 => format!("{}", start + 1),
                0 => format!("{start},0"),
                _ => format!("{},{len}", start + 1),
            }
        };
        out.push_str(&format!("@@ -{} +{} @@\n", range(true), range(false)));
        for s in hunk {
            let (sign, line) = match s {
                Step::Same(i, _) => (' ', a2.get(*i)),
                Step::Gone(i) => ('-', a2.get(*i)),
                Step::New(j) => ('+', b2.get(*j)),
            };
            let line = line.copied().unwrap_or("");
            out.push(sign);
            match line.strip_suffix('\0') {
                Some(l) => out.push_str(&format!("{l}\n\\ No newline at end of file\n")),
                None => out.push_str(&format!("{line}\n")),
            }
        }
    }
    out
}

fn normal(old: &str, new: &str) -> String {
    let (a, b) = (lines(old), lines(new));
    let all = steps(&a, &b);
    let mut out = String::new();
    let (mut i, mut j, mut k) = (0, 0, 0);
    while k < all.len() {
        if let Some(Step::Same(..)) = all.get(k) {
            (i, j, k) = (i + 1, j + 1, k + 1);
            continue;
        }
        let (mut gone, mut new) = (0, 0);
        while let Some(s) = all.get(k).filter(|s| !matches!(s, Step::Same(..))) {
            if matches!(s, Step::Gone(_)) {
                gone += 1
            } else {
                new += 1
            }
            k += 1;
        }
        let range = |start: usize, len: usize| {
            if len > 1 { format!("{},{}", start + 1, start + len) } else { format!("{}", start + 1) }
        };
        let head = match (gone, new) {
            (0, n) => format!("{i}a{}", range(j, n)),
            (g, 0) => format!("{}d{j}", range(i, g)),
            (g, n) => format!("{}c{}", range(i, g), range(j, n)),
        };
        out.push_str(&format!("{head}\n"));
        for l in a.get(i..i + gone).unwrap_or_default() {
            out.push_str(&format!("< {l}\n"));
        }
        if gone > 0 && new > 0 {
            out.push_str("---\n");
        }
        for l in b.get(j..j + new).unwrap_or_default() {
            out.push_str(&format!("> {l}\n"));
        }
        (i, j) = (i + gone, j + new);
    }
    out
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("unified", 'u'),
        ("brief", 'q'),
        ("recursive", 'r'),
        ("new-file", 'N'),
        ("report-identical-files", 's'),
    ];
    let opts = match options::parse(sys, argv, "uU:qrNsbwiBayc", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let [from, to] = opts.operands.as_slice() else {
        let what = opts.operands.last().map_or("diff".to_owned(), Clone::clone);
        sys.complain(&format!(
            "diff: missing operand after '{what}'\ndiff: Try 'diff --help' for more information.\n"
        ));
        return 2;
    };
    let mut read = |f: &String| {
        let r = if f == "-" { sys.read_all(0) } else { super::read_input(sys, f) };
        match r {
            Ok(b) => Ok(String::from_utf8_lossy(&b).into_owned()),
            Err(Errno::ENOENT) if opts.has('N') => Ok(String::new()),
            Err(e) => {
                sys.complain(&if sys.busybox() {
                    format!("diff: can't stat '{f}': {}\n", e.text())
                } else {
                    format!("diff: {f}: {}\n", e.text())
                });
                Err(())
            }
        }
    };
    let (a, b) = (read(from), read(to));
    let (Ok(a), Ok(b)) = (a, b) else { return 2 };
    if a == b {
        if opts.has('s') {
            sys.print(&format!("Files {from} and {to} are identical\n"));
        }
        return 0;
    }
    if opts.has('q') {
        sys.print(&format!("Files {from} and {to} differ\n"));
        return 1;
    }
    if sys.busybox() {
        // It knows no other way, and tells no times.
        let context = opts.value('U').and_then(|c| c.parse().ok()).unwrap_or(3);
        sys.print(&format!("--- {from}\n+++ {to}\n{}", unified(&a, &b, context)));
    } else if opts.has('u') || opts.has('U') {
        let context = opts.value('U').and_then(|c| c.parse().ok()).unwrap_or(3);
        let stamp = |sys: &mut Sys<'_>, f: &str| {
            let at = sys.stat(f).map_or(sys.now().0, |s| s.mtime);
            format!("{f}\t{}", super::date::format("%F %T.%N %z", at))
        };
        let (h1, h2) = (stamp(sys, from), stamp(sys, to));
        sys.print(&format!("--- {h1}\n+++ {h2}\n{}", unified(&a, &b, context)));
    } else {
        sys.print(&normal(&a, &b));
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_changed() {
        assert_eq!(normal("a\nb\nc\n", "a\nx\nc\nd\n"), "2c2\n< b\n---\n> x\n3a4\n> d\n");
        assert_eq!(unified("a\nb\nc\n", "a\nx\nc\n", 3), "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
        assert_eq!(unified("a\n", "a", 3), "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
    }
}
