//! `name=value`, `name=(a b)`, `name in (a b)` and `peer=(…)`.

use super::{Parser, Result};
use crate::effects::apparmor::token::Tok;

/// A condition of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) name: String,
    /// Whether `=` was written; else `in`.
    pub(super) equals: bool,
    pub(super) values: Vec<String>,
}

impl Condition {
    /// The first value.
    pub(super) fn value(&self) -> String {
        self.values.first().cloned().unwrap_or_default()
    }
}

impl Parser<'_> {
    /// Conditions, as many as there are. The parser gets them last first.
    pub(super) fn conditions(&mut self) -> Result<Vec<Condition>> {
        let mut all = vec![];
        while let Some(name) = self.accept(Tok::CondId)? {
            let equals = match self.peek()? {
                Tok::Equals => true,
                Tok::In => false,
                _ => {
                    all.push(Condition { name, ..Condition::default() });
                    continue;
                }
            };
            self.take();
            let values = match self.peek()? {
                Tok::Value if equals => vec![self.take()],
                Tok::OpenParen => {
                    self.take();
                    self.list_values()?
                }
                _ if equals => return Err(self.syntax(&[Tok::Value, Tok::OpenParen])),
                _ => return Err(self.syntax(&[Tok::OpenParen])),
            };
            all.push(Condition { name, equals, values });
        }
        all.reverse();
        Ok(all)
    }

    fn list_values(&mut self) -> Result<Vec<String>> {
        let mut values = vec![self.expect(Tok::Value)?];
        loop {
            match self.peek()? {
                Tok::Value => values.push(self.take()),
                Tok::CloseParen => {
                    self.take();
                    return Ok(values);
                }
                _ => return Err(self.syntax(&[Tok::Value, Tok::CloseParen])),
            }
        }
    }

    /// `peer=(conditions)`: the group's name and its conditions.
    pub(super) fn condition_list(&mut self) -> Result<(String, Vec<Condition>)> {
        let name = self.expect(Tok::CondListId)?;
        self.expect(Tok::Equals)?;
        self.expect(Tok::OpenParen)?;
        let mut all = vec![];
        loop {
            match self.peek()? {
                Tok::CondId => {
                    let name = self.take();
                    let mut values = vec![];
                    let equals = self.accept(Tok::Equals)?.is_some();
                    if equals {
                        values.push(self.expect_of(Tok::Value, &[Tok::Value, Tok::OpenParen])?);
                    }
                    all.push(Condition { name, equals, values });
                }
                Tok::CloseParen => {
                    self.take();
                    return Ok((name, all));
                }
                _ => return Err(self.syntax(&[Tok::CondId, Tok::CloseParen])),
            }
        }
    }

    /// An optional group, which must be called `peer`; the rule's kind names the complaint.
    pub(super) fn optional_peer(&mut self) -> Result<Option<(String, Vec<Condition>)>> {
        if self.peek()? == Tok::CondListId { self.condition_list().map(Some) } else { Ok(None) }
    }

    /// Takes the value of a condition that may be given once.
    pub(super) fn once(&self, slot: &mut Option<String>, rule: &str, c: &Condition) -> Result<()> {
        if slot.is_some() {
            return Err(self.fail(&format!("{rule} conditional \"{}\" can only be specified once\n", c.name)));
        }
        *slot = Some(c.value());
        Ok(())
    }

    /// Accesses before the conditions: one word, a list in parentheses, or none. Each is a word of `words`.
    pub(super) fn access(&mut self, kind: &str, words: &[(Tok, &str)]) -> Result<Vec<String>> {
        let next = self.peek()?;
        if let Some((_, word)) = words.iter().find(|(t, _)| *t == next) {
            self.take();
            return Ok(vec![(*word).to_owned()]);
        }
        match next {
            Tok::Mode => {
                let letters = self.take();
                self.letters(kind, &letters)
            }
            Tok::OpenParen => {
                self.take();
                let mut all = vec![];
                loop {
                    match self.peek()? {
                        Tok::CloseParen => {
                            self.take();
                            return Ok(all);
                        }
                        Tok::Value => {
                            let word = self.take();
                            if words.iter().any(|(_, w)| *w == word) {
                                all.push(word);
                            } else {
                                let letters = self.letters(kind, &word)?;
                                all.extend(letters);
                            }
                        }
                        _ => {
                            let more: Vec<Tok> = words
                                .iter()
                                .map(|(t, _)| *t)
                                .chain([Tok::Value, Tok::CloseParen, Tok::Mode])
                                .collect();
                            return Err(self.syntax(&more));
                        }
                    }
                }
            }
            _ => Ok(vec![]),
        }
    }

    /// `r` and `w` as accesses.
    fn letters(&self, kind: &str, text: &str) -> Result<Vec<String>> {
        if kind == "userns" || kind == "io_uring" {
            return Ok(vec![]);
        }
        let mut all = vec![];
        for c in text.chars() {
            all.push(match c.to_ascii_lowercase() {
                'r' => "read".to_owned(),
                'w' => "write".to_owned(),
                _ => {
                    let word = if self.old() { "mode" } else { "perms" };
                    return Err(
                        self.fail(&format!("Internal: unexpected {kind} {word} character '{c}' in input"))
                    );
                }
            });
        }
        Ok(all)
    }
}
