//! `$(( … ))`: C's integer expressions over shell variables.

use super::state::ShellState;

/// The value of an expression; assignments change the state.
///
/// # Errors
/// What is wrong, as bash words it.
pub fn evaluate(state: &mut ShellState, text: &str) -> Result<i64, String> {
    if state.dialect == super::Dialect::Dash && ["**", "++", "--"].iter().any(|op| text.contains(op)) {
        return Err("syntax error".to_owned());
    }
    let mut e = Eval { chars: text.chars().collect(), at: 0, state, depth: 0 };
    e.skip();
    if e.at >= e.chars.len() {
        return Ok(0);
    }
    let v = e.comma()?;
    e.skip();
    if e.at < e.chars.len() {
        return Err(e.syntax());
    }
    Ok(v)
}

struct Eval<'s> {
    chars: Vec<char>,
    at: usize,
    state: &'s mut ShellState,
    depth: u32,
}

type Res = Result<i64, String>;

const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Eval<'_> {
    fn skip(&mut self) {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn looking(&self, op: &str) -> bool {
        op.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn take(&mut self, op: &str) -> bool {
        self.skip();
        let here = self.looking(op);
        if here {
            self.at += op.chars().count();
        }
        here
    }

    fn syntax(&self) -> String {
        let token: String = self.chars.get(self.at..).unwrap_or_default().iter().collect();
        format!("syntax error in expression (error token is \"{token}\")")
    }

    fn comma(&mut self) -> Res {
        let mut v = self.ternary()?;
        while self.take(",") {
            v = self.ternary()?;
        }
        Ok(v)
    }

    fn ternary(&mut self) -> Res {
        self.depth += 1;
        if self.depth > 200 {
            return Err("expression recursion level exceeded".to_owned());
        }
        let test = self.binary(0)?;
        let v = if self.take("?") {
            let a = self.ternary()?;
            if !self.take(":") {
                return Err("`:' expected for conditional expression".to_owned());
            }
            let b = self.ternary()?;
            if test != 0 { a } else { b }
        } else {
            test
        };
        self.depth -= 1;
        Ok(v)
    }

    fn binary(&mut self, level: usize) -> Res {
        let Some(ops) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        'more: loop {
            self.skip();
            for op in *ops {
                // `<` is not `<<`, `&` not `&&`, and `=` behind an operator assigns.
                let next = self.chars.get(self.at + op.len()).copied();
                let longer = op.len() == 1 && next.is_some_and(|n| op.starts_with(n) && "|&<>".contains(n));
                let compound = next == Some('=') && !matches!(*op, "==" | "!=" | "<=" | ">=" | "&&" | "||");
                if self.looking(op) && !longer && !compound {
                    self.at += op.len();
                    let right = self.binary(level + 1)?;
                    left = apply(op, left, right)?;
                    continue 'more;
                }
            }
            return Ok(left);
        }
    }

    fn unary(&mut self) -> Res {
        self.skip();
        self.depth += 1;
        if self.depth > 200 {
            return Err("expression recursion level exceeded".to_owned());
        }
        let v = self.operand();
        self.depth -= 1;
        v
    }

    fn operand(&mut self) -> Res {
        for (op, by) in [("++", 1), ("--", -1)] {
            if self.take(op) {
                let name = self.name().ok_or_else(|| self.syntax())?;
                let v = self.get(&name)? + by;
                self.state.set(&name, &v.to_string());
                return Ok(v);
            }
        }
        if self.take("!") {
            return Ok(i64::from(self.unary()? == 0));
        }
        if self.take("~") {
            return Ok(!self.unary()?);
        }
        if self.take("-") {
            return Ok(self.unary()?.wrapping_neg());
        }
        if self.take("+") {
            return self.unary();
        }
        if self.take("(") {
            let v = self.comma()?;
            if !self.take(")") {
                return Err(self.syntax());
            }
            return self.power(v);
        }
        self.take("$");
        if let Some(name) = self.name() {
            return self.variable(&name);
        }
        let mut digits = String::new();
        while self.chars.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '#') {
            digits.extend(self.chars.get(self.at));
            self.at += 1;
        }
        if digits.is_empty() {
            return Err(if self.at >= self.chars.len() {
                "syntax error: operand expected (error token is \"\")".to_owned()
            } else {
                let token: String = self.chars.get(self.at..).unwrap_or_default().iter().collect();
                format!("syntax error: operand expected (error token is \"{token}\")")
            });
        }
        let v = number(&digits)
            .ok_or_else(|| format!("value too great for base (error token is \"{digits}\")"))?;
        self.power(v)
    }

    fn power(&mut self, base: i64) -> Res {
        if !self.take("**") {
            return Ok(base);
        }
        let exponent = self.unary()?;
        let exponent = u32::try_from(exponent).map_err(|_| "exponent less than 0".to_owned())?;
        Ok(base.wrapping_pow(exponent))
    }

    fn name(&mut self) -> Option<String> {
        self.skip();
        let from = self.at;
        if !self.chars.get(self.at).is_some_and(|c| c.is_ascii_alphabetic() || *c == '_') {
            return None;
        }
        while self.chars.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
            self.at += 1;
        }
        self.chars.get(from..self.at).map(|s| s.iter().collect())
    }

    fn get(&mut self, name: &str) -> Res {
        let text = self.state.get(name).unwrap_or("").trim().to_owned();
        if text.is_empty() {
            return Ok(0);
        }
        if let Some(v) = number(&text) {
            return Ok(v);
        }
        if self.depth > 20 || text == name {
            return Err("expression recursion level exceeded".to_owned());
        }
        let depth = self.depth + 1;
        let mut inner = Eval { chars: text.chars().collect(), at: 0, state: self.state, depth };
        inner.comma()
    }

    fn variable(&mut self, name: &str) -> Res {
        for (op, by) in [("++", 1), ("--", -1)] {
            if self.take(op) {
                let v = self.get(name)?;
                self.state.set(name, &(v + by).to_string());
                return Ok(v);
            }
        }
        self.skip();
        for op in ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ""] {
            let text = format!("{op}=");
            if self.looking(&text) && !(op.is_empty() && self.looking("==")) {
                self.at += text.len();
                let right = self.ternary()?;
                let v = if op.is_empty() { right } else { apply(op, self.get(name)?, right)? };
                self.state.set(name, &v.to_string());
                return Ok(v);
            }
        }
        let v = self.get(name)?;
        self.power(v)
    }
}

fn number(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |d| (true, d));
    let v = if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        i64::from_str_radix(hex, 16).ok()?
    } else if let Some((base, d)) = digits.split_once('#') {
        i64::from_str_radix(d, base.parse().ok().filter(|b| (2..=36).contains(b))?).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse().ok()?
    };
    Some(if negative { -v } else { v })
}

fn apply(op: &str, a: i64, b: i64) -> Res {
    Ok(match op {
        "||" => i64::from(a != 0 || b != 0),
        "&&" => i64::from(a != 0 && b != 0),
        "|" => a | b,
        "^" => a ^ b,
        "&" => a & b,
        "==" => i64::from(a == b),
        "!=" => i64::from(a != b),
        "<=" => i64::from(a <= b),
        ">=" => i64::from(a >= b),
        "<" => i64::from(a < b),
        ">" => i64::from(a > b),
        "<<" => a.wrapping_shl(b as u32),
        ">>" => a.wrapping_shr(b as u32),
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        _ if b == 0 => return Err("division by 0 (error token is \"0\")".to_owned()),
        "/" => a.wrapping_div(b),
        _ => a.wrapping_rem(b),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_as_c_does() {
        let mut s = ShellState::default();
        s.set("x", "5");
        for (text, want) in [
            ("1+2*3", 7),
            ("(1+2)*3", 9),
            ("x++ + 1", 6),
            ("x", 6),
            ("x<<2", 24),
            ("x>3 && x<9", 1),
            ("2**10", 1024),
            ("x%4==2?7:8", 7),
            ("y=3,y+1", 4),
            ("-3/2", -1),
            ("0x10+010", 24),
        ] {
            assert_eq!(evaluate(&mut s, text), Ok(want), "{text}");
        }
        assert!(evaluate(&mut s, "1/0").is_err());
        assert!(evaluate(&mut s, "1 +").is_err());
    }
}
