//! What each shell says of a text that is no script.

use super::interp::Interp;
use super::parse::ParseError;
use super::state::Dialect;

/// A token as dash and ash name it.
fn token_name(token: &str) -> String {
    const RESERVED: &[&str] = &[
        "then", "else", "elif", "fi", "do", "done", "esac", "}", "in", "{", "if", "while", "until", "for",
        "case", "!",
    ];
    match token {
        "" => "end of file".to_owned(),
        "newline" => "newline".to_owned(),
        t if t.starts_with(['<', '>']) => "redirection".to_owned(),
        t if t.starts_with([';', '&', '|', '(', ')']) || RESERVED.contains(&t) => format!("\"{t}\""),
        _ => "word".to_owned(),
    }
}

/// Says what is wrong with a text.
#[inline(never)]
pub(super) fn complain(interp: &mut Interp<'_, '_>, text: &str, error: &ParseError) {
    match interp.state.dialect {
        Dialect::Bash => bash_error(interp, text, error),
        Dialect::Dash | Dialect::Ash => posix_error(interp, error),
    }
}

fn bash_error(interp: &mut Interp<'_, '_>, text: &str, error: &ParseError) {
    let lines = text.lines().count().max(1);
    let name = |line: usize| match (interp.state.interactive, interp.evaluating) {
        (true, _) => interp.state.name.clone(),
        (_, true) => format!("{}: eval: line {line}", interp.state.name),
        _ => format!("{}: -c: line {line}", interp.state.name),
    };
    let said = match error {
        ParseError::Incomplete { looking_for } if matches!(looking_for.as_str(), "'" | "\"" | "`") => {
            format!("{}: unexpected EOF while looking for matching `{looking_for}'\n", name(lines))
        }
        ParseError::Incomplete { looking_for } if looking_for == "$(" => {
            format!("{}: unexpected EOF while looking for matching `)'\n", name(lines + 1))
        }
        ParseError::Incomplete { .. } => {
            format!("{}: syntax error: unexpected end of file\n", name(lines + 1))
        }
        ParseError::Other { what, line } => format!("{}: syntax error: {what}\n", name(*line)),
        ParseError::Unexpected { token, line, .. } => {
            let token = if token.is_empty() { "newline" } else { token };
            let name = name(*line);
            let mut said = format!("{name}: syntax error near unexpected token `{token}'\n");
            if !interp.state.interactive {
                let source = text.lines().nth(line.saturating_sub(1)).unwrap_or("");
                said.push_str(&format!("{name}: `{source}'\n"));
            }
            said
        }
    };
    interp.sys.complain(&said);
}

fn posix_error(interp: &mut Interp<'_, '_>, error: &ParseError) {
    let dash = interp.state.dialect == Dialect::Dash;
    let unexpected = |token: &str, expecting: &str| {
        let (name, more) = (
            token_name(token),
            if expecting.is_empty() { String::new() } else { format!(" (expecting \"{expecting}\")") },
        );
        if dash { format!("{name} unexpected{more}") } else { format!("unexpected {name}{more}") }
    };
    let what = match error {
        ParseError::Incomplete { looking_for } => match looking_for.as_str() {
            "'" | "\"" if dash => "Unterminated quoted string".to_owned(),
            "'" | "\"" => "unterminated quoted string".to_owned(),
            "`" => "EOF in backquote substitution".to_owned(),
            "$(" => unexpected("", ")"),
            other => unexpected("", other),
        },
        ParseError::Other { what, line } => {
            interp.state.line = *line;
            let mut chars = what.chars();
            match chars.next().filter(|_| dash) {
                Some(first) => format!("{}{}", first.to_ascii_uppercase(), chars.as_str()),
                None => (*what).to_owned(),
            }
        }
        ParseError::Unexpected { token, expecting, line } => {
            interp.state.line = *line;
            unexpected(token, expecting)
        }
    };
    let eval = match (dash, interp.evaluating) {
        (_, false) => String::new(),
        (true, true) => "eval: ".to_owned(),
        (false, true) => format!("eval: {}", interp.ash_line()),
    };
    let kind = if dash { "Syntax error" } else { "syntax error" };
    interp.complain(&format!("{eval}{kind}: {what}"));
}
