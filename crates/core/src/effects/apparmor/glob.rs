//! AppArmor's patterns: `*`, `**`, `?`, `[…]`, `{…,…}` and escapes.
//!
//! A pattern becomes a small automaton whose states are tried all at once, so a match takes time in proportion
//! to pattern and text, whatever the pattern. Models convert_aaregex_to_pcre in parser/parser_regex.c.

use std::collections::BTreeSet;

use super::scan;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    /// Characters every match begins with.
    prefix: String,
    /// The automaton of the rest, from node 0.
    nodes: Vec<Node>,
    exact: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    test: Test,
    /// Where to go on.
    next: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// Consumes nothing.
    Pass,
    /// The end of the pattern.
    Accept,
    One(u8),
    /// Anything but a slash.
    NotSlash,
    /// Anything.
    Any,
    /// A class: ranges, and whether they are excluded.
    Class(Vec<(u8, u8)>, bool),
}

/// How deep `{}` may nest.
const MAX_DEPTH: usize = 50;

impl Test {
    fn takes(&self, c: u8) -> bool {
        match self {
            Self::Pass | Self::Accept => false,
            Self::One(b) => *b == c,
            Self::NotSlash => c != b'/' && c != 0,
            Self::Any => c != 0,
            Self::Class(ranges, not) => ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)) != *not,
        }
    }

    /// Whether some character is taken by both.
    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(c), t) | (t, Self::One(c)) => t.takes(*c),
            (Self::Any | Self::NotSlash, Self::Any | Self::NotSlash) => true,
            _ => (1..=u8::MAX).any(|c| self.takes(c) && other.takes(c)),
        }
    }
}

struct Builder {
    nodes: Vec<Node>,
}

impl Builder {
    fn add(&mut self, test: Test) -> u32 {
        self.nodes.push(Node { test, next: vec![] });
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    fn link(&mut self, from: u32, to: u32) {
        if let Some(n) = self.nodes.get_mut(from as usize) {
            n.next.push(to);
        }
    }

    /// Appends one consuming node.
    fn one(&mut self, at: u32, test: Test) -> u32 {
        let n = self.add(test);
        self.link(at, n);
        let out = self.add(Test::Pass);
        self.link(n, out);
        out
    }

    /// Appends any number of them.
    fn many(&mut self, at: u32, test: Test) -> u32 {
        let hub = self.add(Test::Pass);
        self.link(at, hub);
        let n = self.add(test);
        self.link(hub, n);
        self.link(n, hub);
        let out = self.add(Test::Pass);
        self.link(hub, out);
        out
    }
}

struct Group {
    start: u32,
    end: u32,
    commas: usize,
}

impl Glob {
    /// Compiles a pattern. The error is what apparmor_parser prints of it.
    ///
    /// # Errors
    /// Unbalanced or single-armed groups, a class that does not end, an escape at the end.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let bad = |what: &str| {
            Err(format!("apparmor_parser: {what}\napparmor_parser: Unable to parse input line '{pattern}'\n"))
        };
        let mut b = Builder { nodes: vec![] };
        let start = b.add(Test::Pass);
        let mut at = start;
        let mut groups: Vec<Group> = vec![];
        let mut rest = pattern;
        let mut after_slash = false;
        let mut exact = true;
        let mut prefix = String::new();
        while let Some(c) = rest.chars().next() {
            rest = rest.get(c.len_utf8()..).unwrap_or("");
            let slash_before = std::mem::take(&mut after_slash);
            match c {
                '\\' => {
                    let Some(next) = rest.chars().next() else {
                        return bad("Regex error: trailing '\\' escape character");
                    };
                    let (n, literal) = if "*?[]{}^,\\\"".contains(next) {
                        (next.len_utf8(), next)
                    } else {
                        scan::escape(rest).unwrap_or((next.len_utf8(), next))
                    };
                    rest = rest.get(n..).unwrap_or("");
                    if exact {
                        prefix.push(literal);
                    } else {
                        at = literal_node(&mut b, at, literal);
                    }
                    after_slash = literal == '/';
                }
                '*' => {
                    exact = false;
                    let after = rest.trim_start_matches('*');
                    // A whole path component is at least one character.
                    if slash_before && (after.is_empty() || after.starts_with('/')) {
                        at = b.one(at, Test::NotSlash);
                    }
                    if let Some(more) = rest.strip_prefix('*') {
                        rest = more;
                        at = b.many(at, Test::Any);
                    } else {
                        at = b.many(at, Test::NotSlash);
                    }
                }
                '?' => {
                    exact = false;
                    at = b.one(at, Test::NotSlash);
                }
                '[' => {
                    exact = false;
                    let Some((class, n)) = class(rest) else {
                        return bad(
                            "Regex grouping error: Unclosed grouping or character class, expecting close }",
                        );
                    };
                    rest = rest.get(n..).unwrap_or("");
                    at = b.one(at, class);
                }
                ']' => return bad("Regex grouping error: Invalid close ], no matching open [ detected"),
                '{' => {
                    exact = false;
                    if groups.len() + 1 >= MAX_DEPTH {
                        return bad("Regex grouping error: Exceeded maximum nesting of {}");
                    }
                    let end = b.add(Test::Pass);
                    groups.push(Group { start: at, end, commas: 0 });
                    let arm = b.add(Test::Pass);
                    b.link(at, arm);
                    at = arm;
                }
                '}' => match groups.pop() {
                    Some(g) if g.commas == 0 => {
                        return bad("Regex grouping error: Invalid number of items between {}");
                    }
                    Some(g) => {
                        b.link(at, g.end);
                        at = g.end;
                    }
                    // The count of the level outside all groups is never raised.
                    None => {
                        return Err(format!(
                            "apparmor_parser: Regex grouping error: Invalid number of items between {{}}\napparmor_parser: Regex grouping error: Invalid close }}, no matching open {{ detected\napparmor_parser: Unable to parse input line '{pattern}'\n"
                        ));
                    }
                },
                ',' if !groups.is_empty() => {
                    if let Some(g) = groups.last_mut() {
                        g.commas += 1;
                        b.link(at, g.end);
                        let arm = b.add(Test::Pass);
                        b.link(g.start, arm);
                        at = arm;
                    }
                }
                _ => {
                    if exact {
                        prefix.push(c);
                    } else {
                        at = literal_node(&mut b, at, c);
                    }
                    after_slash = c == '/';
                }
            }
        }
        if !groups.is_empty() {
            return bad("Regex grouping error: Unclosed grouping or character class, expecting close }");
        }
        let accept = b.add(Test::Accept);
        b.link(at, accept);
        Ok(Self { text: pattern.to_owned(), prefix, nodes: b.nodes, exact })
    }

    /// The pattern.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it has no special characters: such a rule's `x` beats that of a pattern.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.exact
    }

    /// How many characters it fixes from the start: the measure of how specific an attachment is.
    #[must_use]
    pub fn fixed(&self) -> usize {
        self.prefix.len()
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if self.exact {
            return self.prefix == text;
        }
        let Some(rest) = text.strip_prefix(&self.prefix) else { return false };
        self.after(rest).iter().any(|i| self.nodes.get(*i as usize).is_some_and(|n| n.test == Test::Accept))
    }

    /// The nodes that may come next after some text, its fixed beginning taken off; none where it cannot match.
    fn after(&self, text: &str) -> Vec<u32> {
        let mut now = States::new(self.nodes.len());
        self.enter(0, &mut now);
        for c in text.bytes() {
            let mut then = States::new(self.nodes.len());
            for i in &now.list {
                if let Some(n) = self.nodes.get(*i as usize)
                    && n.test.takes(c)
                {
                    n.next.iter().for_each(|t| self.enter(*t, &mut then));
                }
            }
            if then.list.is_empty() {
                return vec![];
            }
            now = then;
        }
        now.list
    }

    /// Adds a state and all it leads to without a character.
    fn enter(&self, state: u32, states: &mut States) {
        let mut todo = vec![state];
        while let Some(i) = todo.pop() {
            if states.insert(i)
                && let Some(n) = self.nodes.get(i as usize)
                && n.test == Test::Pass
            {
                todo.extend(n.next.iter().copied());
            }
        }
    }

    /// Whether some text matches both. Each comparison of two states takes one of `budget`; without any left the
    /// answer is no.
    #[must_use]
    pub fn intersects(&self, other: &Self, budget: &mut usize) -> bool {
        // The one whose beginning is longer fixed; the other has to take what is more.
        let (long, short) =
            if self.prefix.len() >= other.prefix.len() { (self, other) } else { (other, self) };
        let Some(more) = long.prefix.strip_prefix(&short.prefix) else { return false };
        if long.exact {
            return short.matches(&long.prefix);
        }
        if short.exact {
            return more.is_empty() && long.matches(&long.prefix);
        }
        let begun = short.after(more);
        let reach = |g: &Self, from: u32| {
            let mut s = States::new(g.nodes.len());
            g.enter(from, &mut s);
            s.list
        };
        let mut seen: BTreeSet<(u32, u32)> = BTreeSet::new();
        let mut todo: Vec<(u32, u32)> = begun.into_iter().map(|b| (0, b)).collect();
        while let Some((a, b)) = todo.pop() {
            let (left, right) = (reach(long, a), reach(short, b));
            for i in &left {
                let Some(x) = long.nodes.get(*i as usize).filter(|n| n.test != Test::Pass) else { continue };
                for j in &right {
                    let Some(y) = short.nodes.get(*j as usize).filter(|n| n.test != Test::Pass) else {
                        continue;
                    };
                    if x.test == Test::Accept && y.test == Test::Accept {
                        return true;
                    }
                    let Some(left) = budget.checked_sub(1) else { return false };
                    *budget = left;
                    if x.test.overlaps(&y.test) {
                        for p in &x.next {
                            for q in &y.next {
                                if seen.insert((*p, *q)) {
                                    todo.push((*p, *q));
                                }
                            }
                        }
                    }
                }
            }
        }
        false
    }
}

struct States {
    seen: Vec<bool>,
    list: Vec<u32>,
}

impl States {
    fn new(n: usize) -> Self {
        Self { seen: vec![false; n], list: vec![] }
    }

    fn insert(&mut self, i: u32) -> bool {
        match self.seen.get_mut(i as usize) {
            Some(s) if !*s => {
                *s = true;
                self.list.push(i);
                true
            }
            _ => false,
        }
    }
}

fn literal_node(b: &mut Builder, mut at: u32, c: char) -> u32 {
    let mut buffer = [0; 4];
    for byte in c.encode_utf8(&mut buffer).bytes() {
        at = b.one(at, Test::One(byte));
    }
    at
}

/// A class after its bracket: the test and how much text it took.
fn class(text: &str) -> Option<(Test, usize)> {
    let not = text.starts_with('^');
    let mut items: Vec<(u8, bool)> = vec![];
    let mut i = usize::from(not);
    loop {
        let c = text.as_bytes().get(i).copied()?;
        i += 1;
        match c {
            b']' => break,
            b'\\' => {
                items.push((text.as_bytes().get(i).copied()?, true));
                i += 1;
            }
            _ => items.push((c, false)),
        }
    }
    let mut ranges = vec![];
    let mut rest = items.as_slice();
    while let Some(((first, _), more)) = rest.split_first() {
        rest = more;
        match more {
            [(b'-', false), (last, _), after @ ..] => {
                ranges.push((*first.min(last), *first.max(last)));
                rest = after;
            }
            _ => ranges.push((*first, *first)),
        }
    }
    Some((Test::Class(ranges, not), i))
}
