//! `sed`: addresses, ranges, `s`, `p`, `d`, `a`, `i`, `c`, `y`, `q`, `n`, `N`, `g`, `G`, `h`, `H`, `x`, `=`, branches, `{}`.

mod script;

use super::{lines, options};
use crate::regex::Syntax;
use crate::sys::Sys;
use script::{Address, Command, Function};

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("regexp-extended", 'E'),
        ("quiet", 'n'),
        ("silent", 'n'),
        ("in-place", 'i'),
        ("expression", 'e'),
        ("file", 'f'),
        ("separate", 's'),
        ("null-data", 'z'),
    ];
    let opts = match options::parse(sys, argv, "nErsuzi::e:f:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut operands = opts.operands.clone();
    let mut text: Vec<String> = Vec::new();
    for (letter, value) in &opts.given {
        match letter {
            'e' => text.push(value.clone()),
            'f' => match sys.slurp(value) {
                Ok(t) => text.push(t.trim_end_matches('\n').to_owned()),
                Err(e) => {
                    sys.complain(&format!("sed: couldn't open file {value}: {}\n", e.text()));
                    return 1;
                }
            },
            _ => {}
        }
    }
    if text.is_empty() {
        if operands.is_empty() {
            sys.complain("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n");
            return 1;
        }
        text.push(operands.remove(0));
    }
    let syntax = if opts.has('E') || opts.has('r') { Syntax::Extended } else { Syntax::Basic };
    let source = text.join("\n");
    let commands = match script::parse(&source, syntax) {
        Ok(c) => c,
        Err((at, e)) => {
            let line = if sys.busybox() {
                format!("sed: {e}\n")
            } else {
                format!("sed: -e expression #1, char {at}: {e}\n")
            };
            sys.complain(&line);
            return 1;
        }
    };
    let quiet = opts.has('n') || source.starts_with("#n\n");
    if opts.has('i') {
        let suffix = opts.value('i').unwrap_or("").to_owned();
        return in_place(sys, &commands, quiet, &operands, &suffix);
    }
    if operands.is_empty() {
        operands.push("-".to_owned());
    }
    let mut code = 0;
    let mut input = String::new();
    for f in &operands {
        let read = if f == "-" { sys.read_all(0) } else { super::read_input(sys, f) };
        match read {
            Ok(b) => {
                if !input.is_empty() && !input.ends_with('\n') {
                    input.push('\n');
                }
                input.push_str(&crate::text::decode(&b));
            }
            Err(e) => {
                let text = if sys.busybox() {
                    format!("sed: {f}: {}\n", e.text())
                } else if e == crate::errno::Errno::EISDIR {
                    format!("sed: couldn't edit {f}: not a regular file\n")
                } else {
                    format!("sed: can't read {f}: {}\n", e.text())
                };
                sys.complain(&text);
                code = if sys.busybox() { 1 } else { 2 };
            }
        }
    }
    let mut run = Run::new(&commands, quiet, &input);
    run.all();
    sys.print(&run.out);
    for (path, content) in run.files {
        if let Err(e) = sys.spill(&path, &crate::text::encode(&content)) {
            sys.complain(&format!("sed: couldn't open file {path}: {}\n", e.text()));
            code = 4;
        }
    }
    if run.exit != 0 { run.exit } else { code }
}

fn in_place(sys: &mut Sys<'_>, commands: &[Command], quiet: bool, files: &[String], suffix: &str) -> i32 {
    let mut code = 0;
    for f in files {
        let bytes = match super::read_input(sys, f) {
            Ok(b) => b,
            Err(e) => {
                let text = if sys.busybox() {
                    format!("sed: {f}: {}\n", e.text())
                } else {
                    format!("sed: can't read {f}: {}\n", e.text())
                };
                sys.complain(&text);
                code = if sys.busybox() { 1 } else { 4 };
                continue;
            }
        };
        let input = crate::text::decode(&bytes);
        let mut run = Run::new(commands, quiet, &input);
        run.all();
        let dir = f.rsplit_once('/').map_or(".", |(d, _)| if d.is_empty() { "/" } else { d });
        let temporary = format!("{dir}/sed{:06}", sys.me().pid % 1_000_000);
        let stat = sys.stat(f);
        if !suffix.is_empty() {
            let _ = sys.spill(&format!("{f}{suffix}"), &bytes);
        }
        let done = sys.spill(&temporary, &crate::text::encode(&run.out)).and_then(|()| {
            if let Ok(s) = stat {
                let call = if sys.busybox() { "chmod" } else { "fchmodat" };
                let _ = sys.chmod(call, &temporary, s.mode);
                if (s.uid, s.gid) != (sys.me().cred.uid, sys.me().cred.gid) {
                    let _ = sys.chown("fchownat", &temporary, Some(s.uid), Some(s.gid), true);
                }
            }
            sys.rename("rename", &temporary, f)
        });
        if let Err(e) = done {
            let text = if sys.busybox() {
                format!("sed: can't create temp file '{f}XXXXXX': {}\n", e.text())
            } else {
                format!("sed: couldn't open temporary file {}: {}\n", temporary, e.text())
            };
            sys.complain(&text);
            return 4;
        }
    }
    code
}

struct Run<'r> {
    commands: &'r [Command],
    quiet: bool,
    lines: Vec<&'r str>,
    ends_with_newline: bool,
    at: usize,
    pattern: String,
    hold: String,
    out: String,
    appended: Vec<String>,
    /// Whether each command's range is open, by its number.
    open: Vec<bool>,
    exit: i32,
    files: std::collections::BTreeMap<String, String>,
    last_regex: Option<crate::regex::Regex>,
    /// How many characters commands have looked at.
    work: usize,
}

enum Next {
    Cycle,
    /// A new cycle without reading a line (`D`).
    Again,
    Quit,
}

/// Branches a script may take on one line before it counts as endless.
const MAX_BRANCHES: u32 = 100_000;
/// How long its two texts may become together, and how many characters all commands may look at.
const MAX_TEXT: usize = 1 << 20;
const MAX_WORK: usize = 1 << 27;

impl<'r> Run<'r> {
    fn new(commands: &'r [Command], quiet: bool, input: &'r str) -> Self {
        Self {
            commands,
            quiet,
            lines: lines(input),
            ends_with_newline: input.is_empty() || input.ends_with('\n'),
            at: 0,
            pattern: String::new(),
            hold: String::new(),
            out: String::new(),
            appended: Vec::new(),
            open: vec![false; commands.len()],
            exit: 0,
            files: std::collections::BTreeMap::new(),
            last_regex: None,
            work: 0,
        }
    }

    fn all(&mut self) {
        while let Some(l) = self.lines.get(self.at) {
            self.pattern = (*l).to_owned();
            self.at += 1;
            loop {
                match self.cycle() {
                    Next::Cycle => break,
                    Next::Again => {}
                    Next::Quit => return,
                }
            }
        }
    }

    fn last(&self) -> bool {
        self.at >= self.lines.len()
    }

    fn print(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn finish(&mut self) {
        if !self.quiet {
            let text = self.pattern.clone();
            self.out.push_str(&text);
            if !self.last() || self.ends_with_newline {
                self.out.push('\n');
            }
        }
        self.flush_appended();
    }

    fn flush_appended(&mut self) {
        for text in std::mem::take(&mut self.appended) {
            if !self.out.is_empty() && !self.out.ends_with('\n') {
                self.out.push('\n');
            }
            self.print(&text);
        }
    }

    fn matches(&mut self, a: &Address) -> bool {
        match a {
            Address::Line(n) => self.at == *n,
            Address::Last => self.last(),
            Address::Step(first, step) => {
                if *step == 0 {
                    self.at == *first
                } else {
                    self.at >= *first && (self.at - first).is_multiple_of(*step)
                }
            }
            Address::Regex(r) => r.is_match(&self.pattern),
            Address::Zero | Address::Plus(_) | Address::Multiple(_) => false,
        }
    }

    fn selected(&mut self, i: usize, c: &Command) -> bool {
        let hit = match (&c.from, &c.to) {
            (None, _) => true,
            (Some(a), None) => self.matches(a),
            (Some(a), Some(b)) => {
                let open = self.open.get(i).copied().unwrap_or(false);
                let (hit, stays) = if open || matches!(a, Address::Zero) && self.at == 1 {
                    let ends = match b {
                        Address::Line(n) => self.at >= *n,
                        Address::Plus(n) => self.at >= c.since.get() + n,
                        Address::Multiple(n) => *n == 0 || self.at.is_multiple_of(*n),
                        b => self.matches(b),
                    };
                    // A line number already passed: only the first line counted.
                    let over = matches!(b, Address::Line(n) if self.at > *n && open);
                    (!over, !ends)
                } else if self.matches(a) {
                    c.since.set(self.at);
                    let one = match b {
                        Address::Line(n) => *n <= self.at,
                        Address::Plus(n) => *n == 0,
                        Address::Multiple(n) => *n == 0 || self.at.is_multiple_of(*n),
                        Address::Last => self.last(),
                        _ => false,
                    };
                    (true, !one)
                } else {
                    (false, false)
                };
                if let Some(o) = self.open.get_mut(i) {
                    *o = stays;
                }
                hit
            }
        };
        hit != c.negated
    }

    fn cycle(&mut self) -> Next {
        let mut i = 0;
        let mut replaced = false;
        let mut branches = 0;
        while let Some(c) = self.commands.get(i) {
            let here = i;
            i += 1;
            let size = self.pattern.len() + self.hold.len();
            self.work += size + 16;
            if size > MAX_TEXT || self.out.len() > 4 * MAX_TEXT || self.work > MAX_WORK {
                self.exit = 4;
                return Next::Quit;
            }
            if !self.selected(here, c) {
                if let Function::Open(close) = &c.function {
                    i = *close;
                }
                continue;
            }
            match &c.function {
                Function::Open(_) | Function::Close | Function::Label => {}
                Function::Print => {
                    let t = self.pattern.clone();
                    self.print(&t);
                }
                Function::PrintFirst => {
                    let t = self.pattern.split('\n').next().unwrap_or("").to_owned();
                    self.print(&t);
                }
                Function::Delete => {
                    self.flush_appended();
                    return Next::Cycle;
                }
                Function::DeleteFirst => match self.pattern.split_once('\n') {
                    Some((_, rest)) => {
                        self.pattern = rest.to_owned();
                        return Next::Again;
                    }
                    None => return Next::Cycle,
                },
                Function::Quit(code, print) => {
                    self.exit = *code;
                    if *print {
                        self.finish();
                    }
                    return Next::Quit;
                }
                Function::Append(t) => self.appended.push(t.clone()),
                Function::Insert(t) => self.print(&t.clone()),
                Function::Change(t) => {
                    let open = self.open.get(here).copied().unwrap_or(false);
                    if c.to.is_none() || !open || c.negated {
                        self.print(&t.clone());
                    }
                    return Next::Cycle;
                }
                Function::LineNumber => {
                    let n = self.at.to_string();
                    self.print(&n);
                }
                Function::Next => {
                    if self.last() {
                        if !self.quiet {
                            self.finish();
                        }
                        return Next::Quit;
                    }
                    self.finish();
                    self.pattern = self.lines.get(self.at).copied().unwrap_or("").to_owned();
                    self.at += 1;
                }
                Function::NextAppend => {
                    if self.last() {
                        self.finish();
                        return Next::Quit;
                    }
                    self.pattern.push('\n');
                    self.pattern.push_str(self.lines.get(self.at).copied().unwrap_or(""));
                    self.at += 1;
                }
                Function::Hold => self.hold.clone_from(&self.pattern),
                Function::HoldAppend => {
                    self.hold.push('\n');
                    self.hold.push_str(&self.pattern);
                }
                Function::Get => self.pattern.clone_from(&self.hold),
                Function::GetAppend => {
                    self.pattern.push('\n');
                    self.pattern.push_str(&self.hold);
                }
                Function::Exchange => std::mem::swap(&mut self.hold, &mut self.pattern),
                Function::Translate(from, to) => {
                    self.pattern = self
                        .pattern
                        .chars()
                        .map(|c| {
                            from.iter().position(|f| *f == c).and_then(|i| to.get(i)).copied().unwrap_or(c)
                        })
                        .collect();
                }
                Function::Write(path) => {
                    let text = self.pattern.clone() + "\n";
                    self.files.entry(path.clone()).or_default().push_str(&text);
                }
                Function::Branch(target, when) => {
                    let go = match when {
                        script::When::Always => true,
                        script::When::Replaced => std::mem::replace(&mut replaced, false),
                        script::When::NotReplaced => !std::mem::replace(&mut replaced, false),
                    };
                    branches += 1;
                    if go {
                        if branches > MAX_BRANCHES {
                            return Next::Quit;
                        }
                        i = *target;
                    }
                }
                Function::Substitute(s) => {
                    let regex = match &s.regex {
                        Some(r) => r.clone(),
                        None => match &self.last_regex {
                            Some(r) => r.clone(),
                            None => continue,
                        },
                    };
                    let (text, n) = regex.replace(
                        &self.pattern,
                        |k| if s.global { k >= s.nth } else { k == s.nth },
                        |chars, m| s.fill(chars, m),
                    );
                    self.last_regex = Some(regex);
                    if n > 0 {
                        self.pattern = text;
                        replaced = true;
                        if s.print {
                            let t = self.pattern.clone();
                            self.print(&t);
                        }
                        if let Some(path) = &s.write {
                            let text = self.pattern.clone() + "\n";
                            self.files.entry(path.clone()).or_default().push_str(&text);
                        }
                    }
                }
            }
        }
        self.finish();
        Next::Cycle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sed(script: &str, input: &str, quiet: bool, syntax: Syntax) -> String {
        let commands = script::parse(script, syntax).unwrap();
        let mut run = Run::new(&commands, quiet, input);
        run.all();
        run.out
    }

    #[test]
    fn edits_streams() {
        use Syntax::{Basic, Extended};
        assert_eq!(sed("s/a/b/", "aa\na\n", false, Basic), "ba\nb\n");
        assert_eq!(
            sed("s/^(Created on: +).*/\\1TIME/", "Created on:   x y\n", false, Extended),
            "Created on:   TIME\n"
        );
        assert_eq!(sed("/^B/,/^D/p", "A\nB\nC\nD\nE\n", true, Basic), "B\nC\nD\n");
        assert_eq!(sed("s/^[0-9]+s/AGE/; s/  +/  /g", "12s     x   y\n", false, Extended), "AGE  x  y\n");
        assert_eq!(sed("2d;$s/x/y/", "a\nb\nx", false, Basic), "a\ny");
        assert_eq!(sed("/b/a\\\n  new", "a\nb\nc\n", false, Basic), "a\nb\n  new\nc\n");
        assert_eq!(sed("/b/i new", "a\nb\n", false, Basic), "a\nnew\nb\n");
        assert_eq!(sed("s#https://.*#URL#", "at https://x:1\n", false, Basic), "at URL\n");
        assert_eq!(sed("s/x/type: a\\/b\\nx/", "x\n", false, Basic), "type: a/b\nx\n");
        assert_eq!(sed("2,3!d", "a\nb\nc\nd\n", false, Basic), "b\nc\n");
        assert_eq!(sed(":a;N;$!ba;s/\\n/,/g", "a\nb\nc\n", false, Basic), "a,b,c\n");
        assert_eq!(sed("/a/{s/a/x/;p}", "a\nb\n", true, Basic), "x\n");
        assert_eq!(sed("s/b/[&]/2", "bbb\n", false, Basic), "b[b]b\n");
    }
}
