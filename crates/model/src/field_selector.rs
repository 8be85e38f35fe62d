//! Field selectors: the syntax of `--field-selector`. Which fields a kind knows is the server's business.
//!
//! Models apimachinery `pkg/fields/selector.go`.

use std::fmt;

use crate::value::Value;

/// One condition on a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldTerm {
    /// The field, for instance `status.phase`.
    pub field: String,
    /// Whether the field shall equal the value or differ from it.
    pub equal: bool,
    /// The value.
    pub value: String,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    /// The conditions, in the order of their text.
    pub terms: Vec<FieldTerm>,
}

impl FieldSelector {
    /// Reads what follows `--field-selector`.
    ///
    /// # Errors
    /// What `fields.ParseSelector` says.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = split_terms(text);
        crate::order::sort(&mut parts);
        let mut terms = Vec::new();
        for part in parts.into_iter().filter(|p| !p.is_empty()) {
            let Some((field, equal, value)) = split_term(part) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
            };
            terms.push(FieldTerm { field: field.to_owned(), equal, value: unescape(value)? });
        }
        Ok(Self { terms })
    }

    /// Whether an object meets every condition; fields are looked up by their dotted path, missing ones are empty.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        self.matches_with(|field| {
            let path: Vec<&str> = field.split('.').collect();
            match object.at(&path) {
                None | Some(Value::Null) => String::new(),
                Some(Value::Str(s)) => s.to_string(),
                Some(other) => crate::json::print(other),
            }
        })
    }

    /// As [`Self::matches`], with another way to look a field up.
    #[must_use]
    pub fn matches_with(&self, lookup: impl Fn(&str) -> String) -> bool {
        self.terms.iter().all(|t| (lookup(&t.field) == t.value) == t.equal)
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, t) in self.terms.iter().enumerate() {
            let value = t.value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
            let operator = if t.equal { "=" } else { "!=" };
            write!(f, "{}{}{operator}{value}", if i > 0 { "," } else { "" }, t.field)?;
        }
        Ok(())
    }
}

fn split_terms(text: &str) -> Vec<&str> {
    let (mut out, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == ',' {
            out.push(text.get(start..i).unwrap_or_default());
            start = i + 1;
        }
    }
    out.push(text.get(start..).unwrap_or_default());
    out
}

fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    let at = term
        .char_indices()
        .find(|(i, c)| *c == '=' || term.get(*i..).is_some_and(|rest| rest.starts_with("!=")))?;
    let (field, rest) = term.split_at_checked(at.0)?;
    if let Some(value) = rest.strip_prefix("!=") {
        return Some((field, false, value));
    }
    Some((field, true, rest.strip_prefix("==").or_else(|| rest.strip_prefix('='))?))
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let sequence: String = std::iter::once('\\').chain(other).collect();
                    return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
                }
            },
            // Go prints the rune as a number.
            ',' | '=' => {
                let rune = u32::from(c);
                return Err(format!("invalid field selector: unescaped character in value: {rune}"));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::FieldSelector;
    use crate::json;

    #[test]
    fn selects() {
        let pod = json!({"metadata": {"name": "web"}, "spec": {"hostNetwork": true}, "status": {"phase": "Running"}});
        for (text, matches) in [
            ("metadata.name=web", true),
            ("status.phase!=Running", false),
            ("status.phase==Running,metadata.name!=x", true),
            ("spec.nodeName=", true),
            ("spec.hostNetwork=true", true),
            ("", true),
        ] {
            assert_eq!(FieldSelector::parse(text).expect(text).matches(&pod), matches, "{text}");
        }
        let s = FieldSelector::parse("b=x\\,y,a!=1").expect("valid");
        assert_eq!(s.to_string(), "a!=1,b=x\\,y");
    }

    #[test]
    fn errors_are_apimachinerys() {
        for (text, message) in [
            ("status.phase", "invalid selector: 'status.phase'; can't understand 'status.phase'"),
            ("a=b=c", "invalid field selector: unescaped character in value: 61"),
            ("a=\\b", "invalid field selector: invalid escape sequence: \\b"),
        ] {
            assert_eq!(FieldSelector::parse(text), Err(message.to_owned()));
        }
    }
}
