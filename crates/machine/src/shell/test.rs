//! `test`, `[` and `[[`.

use super::ast::{Part, Word};
use super::glob;
use super::interp::Interp;
use crate::fs::Kind;
use crate::regex::{Regex, Syntax};
use crate::sys::Sys;

/// `test ARGS`: whether it holds.
///
/// # Errors
/// What is wrong with the expression.
pub fn single(sys: &mut Sys<'_>, args: &[String]) -> Result<bool, String> {
    let mut t = Test { args, at: 0 };
    if args.is_empty() {
        return Ok(false);
    }
    let v = t.or(sys)?;
    match t.args.get(t.at) {
        None => Ok(v),
        Some(_) if args.len() > 4 => Err("too many arguments".to_owned()),
        Some(a) => Err(format!("{a}: unexpected operator")),
    }
}

struct Test<'t> {
    args: &'t [String],
    at: usize,
}

const BINARY: &[&str] =
    &["=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">"];
const UNARY: &str = "abcdefghknoprstuvwxzLSGO";

impl Test<'_> {
    fn peek(&self, ahead: usize) -> Option<&str> {
        self.args.get(self.at + ahead).map(String::as_str)
    }

    fn or(&mut self, sys: &mut Sys<'_>) -> Result<bool, String> {
        let mut v = self.and(sys)?;
        while self.peek(0) == Some("-o") {
            self.at += 1;
            v |= self.and(sys)?;
        }
        Ok(v)
    }

    fn and(&mut self, sys: &mut Sys<'_>) -> Result<bool, String> {
        let mut v = self.not(sys)?;
        while self.peek(0) == Some("-a") {
            self.at += 1;
            v &= self.not(sys)?;
        }
        Ok(v)
    }

    fn not(&mut self, sys: &mut Sys<'_>) -> Result<bool, String> {
        let binary = self.peek(1).is_some_and(|o| BINARY.contains(&o)) && self.args.len() - self.at >= 3;
        if self.peek(0) == Some("!") && self.peek(1).is_some() && !binary {
            self.at += 1;
            return Ok(!self.not(sys)?);
        }
        if self.peek(0) == Some("(") && self.peek(1).is_some() && !binary {
            self.at += 1;
            let v = self.or(sys)?;
            if self.peek(0) != Some(")") {
                return Err("`)' expected".to_owned());
            }
            self.at += 1;
            return Ok(v);
        }
        let Some(first) = self.peek(0).map(str::to_owned) else { return Err("argument expected".to_owned()) };
        if binary {
            let (op, right) = (self.peek(1).unwrap_or("").to_owned(), self.peek(2).unwrap_or("").to_owned());
            self.at += 3;
            return compare(sys, &first, &op, &right);
        }
        if let Some(letter) = first.strip_prefix('-').filter(|l| l.len() == 1 && UNARY.contains(*l))
            && let Some(operand) = self.peek(1).map(str::to_owned)
        {
            self.at += 2;
            return Ok(unary(sys, letter, &operand));
        }
        self.at += 1;
        Ok(!first.is_empty())
    }
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{text}: integer expression expected"))
}

fn compare(sys: &mut Sys<'_>, a: &str, op: &str, b: &str) -> Result<bool, String> {
    Ok(match op {
        "=" | "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "-nt" | "-ot" => {
            let (x, y) = (
                sys.stat(a).map(|s| s.mtime).unwrap_or(i64::MIN),
                sys.stat(b).map(|s| s.mtime).unwrap_or(i64::MIN),
            );
            if op == "-nt" { x > y } else { x < y }
        }
        "-ef" => matches!((sys.stat(a), sys.stat(b)), (Ok(x), Ok(y)) if x.ino == y.ino),
        _ => {
            let (x, y) = (number(a)?, number(b)?);
            match op {
                "-eq" => x == y,
                "-ne" => x != y,
                "-lt" => x < y,
                "-le" => x <= y,
                "-gt" => x > y,
                _ => x >= y,
            }
        }
    })
}

fn unary(sys: &mut Sys<'_>, letter: &str, operand: &str) -> bool {
    match letter {
        "n" => return !operand.is_empty(),
        "z" => return operand.is_empty(),
        "t" => return operand.parse().is_ok_and(|fd| sys.is_tty(fd)),
        "r" | "w" | "x" => {
            let mask = match letter {
                "r" => 4,
                "w" => 2,
                _ => 1,
            };
            if sys.busybox() {
                let readable = sys.stat(operand).is_ok();
                let _ = sys.call("geteuid");
                return readable && sys.access_quietly(operand, mask);
            }
            return sys.access("faccessat2", operand, mask).is_ok();
        }
        "h" | "L" => return sys.lstat(operand).is_ok_and(|s| matches!(s.kind, Kind::Link(_))),
        _ => {}
    }
    let Ok(s) = sys.stat(operand) else { return false };
    match letter {
        "e" | "a" => true,
        "f" => matches!(s.kind, Kind::File(_)),
        "d" => s.is_dir(),
        "s" => s.size() > 0,
        "b" => matches!(s.kind, Kind::Block(..)),
        "c" => matches!(s.kind, Kind::Char(..)),
        "p" => matches!(s.kind, Kind::Fifo),
        "S" => matches!(s.kind, Kind::Socket),
        "u" => s.mode & 0o4000 != 0,
        "g" => s.mode & 0o2000 != 0,
        "k" => s.mode & 0o1000 != 0,
        "O" => s.uid == sys.me().cred.uid,
        "G" => s.gid == sys.me().cred.gid,
        _ => false,
    }
}

/// `[[ … ]]`.
pub(super) fn double(interp: &mut Interp<'_, '_>, words: &[Word]) -> Result<bool, String> {
    let mut d = Double { words, at: 0 };
    d.or(interp, true)
}

struct Double<'w> {
    words: &'w [Word],
    at: usize,
}

impl Double<'_> {
    fn plain(&self, ahead: usize) -> Option<&str> {
        match self.words.get(self.at + ahead)?.0.as_slice() {
            [Part::Plain(t)] => Some(t),
            _ => None,
        }
    }

    fn or(&mut self, i: &mut Interp<'_, '_>, run: bool) -> Result<bool, String> {
        let mut v = self.and(i, run)?;
        while self.plain(0) == Some("||") {
            self.at += 1;
            v |= self.and(i, run && !v)?;
        }
        Ok(v)
    }

    fn and(&mut self, i: &mut Interp<'_, '_>, run: bool) -> Result<bool, String> {
        let mut v = self.not(i, run)?;
        while self.plain(0) == Some("&&") {
            self.at += 1;
            v &= self.not(i, run && v)?;
        }
        Ok(v)
    }

    fn not(&mut self, i: &mut Interp<'_, '_>, run: bool) -> Result<bool, String> {
        if self.plain(0) == Some("!") {
            self.at += 1;
            return Ok(!self.not(i, run)?);
        }
        if self.plain(0) == Some("(") {
            self.at += 1;
            let v = self.or(i, run)?;
            self.at += 1;
            return Ok(v);
        }
        let Some(first) = self.words.get(self.at).cloned() else { return Ok(false) };
        if let Some(op) = self.plain(1).filter(|o| BINARY.contains(o) || *o == "=~").map(str::to_owned) {
            let right = self.words.get(self.at + 2).cloned().unwrap_or_default();
            self.at += 3;
            let left = i.text(&first)?;
            return match op.as_str() {
                "=" | "==" | "!=" => {
                    let pattern = i.pattern(&right)?;
                    Ok(glob::matches(&pattern, &left) == (op != "!="))
                }
                "=~" => {
                    let pattern = i.text(&right)?;
                    let regex = Regex::new(&pattern, Syntax::Extended, false)?;
                    let chars: Vec<char> = left.chars().collect();
                    let found = regex.find_at(&chars, 0);
                    let mut var = super::state::Var { array: true, ..Default::default() };
                    if let Some(f) = &found {
                        for g in 0..=regex.groups() {
                            let text = f.group(g).and_then(|(a, b)| chars.get(a..b)).unwrap_or_default();
                            var.values.insert(g, text.iter().collect());
                        }
                    }
                    i.state.vars.insert("BASH_REMATCH".to_owned(), var);
                    Ok(found.is_some())
                }
                _ => {
                    let right = i.text(&right)?;
                    compare(i.sys, &left, &op, &right)
                }
            };
        }
        if let Some(letter) = self
            .plain(0)
            .and_then(|p| p.strip_prefix('-'))
            .filter(|l| l.len() == 1 && UNARY.contains(*l))
            .map(str::to_owned)
            && let Some(operand) = self.words.get(self.at + 1).cloned()
        {
            self.at += 2;
            let operand = i.text(&operand)?;
            if letter == "v" {
                return Ok(i.state.vars.contains_key(&operand));
            }
            return Ok(unary(i.sys, &letter, &operand));
        }
        self.at += 1;
        Ok(!i.text(&first)?.is_empty())
    }
}
