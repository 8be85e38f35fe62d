//! The difference of two texts, as unified diffs show it.

/// Hunks with three lines of context, each opened by its `@@` line; empty where nothing differs.
pub(super) fn unified(old: &str, new: &str) -> String {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let edits = edits(&old, &new);
    let mut out = String::new();
    for hunk in hunks(&edits) {
        let (mut a, mut b) = (0, 0);
        for edit in edits.iter().take(hunk.start) {
            match edit {
                Edit::Keep(_) => {
                    a += 1;
                    b += 1;
                }
                Edit::Drop(_) => a += 1,
                Edit::Add(_) => b += 1,
            }
        }
        let lines = edits.get(hunk.clone()).unwrap_or_default();
        let count = |skip: fn(&Edit<'_>) -> bool| lines.iter().filter(|e| !skip(e)).count();
        let (from, to) = (count(|e| matches!(e, Edit::Add(_))), count(|e| matches!(e, Edit::Drop(_))));
        out.push_str(&format!("@@ -{} +{} @@\n", range(a, from), range(b, to)));
        for edit in lines {
            let (mark, line) = match edit {
                Edit::Keep(line) => (' ', line),
                Edit::Drop(line) => ('-', line),
                Edit::Add(line) => ('+', line),
            };
            out.push(mark);
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn range(start: usize, count: usize) -> String {
    match count {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        count => format!("{},{count}", start + 1),
    }
}

enum Edit<'a> {
    Keep(&'a str),
    Drop(&'a str),
    Add(&'a str),
}

/// A longest common subsequence after common ends are set aside.
fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Edit<'a>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let a = old_rest.get(..old_rest.len() - tail).unwrap_or_default();
    let b = new_rest.get(..new_rest.len() - tail).unwrap_or_default();
    let width = b.len() + 1;
    let mut table = vec![0_usize; (a.len() + 1) * width];
    let at = |table: &[usize], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, x) in a.iter().enumerate().rev() {
        for (j, y) in b.iter().enumerate().rev() {
            let best = if x == y {
                at(&table, i + 1, j + 1) + 1
            } else {
                at(&table, i + 1, j).max(at(&table, i, j + 1))
            };
            if let Some(cell) = table.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let mut out: Vec<Edit<'a>> = old.iter().take(head).map(|l| Edit::Keep(l)).collect();
    let (mut i, mut j) = (0, 0);
    loop {
        match (a.get(i), b.get(j)) {
            (None, None) => break,
            (Some(x), Some(y)) if x == y => {
                out.push(Edit::Keep(x));
                i += 1;
                j += 1;
            }
            (Some(x), other) if other.is_none() || at(&table, i + 1, j) >= at(&table, i, j + 1) => {
                out.push(Edit::Drop(x));
                i += 1;
            }
            (_, Some(y)) => {
                out.push(Edit::Add(y));
                j += 1;
            }
            (Some(_), None) => break,
        }
    }
    out.extend(old_rest.iter().skip(a.len()).map(|l| Edit::Keep(l)));
    out
}

fn hunks(edits: &[Edit<'_>]) -> Vec<std::ops::Range<usize>> {
    const CONTEXT: usize = 3;
    let mut out: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, edit) in edits.iter().enumerate() {
        if matches!(edit, Edit::Keep(_)) {
            continue;
        }
        let start = i.saturating_sub(CONTEXT);
        let end = (i + CONTEXT + 1).min(edits.len());
        match out.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => out.push(start..end),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn hunks_have_three_lines_of_context() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\nX\nY\nf\ng\nh\n";
        assert_eq!(unified(old, new), "@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+X\n+Y\n f\n g\n h\n");
        assert_eq!(unified(old, old), "");
    }
}
