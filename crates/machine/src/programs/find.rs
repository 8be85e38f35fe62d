//! `find`: tests, `-exec`, `-delete`.

use crate::fs::Kind;
use crate::shell::glob;
use crate::sys::{Stat, Sys};

#[derive(Clone, Debug)]
enum Test {
    Name(String, bool),
    Path(String),
    Type(char),
    Perm(u32, char),
    User(u32),
    Group(u32),
    NoUser,
    Size(i64, char, u64),
    Minutes(i64, char),
    Newer(i64),
    Empty,
    MaxDepth(u32),
    MinDepth(u32),
    Print,
    Print0,
    Ls,
    Delete,
    Prune,
    Exec(Vec<String>, bool),
    Not(Box<Test>),
    And(Vec<Test>),
    Or(Vec<Test>),
}

struct Run {
    test: Test,
    max: u32,
    min: u32,
    batch: Vec<String>,
    code: i32,
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let args = argv.get(1..).unwrap_or_default();
    let split = args.iter().position(|a| a.starts_with(['-', '(', '!'])).unwrap_or(args.len());
    let mut paths: Vec<String> = args.get(..split).unwrap_or_default().to_vec();
    if paths.is_empty() {
        paths.push(".".to_owned());
    }
    let mut parser = Parser { args: args.get(split..).unwrap_or_default(), at: 0, acts: false };
    let test = match parser.or(sys) {
        Ok(t) => t,
        Err(e) => {
            sys.complain(&format!("find: {e}\n"));
            return 1;
        }
    };
    if let Some(extra) = parser.args.get(parser.at) {
        sys.complain(&format!("find: unexpected '{extra}'\n"));
        return 1;
    }
    let test = if parser.acts { test } else { Test::And(vec![test, Test::Print]) };
    if !sys.busybox() {
        for call in ["uname", "ioctl"] {
            let _ = sys.call(call);
        }
    }
    let (mut max, mut min) = (u32::MAX, 0);
    depths(&test, &mut max, &mut min);
    let mut run = Run { test, max, min, batch: Vec::new(), code: 0 };
    for p in &paths {
        visit(sys, &mut run, p, 0);
    }
    let test = run.test.clone();
    finish(sys, &test, &mut run);
    run.code
}

fn depths(t: &Test, max: &mut u32, min: &mut u32) {
    match t {
        Test::MaxDepth(n) => *max = *n,
        Test::MinDepth(n) => *min = *n,
        Test::And(l) | Test::Or(l) => l.iter().for_each(|t| depths(t, max, min)),
        Test::Not(t) => depths(t, max, min),
        _ => {}
    }
}

fn finish(sys: &mut Sys<'_>, t: &Test, run: &mut Run) {
    match t {
        Test::Exec(words, true) if !run.batch.is_empty() => {
            let mut words = words.clone();
            words.extend(std::mem::take(&mut run.batch));
            spawn(sys, &words);
        }
        Test::And(l) | Test::Or(l) => l.iter().for_each(|t| finish(sys, t, run)),
        _ => {}
    }
}

fn spawn(sys: &mut Sys<'_>, words: &[String]) -> bool {
    sys.flush();
    let name = words.first().cloned().unwrap_or_default();
    sys.fork("vfork", |child| match super::execvp(child, words) {
        Ok(code) => code,
        Err(e) => {
            child.complain(&format!("find: '{name}': {}\n", e.text()));
            1
        }
    })
    .is_ok_and(|j| j.wait.code() == 0)
}

fn visit(sys: &mut Sys<'_>, run: &mut Run, path: &str, depth: u32) {
    if !sys.runs() {
        return;
    }
    let stat = match sys.lstat(path) {
        Ok(s) => s,
        Err(e) => {
            let text = if sys.busybox() {
                format!("find: {path}: {}\n", e.text())
            } else {
                format!("find: '{path}': {}\n", e.text())
            };
            sys.complain(&text);
            run.code = 1;
            return;
        }
    };
    let test = run.test.clone();
    let deep = deletes(&test);
    let mut prune = false;
    if !deep && depth >= run.min {
        holds(sys, run, &test, path, &stat, &mut prune);
    }
    if stat.is_dir() && depth < run.max && !prune {
        if !sys.busybox() {
            let _ = sys.call("fcntl");
        }
        match sys.list(path) {
            Ok(names) => {
                if !sys.busybox() {
                    for call in ["fstatfs", "fchdir"] {
                        let _ = sys.call(call);
                    }
                }
                for name in names {
                    let child =
                        if path.ends_with('/') { format!("{path}{name}") } else { format!("{path}/{name}") };
                    visit(sys, run, &child, depth + 1);
                }
            }
            Err(e) => {
                sys.flush();
                let text = if sys.busybox() {
                    format!("find: {path}: {}\n", e.text())
                } else {
                    format!("find: '{path}': {}\n", e.text())
                };
                sys.complain(&text);
                run.code = 1;
            }
        }
    }
    if deep && depth >= run.min {
        holds(sys, run, &test, path, &stat, &mut prune);
    }
}

fn deletes(t: &Test) -> bool {
    match t {
        Test::Delete => true,
        Test::And(l) | Test::Or(l) => l.iter().any(deletes),
        Test::Not(t) => deletes(t),
        _ => false,
    }
}

fn compare(n: i64, sign: char, value: i64) -> bool {
    match sign {
        '+' => value > n,
        '-' => value < n,
        _ => value == n,
    }
}

fn holds(sys: &mut Sys<'_>, run: &mut Run, t: &Test, path: &str, s: &Stat, prune: &mut bool) -> bool {
    match t {
        Test::Name(p, fold) => {
            let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
            if *fold {
                glob::matches(&p.to_lowercase(), &name.to_lowercase())
            } else {
                glob::matches(p, name)
            }
        }
        Test::Path(p) => glob::matches(p, path),
        Test::Type(c) => (if s.type_letter() == '-' { 'f' } else { s.type_letter() }) == *c,
        Test::Perm(m, '-') => s.mode & m == *m,
        Test::Perm(m, '/') => s.mode & m != 0,
        Test::Perm(m, _) => s.mode == *m,
        Test::User(u) => s.uid == *u,
        Test::Group(g) => s.gid == *g,
        Test::NoUser => sys.user_name(s.uid).is_none(),
        Test::Size(n, sign, unit) => {
            compare(*n, *sign, i64::try_from(s.size().div_ceil(*unit)).unwrap_or(i64::MAX))
        }
        Test::Newer(than) => s.mtime > *than,
        Test::Minutes(n, sign) => compare(*n, *sign, (sys.now().0 - s.mtime) / 60_000),
        Test::Empty => match &s.kind {
            Kind::Dir(d) => d.entries.is_empty(),
            Kind::File(c) => c.is_empty(),
            _ => false,
        },
        Test::MaxDepth(_) | Test::MinDepth(_) => true,
        Test::Print => {
            sys.print(&format!("{path}\n"));
            true
        }
        Test::Print0 => {
            sys.print(&format!("{path}\0"));
            true
        }
        Test::Ls => {
            let line = super::ls::long_line(sys, path, s);
            sys.print(&format!("{line}\n"));
            true
        }
        Test::Delete => {
            let done = if s.is_dir() { sys.rmdir("unlinkat", path) } else { sys.unlink("unlinkat", path) };
            if let Err(e) = done {
                sys.complain(&format!("find: cannot delete '{path}': {}\n", e.text()));
                run.code = 1;
            }
            done.is_ok()
        }
        Test::Prune => {
            *prune = true;
            true
        }
        Test::Exec(_, true) => {
            run.batch.push(path.to_owned());
            true
        }
        Test::Exec(words, false) => {
            let words: Vec<String> = words.iter().map(|w| w.replace("{}", path)).collect();
            spawn(sys, &words)
        }
        Test::Not(t) => !holds(sys, run, t, path, s, prune),
        Test::And(l) => l.iter().all(|t| holds(sys, run, t, path, s, prune)),
        Test::Or(l) => l.iter().any(|t| holds(sys, run, t, path, s, prune)),
    }
}

struct Parser<'p> {
    args: &'p [String],
    at: usize,
    acts: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.args.get(self.at).map(String::as_str)
    }

    fn or(&mut self, sys: &mut Sys<'_>) -> Result<Test, String> {
        let mut list = vec![self.and(sys)?];
        while matches!(self.peek(), Some("-o" | "-or")) {
            self.at += 1;
            list.push(self.and(sys)?);
        }
        Ok(Test::Or(list))
    }

    fn and(&mut self, sys: &mut Sys<'_>) -> Result<Test, String> {
        let mut list = Vec::new();
        while let Some(word) = self.peek() {
            match word {
                "-o" | "-or" | ")" => break,
                "-a" | "-and" => self.at += 1,
                _ => list.push(self.one(sys)?),
            }
        }
        Ok(Test::And(list))
    }

    fn value(&mut self, of: &str) -> Result<String, String> {
        self.at += 1;
        self.args.get(self.at - 1).cloned().ok_or_else(|| format!("missing argument to '{of}'"))
    }

    fn one(&mut self, sys: &mut Sys<'_>) -> Result<Test, String> {
        let word = self.peek().unwrap_or("").to_owned();
        self.at += 1;
        let signed = |v: &str| {
            let sign = v.chars().next().filter(|c| matches!(c, '+' | '-')).unwrap_or('=');
            (v.trim_start_matches(['+', '-']).to_owned(), sign)
        };
        Ok(match word.as_str() {
            "!" | "-not" => Test::Not(Box::new(self.one(sys)?)),
            "(" => {
                let t = self.or(sys)?;
                self.at += 1;
                t
            }
            "-name" => Test::Name(self.value(&word)?, false),
            "-iname" => Test::Name(self.value(&word)?, true),
            "-path" | "-wholename" => Test::Path(self.value(&word)?),
            "-type" => Test::Type(self.value(&word)?.chars().next().unwrap_or('f')),
            "-perm" => {
                let v = self.value(&word)?;
                let how = v.chars().next().filter(|c| matches!(c, '-' | '/')).unwrap_or('=');
                let text = v.trim_start_matches(['-', '/']);
                let mode = super::chmod::apply(text, 0, false, 0).ok_or(format!("invalid mode '{v}'"))?;
                Test::Perm(mode, how)
            }
            "-user" | "-uid" => {
                let v = self.value(&word)?;
                let uid = v.parse().ok().or_else(|| sys.find_user(|u| u.name == v).map(|u| u.uid));
                Test::User(uid.ok_or(format!("'{v}' is not the name of a known user"))?)
            }
            "-group" | "-gid" => {
                let v = self.value(&word)?;
                let gid = v.parse().ok().or_else(|| sys.groups().into_iter().find(|g| g.0 == v).map(|g| g.1));
                Test::Group(gid.ok_or(format!("'{v}' is not the name of an existing group"))?)
            }
            "-nouser" => Test::NoUser,
            "-size" => {
                let (v, sign) = signed(&self.value(&word)?);
                let unit = match v.chars().last() {
                    Some('c') => 1,
                    Some('k') => 1024,
                    Some('M') => 1 << 20,
                    Some('G') => 1 << 30,
                    _ => 512,
                };
                let n = v
                    .trim_end_matches(|c: char| c.is_alphabetic())
                    .parse()
                    .map_err(|_| format!("invalid -size argument '{v}'"))?;
                Test::Size(n, sign, unit)
            }
            "-mmin" | "-mtime" => {
                let (v, sign) = signed(&self.value(&word)?);
                let n: i64 = v.parse().map_err(|_| format!("invalid argument '{v}' to '{word}'"))?;
                Test::Minutes(if word == "-mtime" { n * 1440 } else { n }, sign)
            }
            "-newer" => {
                let file = self.value(&word)?;
                match sys.stat(&file) {
                    Ok(s) => Test::Newer(s.mtime),
                    Err(e) if sys.busybox() => return Err(format!("{file}: {}", e.text())),
                    Err(e) => return Err(format!("\u{2018}{file}\u{2019}: {}", e.text())),
                }
            }
            "-empty" => Test::Empty,
            "-maxdepth" => Test::MaxDepth(self.value(&word)?.parse().unwrap_or(0)),
            "-mindepth" => Test::MinDepth(self.value(&word)?.parse().unwrap_or(0)),
            "-prune" => Test::Prune,
            "-xdev" | "-mount" | "-follow" | "-depth" | "-daystart" => Test::And(Vec::new()),
            "-print" | "-print0" | "-ls" | "-delete" => {
                self.acts = true;
                match word.as_str() {
                    "-print" => Test::Print,
                    "-print0" => Test::Print0,
                    "-ls" => Test::Ls,
                    _ => Test::Delete,
                }
            }
            "-exec" | "-ok" => {
                self.acts = true;
                let mut words = Vec::new();
                loop {
                    match self.value(&word)?.as_str() {
                        ";" => return Ok(Test::Exec(words, false)),
                        "+" if words.last().is_some_and(|w| w == "{}") => {
                            words.pop();
                            return Ok(Test::Exec(words, true));
                        }
                        w => words.push(w.to_owned()),
                    }
                }
            }
            other => {
                return Err(if sys.busybox() {
                    format!("unrecognized: {other}")
                } else {
                    format!("unknown predicate '{other}'")
                });
            }
        })
    }
}
