//! Regular expressions as grep, sed and awk have them: POSIX basic and extended, matched in linear time.
//!
//! A pattern is compiled to a small program that a Pike machine runs, so that no pattern takes longer than its length
//! times the text's. The longest of the leftmost matches wins, as POSIX wants. Knows no collation and no locale.

mod parse;

use parse::Node;

/// Which dialect a pattern is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `grep`, `sed`: `\(`, `\{`, and GNU's `\|`, `\+`, `\?`.
    Basic,
    /// `grep -E`, `sed -E`, `awk`.
    Extended,
    /// `grep -F`: no character is special.
    Fixed,
}

#[derive(Clone, Debug)]
enum Op {
    Char(char),
    Any,
    Set { negated: bool, ranges: Vec<(char, char)> },
    Start,
    End,
    WordEdge { inside: bool },
    WordStart,
    WordEnd,
    Save(usize),
    Split(usize, usize),
    Jump(usize),
    Match,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Regex {
    ops: Vec<Op>,
    groups: usize,
    ignore_case: bool,
}

/// Where a match and its groups lie, in characters: pairs of start and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captures(Vec<Option<usize>>);

impl Captures {
    /// Where group `i` starts and ends; group 0 is the whole match.
    #[must_use]
    pub fn group(&self, i: usize) -> Option<(usize, usize)> {
        Some(((*self.0.get(i * 2)?)?, (*self.0.get(i * 2 + 1)?)?))
    }

    /// Where the match starts.
    #[must_use]
    pub fn start(&self) -> usize {
        self.group(0).map_or(0, |g| g.0)
    }

    /// Where the match ends.
    #[must_use]
    pub fn end(&self) -> usize {
        self.group(0).map_or(0, |g| g.1)
    }
}

/// Patterns whose program would be longer are refused: `{n,m}` multiplies.
const MAX_OPS: usize = 20_000;

impl Regex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What GNU's regcomp says, for instance `Unmatched ( or \(`.
    pub fn new(pattern: &str, syntax: Syntax, ignore_case: bool) -> Result<Self, String> {
        let (node, groups) = parse::parse(pattern, syntax)?;
        let mut compiler = Compiler { ops: Vec::new() };
        compiler.push(Op::Save(0));
        compiler.node(&node)?;
        compiler.push(Op::Save(1));
        compiler.push(Op::Match);
        Ok(Self { ops: compiler.ops, groups, ignore_case })
    }

    /// The number of groups, without the whole.
    #[must_use]
    pub const fn groups(&self) -> usize {
        self.groups
    }

    /// Whether it occurs anywhere in `text`.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        self.find_at(&chars, 0).is_some()
    }

    /// The first match that starts at `from` or behind.
    #[must_use]
    pub fn find_at(&self, text: &[char], from: usize) -> Option<Captures> {
        let slots = (self.groups + 1) * 2;
        let mut best: Option<Vec<Option<usize>>> = None;
        let mut now = Threads::new(self.ops.len());
        let mut next = Threads::new(self.ops.len());
        let mut at = from;
        loop {
            if best.is_none() {
                self.add(&mut now, 0, text, at, vec![None; slots]);
            }
            if now.list.is_empty() && (best.is_some() || at >= text.len()) {
                break;
            }
            let c = text.get(at).copied();
            next.clear();
            for (pc, saved) in std::mem::take(&mut now.list) {
                match self.ops.get(pc) {
                    Some(Op::Match) => {
                        let end = |s: &Vec<Option<usize>>| s.get(1).copied().flatten().unwrap_or(0);
                        let start = |s: &Vec<Option<usize>>| s.first().copied().flatten().unwrap_or(0);
                        let better = best.as_ref().is_none_or(|b| {
                            start(&saved) < start(b) || start(&saved) == start(b) && end(&saved) > end(b)
                        });
                        if better {
                            best = Some(saved);
                        }
                    }
                    Some(op) if c.is_some_and(|c| self.takes(op, c)) => {
                        self.add(&mut next, pc + 1, text, at + 1, saved);
                    }
                    _ => {}
                }
            }
            std::mem::swap(&mut now, &mut next);
            // Threads that started behind the match found can never win.
            if let Some(b) = &best {
                let start = b.first().copied().flatten();
                now.list.retain(|(_, s)| s.first().copied().flatten() <= start);
            }
            if at >= text.len() {
                break;
            }
            at += 1;
        }
        best.map(Captures)
    }

    fn takes(&self, op: &Op, c: char) -> bool {
        let same = |a: char, b: char| a == b || self.ignore_case && fold(a) == fold(b);
        match op {
            Op::Char(x) => same(*x, c),
            Op::Any => true,
            Op::Set { negated, ranges } => {
                let within = |c: char| ranges.iter().any(|(a, b)| *a <= c && c <= *b);
                let hit = within(c)
                    || self.ignore_case && (c.to_lowercase().any(within) || c.to_uppercase().any(within));
                hit != *negated
            }
            _ => false,
        }
    }

    fn add(&self, threads: &mut Threads, pc: usize, text: &[char], at: usize, saved: Vec<Option<usize>>) {
        let mut stack = vec![(pc, saved)];
        while let Some((pc, mut saved)) = stack.pop() {
            if !threads.mark(pc) {
                continue;
            }
            let word = |i: Option<usize>| {
                i.and_then(|i| text.get(i)).is_some_and(|c| c.is_alphanumeric() || *c == '_')
            };
            let (before, after) = (word(at.checked_sub(1)), word(Some(at)));
            let holds = match self.ops.get(pc) {
                Some(Op::Jump(to)) => {
                    stack.push((*to, saved));
                    continue;
                }
                Some(Op::Split(a, b)) => {
                    stack.push((*b, saved.clone()));
                    stack.push((*a, saved));
                    continue;
                }
                Some(Op::Save(slot)) => {
                    if let Some(s) = saved.get_mut(*slot) {
                        *s = Some(at);
                    }
                    true
                }
                Some(Op::Start) => at == 0,
                Some(Op::End) => at == text.len(),
                Some(Op::WordEdge { inside }) => (before != after) != *inside,
                Some(Op::WordStart) => !before && after,
                Some(Op::WordEnd) => before && !after,
                _ => {
                    threads.list.push((pc, saved));
                    continue;
                }
            };
            if holds {
                stack.push((pc + 1, saved));
            }
        }
    }

    /// Replaces the matches chosen by `which` (count from 1) by what `with` makes of them.
    pub fn replace(
        &self,
        text: &str,
        mut which: impl FnMut(usize) -> bool,
        mut with: impl FnMut(&[char], &Captures) -> String,
    ) -> (String, usize) {
        let chars: Vec<char> = text.chars().collect();
        let mut out = String::new();
        let (mut at, mut count, mut done) = (0, 0, 0);
        let mut after_match = None;
        while at <= chars.len() {
            let Some(found) = self.find_at(&chars, at) else { break };
            let (start, end) = (found.start(), found.end());
            out.extend(chars.get(at..start).unwrap_or_default());
            // An empty match right behind a match does not count.
            let counts = !(start == end && after_match == Some(start));
            if counts {
                count += 1;
            }
            if counts && which(count) {
                out.push_str(&with(&chars, &found));
                done += 1;
            } else {
                out.extend(chars.get(start..end).unwrap_or_default());
            }
            after_match = Some(end);
            at = end;
            if start == end {
                if let Some(c) = chars.get(at) {
                    out.push(*c);
                }
                at += 1;
            }
        }
        out.extend(chars.get(at..).unwrap_or_default());
        (out, done)
    }
}

fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

struct Threads {
    list: Vec<(usize, Vec<Option<usize>>)>,
    seen: Vec<bool>,
}

impl Threads {
    fn new(len: usize) -> Self {
        Self { list: Vec::new(), seen: vec![false; len] }
    }
    fn clear(&mut self) {
        self.list.clear();
        self.seen.fill(false);
    }
    /// Whether `pc` was not there yet.
    fn mark(&mut self, pc: usize) -> bool {
        self.seen.get_mut(pc).is_some_and(|s| !std::mem::replace(s, true))
    }
}

struct Compiler {
    ops: Vec<Op>,
}

impl Compiler {
    fn push(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }

    fn set(&mut self, at: usize, op: Op) {
        if let Some(o) = self.ops.get_mut(at) {
            *o = op;
        }
    }

    fn node(&mut self, node: &Node) -> Result<(), String> {
        if self.ops.len() > MAX_OPS {
            return Err("Regular expression too big".to_owned());
        }
        match node {
            Node::Char(c) => {
                self.push(Op::Char(*c));
            }
            Node::Any => {
                self.push(Op::Any);
            }
            Node::Set { negated, ranges } => {
                self.push(Op::Set { negated: *negated, ranges: ranges.clone() });
            }
            Node::Start => {
                self.push(Op::Start);
            }
            Node::End => {
                self.push(Op::End);
            }
            Node::WordEdge { inside } => {
                self.push(Op::WordEdge { inside: *inside });
            }
            Node::WordStart => {
                self.push(Op::WordStart);
            }
            Node::WordEnd => {
                self.push(Op::WordEnd);
            }
            Node::Group(i, inner) => {
                self.push(Op::Save(i * 2));
                self.node(inner)?;
                self.push(Op::Save(i * 2 + 1));
            }
            Node::Concat(list) => {
                for n in list {
                    self.node(n)?;
                }
            }
            Node::Alternate(list) => {
                let mut jumps = Vec::new();
                for (i, n) in list.iter().enumerate() {
                    if i + 1 < list.len() {
                        let split = self.push(Op::Match);
                        self.node(n)?;
                        jumps.push(self.push(Op::Match));
                        self.set(split, Op::Split(split + 1, self.ops.len()));
                    } else {
                        self.node(n)?;
                    }
                }
                for j in jumps {
                    self.set(j, Op::Jump(self.ops.len()));
                }
            }
            Node::Repeat { inner, min, max } => self.repeat(inner, *min, *max)?,
        }
        Ok(())
    }

    fn repeat(&mut self, inner: &Node, min: u32, max: Option<u32>) -> Result<(), String> {
        for _ in 0..min {
            self.node(inner)?;
        }
        if let Some(max) = max {
            let mut splits = Vec::new();
            for _ in min..max {
                splits.push(self.push(Op::Match));
                self.node(inner)?;
            }
            for s in splits {
                self.set(s, Op::Split(s + 1, self.ops.len()));
            }
        } else {
            let split = self.push(Op::Match);
            self.node(inner)?;
            self.push(Op::Jump(split));
            self.set(split, Op::Split(split + 1, self.ops.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, syntax: Syntax, text: &str) -> Option<String> {
        let r = Regex::new(pattern, syntax, false).unwrap();
        let chars: Vec<char> = text.chars().collect();
        r.find_at(&chars, 0).map(|c| chars[c.start()..c.end()].iter().collect())
    }

    #[test]
    fn both_dialects_match_as_posix_says() {
        use Syntax::{Basic, Extended};
        assert_eq!(find("a|ab", Extended, "xab").as_deref(), Some("ab"));
        assert_eq!(find("a|b", Basic, "a|b").as_deref(), Some("a|b"));
        assert_eq!(find("[a-z0-9]{6,10}-", Extended, "x-5c7d9f8b6-q").as_deref(), Some("5c7d9f8b6-"));
        assert_eq!(find("^[[:space:]]*image:", Basic, "  image: x").as_deref(), Some("  image:"));
        assert_eq!(find("a*", Basic, "baaa").as_deref(), Some(""));
        assert_eq!(find("\\(un\\)\\?auth", Basic, "system:unauth").as_deref(), Some("unauth"));
        assert_eq!(find("(a*)*b", Extended, &"a".repeat(200)).as_deref(), None);
        assert_eq!(find("x{2}$", Extended, "xxxx").as_deref(), Some("xx"));
        assert_eq!(find("[]x]+", Extended, "a]x]").as_deref(), Some("]x]"));
    }

    #[test]
    fn replaces_with_groups() {
        let r = Regex::new("-[a-z0-9]{6,10}-\"", Syntax::Extended, false).unwrap();
        let (s, n) = r.replace("\"web-abc1234-\" x", |_| true, |_, _| "-HASH-\"".into());
        assert_eq!((s.as_str(), n), ("\"web-HASH-\" x", 1));
        let r = Regex::new("x*", Syntax::Basic, false).unwrap();
        assert_eq!(r.replace("abxc", |_| true, |_, _| "-".into()).0, "-a-b-c-");
    }
}
