//! The values of literals. Models cel-go `parser/unescape.go` and the number visitors of `parser/parser.go`.

use crate::ast::Literal;
use crate::lexer::{BYTES, FALSE, FLOAT, INT, Kind, NULL, STRING, TRUE, UINT};

/// The value of a literal token, a minus before it included in `text`.
///
/// # Errors
/// What cel-go says of one that fits nowhere.
pub(crate) fn value(kind: Kind, text: &str) -> Result<Literal, &'static str> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    match kind {
        TRUE => Ok(Literal::Bool(true)),
        FALSE => Ok(Literal::Bool(false)),
        NULL => Ok(Literal::Null),
        INT => {
            let parsed = match digits.strip_prefix("0x") {
                Some(hex) => i64::from_str_radix(&format!("{sign}{hex}"), 16),
                None => text.parse(),
            };
            parsed.map(Literal::Int).map_err(|_| "invalid int literal")
        }
        UINT => {
            let digits = digits.trim_end_matches(['u', 'U']);
            let parsed = match digits.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            parsed.map(Literal::UInt).map_err(|_| "invalid uint literal")
        }
        FLOAT => match text.parse::<f64>() {
            Ok(d) if d.is_finite() => Ok(Literal::Double(d)),
            _ => Err("invalid double literal"),
        },
        STRING => {
            let bytes = unescape(text, false)?;
            Ok(Literal::String(String::from_utf8_lossy(&bytes).into_owned().into()))
        }
        BYTES => unescape(text.get(1..).unwrap_or(text), true).map(|b| Literal::Bytes(b.into())),
        _ => Err("unable to unescape string"),
    }
}

const BAD: &str = "unable to unescape string";

fn unescape(text: &str, bytes: bool) -> Result<Vec<u8>, &'static str> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (raw, quoted) = match text.strip_prefix(['r', 'R']) {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    let width =
        if quoted.len() >= 6 && (quoted.starts_with("\"\"\"") || quoted.starts_with("'''")) { 3 } else { 1 };
    let inner = quoted.get(width..quoted.len().saturating_sub(width)).unwrap_or_default();
    if raw {
        return Ok(inner.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            push(&mut out, c);
            continue;
        }
        let plain = match rest.next().ok_or(BAD)? {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            c @ ('\\' | '\'' | '"' | '`' | '?') => u32::from(c),
            c @ ('x' | 'X' | 'u' | 'U' | '0'..='3') => {
                let (digits, radix) = match c {
                    'x' | 'X' => (2, 16),
                    'u' => (4, 16),
                    'U' => (8, 16),
                    _ => (2, 8),
                };
                if bytes && matches!(c, 'u' | 'U') {
                    return Err(BAD);
                }
                let mut number: String = rest.by_ref().take(digits).collect();
                if radix == 8 {
                    number.insert(0, c);
                }
                let code = u32::from_str_radix(&number, radix).map_err(|_| BAD)?;
                if bytes {
                    out.push(u8::try_from(code).map_err(|_| BAD)?);
                } else {
                    push(&mut out, char::from_u32(code).ok_or("invalid unicode code point")?);
                }
                continue;
            }
            _ => return Err(BAD),
        };
        out.extend(u8::try_from(plain));
    }
    Ok(out)
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
