//! Characters to tokens. What is no token is reported and passed over, as cel-go's ANTLR lexer does: the longest
//! token wins, and where none fits the text up to the character that could not go on is given up.
//!
//! Models cel-go `parser/gen/CEL.g4`. Knows nothing of what tokens mean together.

use crate::error::Issue;

/// A kind of token: its number in the grammar, so that sets of them print in the grammar's order.
pub(crate) type Kind = u8;

pub(crate) const EOF: Kind = 0;
pub(crate) const IN: Kind = 3;
pub(crate) const AND: Kind = 8;
pub(crate) const OR: Kind = 9;
pub(crate) const LBRACKET: Kind = 10;
pub(crate) const RBRACKET: Kind = 11;
pub(crate) const LBRACE: Kind = 12;
pub(crate) const RBRACE: Kind = 13;
pub(crate) const LPAREN: Kind = 14;
pub(crate) const RPAREN: Kind = 15;
pub(crate) const DOT: Kind = 16;
pub(crate) const COMMA: Kind = 17;
pub(crate) const MINUS: Kind = 18;
pub(crate) const EXCLAM: Kind = 19;
pub(crate) const QUESTION: Kind = 20;
pub(crate) const COLON: Kind = 21;
pub(crate) const TRUE: Kind = 26;
pub(crate) const FALSE: Kind = 27;
pub(crate) const NULL: Kind = 28;
pub(crate) const FLOAT: Kind = 29;
pub(crate) const INT: Kind = 30;
pub(crate) const UINT: Kind = 31;
pub(crate) const STRING: Kind = 32;
pub(crate) const BYTES: Kind = 33;
pub(crate) const IDENT: Kind = 34;
pub(crate) const ESCAPED: Kind = 35;

/// How the kinds are called in messages, by number.
pub(crate) const NAMES: [&str; 36] = [
    "<EOF>",
    "'=='",
    "'!='",
    "'in'",
    "'<'",
    "'<='",
    "'>='",
    "'>'",
    "'&&'",
    "'||'",
    "'['",
    "']'",
    "'{'",
    "'}'",
    "'('",
    "')'",
    "'.'",
    "','",
    "'-'",
    "'!'",
    "'?'",
    "':'",
    "'+'",
    "'*'",
    "'/'",
    "'%'",
    "'true'",
    "'false'",
    "'null'",
    "NUM_FLOAT",
    "NUM_INT",
    "NUM_UINT",
    "STRING",
    "BYTES",
    "IDENTIFIER",
    "ESC_IDENTIFIER",
];

/// Operators and brackets: those of [`NAMES`] between quotes that are no words.
const SIGNS: [Kind; 24] =
    [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25];

/// A token and the characters it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: usize,
    pub(crate) end: usize,
}

/// Cuts a text into tokens, the last one [`EOF`].
pub(crate) fn tokens(chars: &[char], issues: &mut Vec<Issue>) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = chars.get(at..).unwrap_or(&[]);
        let blank = count(rest, 0, |c| matches!(c, '\t' | ' ' | '\r' | '\n' | '\u{c}'));
        if blank > 0 {
            at += blank;
        } else if rest.starts_with(&['/', '/']) {
            at += count(rest, 0, |c| c != '\n');
        } else {
            let scan = scan(rest);
            if scan.accepted == 0 {
                let text: String = rest.iter().take(scan.failed + 1).collect();
                issues.push(Issue::new(at, format!("Syntax error: token recognition error at: '{text}'")));
                at += scan.failed + 1;
            } else {
                out.push(Token { kind: scan.kind, at, end: at + scan.accepted });
                at += scan.accepted;
            }
        }
    }
    out.push(Token { kind: EOF, at: chars.len(), end: chars.len() });
    out
}

fn count(chars: &[char], from: usize, is: impl Fn(char) -> bool) -> usize {
    chars.iter().skip(from).take_while(|c| is(**c)).count()
}

/// The longest token that was found, and the farthest character at which something could not go on.
struct Scan {
    kind: Kind,
    accepted: usize,
    failed: usize,
}

impl Scan {
    fn accept(&mut self, kind: Kind, length: usize) {
        if length > self.accepted {
            (self.kind, self.accepted) = (kind, length);
        }
    }
}

fn scan(chars: &[char]) -> Scan {
    let mut scan = Scan { kind: EOF, accepted: 0, failed: 0 };
    for kind in SIGNS {
        let sign = NAMES.get(usize::from(kind)).copied().unwrap_or_default().trim_matches('\'');
        let common = sign.chars().zip(chars).take_while(|(a, b)| a == *b).count();
        if common == sign.len() {
            scan.accept(kind, common);
        } else if common > 0 {
            scan.failed = scan.failed.max(common);
        }
    }
    number(chars, &mut scan);
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    if chars.first().is_some_and(|c| letter(*c)) {
        let length = count(chars, 0, |c| letter(c) || c.is_ascii_digit());
        let word: String = chars.iter().take(length).collect();
        let kind = match word.as_str() {
            "in" => IN,
            "true" => TRUE,
            "false" => FALSE,
            "null" => NULL,
            _ => IDENT,
        };
        scan.accept(kind, length);
    }
    if chars.first() == Some(&'`') {
        let inner =
            count(chars, 1, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' '));
        if inner > 0 && chars.get(1 + inner) == Some(&'`') {
            scan.accept(ESCAPED, inner + 2);
        } else {
            scan.failed = scan.failed.max(1 + inner);
        }
    }
    let bytes = usize::from(matches!(chars.first(), Some('b' | 'B')));
    let raw = usize::from(matches!(chars.get(bytes), Some('r' | 'R')));
    if let Some(quote) = chars.get(bytes + raw).copied().filter(|c| matches!(c, '"' | '\'')) {
        for width in [1, 3] {
            if chars.iter().skip(bytes + raw).take(width).filter(|c| **c == quote).count() == width {
                match string(chars, bytes + raw + width, quote, width, raw == 1) {
                    Ok(end) => scan.accept(if bytes == 1 { BYTES } else { STRING }, end),
                    Err(failed) => scan.failed = scan.failed.max(failed),
                }
            }
        }
    }
    scan
}

/// Where a string ends that has been opened before `at`; or where it cannot go on.
fn string(chars: &[char], mut at: usize, quote: char, width: usize, raw: bool) -> Result<usize, usize> {
    loop {
        let c = *chars.get(at).ok_or(at)?;
        if c == quote && chars.iter().skip(at).take(width).filter(|c| **c == quote).count() == width {
            return Ok(at + width);
        }
        if width == 1 && matches!(c, '\n' | '\r') {
            return Err(at);
        }
        at = if c == '\\' && !raw { escape(chars, at + 1)? } else { at + 1 };
    }
}

/// Where an escape ends whose backslash stands before `at`.
fn escape(chars: &[char], at: usize) -> Result<usize, usize> {
    let digits = |from: usize, n: usize, is: fn(char) -> bool| {
        let found = count(chars, from, is).min(n);
        if found == n { Ok(from + n) } else { Err(from + found) }
    };
    let hex = |c: char| c.is_ascii_hexdigit();
    match chars.get(at) {
        Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '"' | '\'' | '\\' | '?' | '`') => Ok(at + 1),
        Some('x' | 'X') => digits(at + 1, 2, hex),
        Some('u') => digits(at + 1, 4, hex),
        Some('U') => digits(at + 1, 8, hex),
        Some('0'..='3') => digits(at + 1, 2, |c| matches!(c, '0'..='7')),
        _ => Err(at),
    }
}

fn number(chars: &[char], scan: &mut Scan) {
    let digit = |c: char| c.is_ascii_digit();
    let unsigned = |at: usize| matches!(chars.get(at), Some('u' | 'U'));
    let whole = count(chars, 0, digit);
    if whole > 0 {
        scan.accept(INT, whole);
        if unsigned(whole) {
            scan.accept(UINT, whole + 1);
        }
    }
    if chars.starts_with(&['0', 'x']) {
        let hex = count(chars, 2, |c| c.is_ascii_hexdigit());
        if hex > 0 {
            scan.accept(INT, 2 + hex);
            if unsigned(2 + hex) {
                scan.accept(UINT, 3 + hex);
            }
        }
    }
    let exponent = |at: usize| -> Option<usize> {
        matches!(chars.get(at), Some('e' | 'E')).then_some(())?;
        let sign = usize::from(matches!(chars.get(at + 1), Some('+' | '-')));
        let digits = count(chars, at + 1 + sign, digit);
        (digits > 0).then_some(at + 1 + sign + digits)
    };
    if let Some(end) = exponent(whole).filter(|_| whole > 0) {
        scan.accept(FLOAT, end);
    }
    if chars.get(whole) == Some(&'.') {
        let fraction = count(chars, whole + 1, digit);
        if fraction > 0 {
            let end = whole + 1 + fraction;
            scan.accept(FLOAT, exponent(end).unwrap_or(end));
        }
    }
}
