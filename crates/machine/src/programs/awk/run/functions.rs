//! Functions of awk, its own and the program's, and formatted output.

use super::*;

impl Run<'_, '_> {
    pub(super) fn format(&self, format: &str, args: &[String]) -> String {
        // awk's printf does not start over with left-over arguments, and numbers may have fractions.
        let fixed: Vec<String> = args.to_vec();
        let mut conversions = Vec::new();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '%' {
                if chars.peek() == Some(&'%') {
                    chars.next();
                    continue;
                }
                conversions.extend(chars.by_ref().find(char::is_ascii_alphabetic));
            }
        }
        let list: Vec<String> = conversions
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let a = fixed.get(i).cloned().unwrap_or_default();
                match c {
                    'd' | 'i' | 'x' | 'X' | 'o' | 'u' => format!("{:.0}", leading_number(&a).trunc()),
                    'c' if looks_numeric(&a) => {
                        char::from_u32(leading_number(&a) as u32).map(String::from).unwrap_or_default()
                    }
                    'f' | 'e' | 'g' => leading_number(&a).to_string(),
                    _ => a,
                }
            })
            .collect();
        let escaped = format.replace('\\', "\\\\");
        programs::printf(&escaped, &list).0
    }

    pub(super) fn write_out(&mut self, mode: &str, path: &str, content: &str) {
        match (mode, path) {
            ("|", command) => {
                self.sys.flush();
                let argv = ["sh".to_owned(), "-c".to_owned(), command.to_owned()];
                let input = source(content.as_bytes().to_vec(), Tty::No);
                let _ = self.sys.fork("clone", |child| {
                    child.set_handle(0, Some(input));
                    programs::execvp(child, &argv).unwrap_or(127)
                });
            }
            (_, "/dev/stderr") => self.sys.complain(content),
            (_, "/dev/stdout") => self.sys.print(content),
            (mode, path) => {
                let flags = if mode == ">>" { crate::sys::Flags::APPEND } else { crate::sys::Flags::CREATE };
                match self.sys.open(path, flags, 0o666) {
                    Ok(fd) => {
                        let _ = self.sys.write(fd, content.as_bytes());
                        self.sys.close(fd);
                    }
                    Err(e) => {
                        self.sys
                            .complain(&format!("awk: cannot open \"{path}\" for output ({})\n", e.text()));
                        self.exit = 2;
                    }
                }
            }
        }
    }

    pub(super) fn regex(&mut self, e: &Expr) -> Option<Regex> {
        if let Expr::Regex(r) = e {
            return Some(r.clone());
        }
        let text = self.expr(e).text();
        Regex::new(&text, Syntax::Extended, false).ok()
    }

    pub(super) fn call(&mut self, name: &str, args: &[Expr]) -> Value {
        let program = self.program;
        if let Some((_, params, body)) = program.functions.iter().find(|(n, _, _)| n == name) {
            self.depth += 1;
            if self.depth > 200 {
                self.depth -= 1;
                return Value::Unset;
            }
            let values: Vec<Value> = args.iter().map(|a| self.expr(a)).collect();
            let old: Vec<(String, Option<Value>)> =
                params.iter().map(|p| (p.clone(), self.vars.get(p).cloned())).collect();
            for (i, p) in params.iter().enumerate() {
                self.set(p, values.get(i).cloned().unwrap_or(Value::Unset));
            }
            let flow = self.stmt(body);
            for (p, v) in old {
                match v {
                    Some(v) => self.vars.insert(p, v),
                    None => self.vars.remove(&p),
                };
            }
            self.depth -= 1;
            return if let Flow::Return(v) = flow { v } else { Value::Unset };
        }
        let mut text = |i: usize| args.get(i).map(|a| self.expr(a).text());
        match name {
            "length" => {
                if let Some(Expr::Var(n)) = args.first()
                    && let Some(a) = self.arrays.get(n)
                {
                    return Value::Number(a.len() as f64);
                }
                let t = match args.first() {
                    Some(a) => self.expr(a).text(),
                    None => self.field(0).text(),
                };
                Value::Number(t.chars().count() as f64)
            }
            "substr" => {
                let s: Vec<char> = text(0).unwrap_or_default().chars().collect();
                let start = args.get(1).map_or(1.0, |a| self.expr(a).number()).round();
                let end = args.get(2).map_or(f64::INFINITY, |a| start + self.expr(a).number().round());
                let (a, z) = (start.max(1.0), end.min(s.len() as f64 + 1.0));
                if z <= a {
                    Value::Text(String::new())
                } else {
                    Value::Text(s.get(a as usize - 1..z as usize - 1).unwrap_or_default().iter().collect())
                }
            }
            "index" => {
                let (s, t) = (text(0).unwrap_or_default(), text(1).unwrap_or_default());
                Value::Number(
                    s.find(&t).map_or(0.0, |i| s.get(..i).unwrap_or("").chars().count() as f64 + 1.0),
                )
            }
            "toupper" => Value::Text(text(0).unwrap_or_default().to_uppercase()),
            "tolower" => Value::Text(text(0).unwrap_or_default().to_lowercase()),
            "int" => Value::Number(args.first().map_or(0.0, |a| self.expr(a).number()).trunc()),
            "sqrt" => Value::Number(args.first().map_or(0.0, |a| self.expr(a).number()).sqrt()),
            "sprintf" => {
                let words: Vec<String> = args.iter().map(|a| self.expr(a).text()).collect();
                Value::Text(words.split_first().map_or(String::new(), |(f, rest)| self.format(f, rest)))
            }
            "split" => {
                let s = text(0).unwrap_or_default();
                let fs = text(2).unwrap_or_else(|| self.get("FS").text());
                let fs = match args.get(2) {
                    Some(Expr::Regex(_)) => None,
                    _ => Some(fs),
                };
                let parts = match (fs, args.get(2)) {
                    (None, Some(Expr::Regex(r))) => {
                        r.replace(&s, |_| true, |_, _| "\0".into()).0.split('\0').map(str::to_owned).collect()
                    }
                    (fs, _) => self.pieces(&s, &fs.unwrap_or_default()),
                };
                let Some(Expr::Var(a)) = args.get(1) else { return Value::Unset };
                let n = parts.len();
                let map = parts
                    .into_iter()
                    .enumerate()
                    .map(|(i, p)| ((i + 1).to_string(), Value::Input(p)))
                    .collect();
                self.arrays.insert(a.clone(), map);
                Value::Number(n as f64)
            }
            "sub" | "gsub" => {
                let Some(r) = args.first().and_then(|a| self.regex(a)) else { return Value::Unset };
                let with = args.get(1).map(|a| self.expr(a).text()).unwrap_or_default();
                let target = args.get(2).cloned().unwrap_or(Expr::Field(Box::new(Expr::Number(0.0))));
                let old = self.expr(&target).text();
                let (new, n) = r.replace(
                    &old,
                    |k| name == "gsub" || k == 1,
                    |chars, m| {
                        let whole: String =
                            chars.get(m.start()..m.end()).unwrap_or_default().iter().collect();
                        with.replace("\\&", "\u{0}").replace('&', &whole).replace('\u{0}', "&")
                    },
                );
                if n > 0 {
                    self.assign(&target, Value::Text(new));
                }
                Value::Number(n as f64)
            }
            "match" => {
                let s: Vec<char> = text(0).unwrap_or_default().chars().collect();
                let found = args.get(1).and_then(|a| self.regex(a)).and_then(|r| r.find_at(&s, 0));
                let (start, len) =
                    found.map_or((0.0, -1.0), |m| (m.start() as f64 + 1.0, (m.end() - m.start()) as f64));
                self.set("RSTART", Value::Number(start));
                self.set("RLENGTH", Value::Number(len));
                Value::Number(start)
            }
            "system" => {
                let command = text(0).unwrap_or_default();
                self.sys.flush();
                let argv = ["sh".to_owned(), "-c".to_owned(), command];
                let job = self.sys.fork("clone", |child| programs::execvp(child, &argv).unwrap_or(127));
                Value::Number(job.map_or(-1.0, |j| f64::from(j.wait.code())))
            }
            "systime" => Value::Number(self.sys.now().seconds() as f64),
            _ => Value::Unset,
        }
    }
}
