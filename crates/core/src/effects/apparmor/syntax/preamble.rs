//! What stands before the profiles: variables, aliases, the feature ABI.

use super::{Parser, Result};
use crate::effects::apparmor::includes::ROOT;
use crate::effects::apparmor::rule::RawProfile;
use crate::effects::apparmor::token::Tok;

/// The name inside `@{…}`, `$…`.
pub(super) fn variable_name(word: &str) -> String {
    let inner = word.get(1..).unwrap_or("");
    inner.strip_prefix('{').map_or(inner, |i| i.strip_suffix('}').unwrap_or(i)).to_owned()
}

impl Parser<'_> {
    /// A whole file.
    pub(super) fn list(&mut self) -> Result<Vec<RawProfile>> {
        loop {
            match self.peek()? {
                Tok::Alias => self.alias()?,
                Tok::SetVar => self.assign_set()?,
                Tok::BoolVar => self.assign_boolean()?,
                Tok::Abi => self.abi()?,
                _ => break,
            }
        }
        let mut profiles: Vec<RawProfile> = vec![];
        loop {
            let keyword = match self.peek()? {
                Tok::Eof => return Ok(profiles),
                Tok::Profile => Some(false),
                Tok::Hat | Tok::Caret => Some(true),
                Tok::Id => None,
                _ => return Err(self.syntax(&[Tok::Eof])),
            };
            if keyword.is_some() {
                self.take();
            }
            let mut profile = self.profile_base()?;
            if keyword.is_none() && !profile.name.starts_with('/') && profile.namespace.is_none() {
                return Err(self
                    .fail("Profile names must begin with a '/', namespace or keyword 'profile' or 'hat'."));
            }
            profile.flags.hat |= keyword == Some(true);
            if profiles.iter().any(|p| p.name == profile.name && p.namespace == profile.namespace) {
                return self
                    .bail(format!("Multiple definitions for profile {} exist,bailing out.\n", profile.name));
            }
            profiles.push(profile);
        }
    }

    fn alias(&mut self) -> Result<()> {
        self.take();
        let from = self.expect(Tok::Id)?;
        self.expect(Tok::Arrow)?;
        let to = self.expect(Tok::Id)?;
        self.end_of_rule()?;
        self.aliases.push((from, to));
        Ok(())
    }

    /// `abi <name>,`: the file of features must exist; what it says does not change what we model.
    pub(super) fn abi(&mut self) -> Result<()> {
        self.take();
        let searched = self.peek()? == Tok::Id;
        let name = match self.peek()? {
            Tok::Id | Tok::Value => self.take(),
            _ => return Err(self.syntax(&[Tok::Id, Tok::Value])),
        };
        self.end_of_rule()?;
        if searched && name == "kernel" {
            return Ok(());
        }
        let path = if searched { format!("{ROOT}/{name}") } else { name.clone() };
        let missing = !self.lexer.exists(&path) || (self.old() && name == "abi/4.0");
        if missing {
            return Err(self.fail(&format!("Could not open '{name}': No such file or directory")));
        }
        Ok(())
    }

    fn values(&mut self) -> Result<Vec<String>> {
        let mut values = vec![self.expect(Tok::Value)?];
        while let Some(v) = self.accept(Tok::Value)? {
            values.push(v);
        }
        Ok(values)
    }

    fn assign_set(&mut self) -> Result<()> {
        let word = self.take();
        let name = variable_name(&word);
        match self.peek()? {
            Tok::Equals => {
                self.take();
                let values = self.values()?;
                if self.booleans.contains_key(&name) || !self.variables.declare(&name, values) {
                    self.notes.push_str(&format!("'{name}' is already defined\n"));
                    return Err(self.fail(&format!("variable {word} was previously declared")));
                }
            }
            Tok::AddAssign => {
                self.take();
                let values = self.values()?;
                if !self.variables.add(&name, values) {
                    self.notes.push_str(&if self.booleans.contains_key(&name) {
                        format!("Variable {name} is not a set variable\n")
                    } else {
                        format!("Failed to find declaration for: {name}\n")
                    });
                    return Err(self.fail(&format!(
                        "variable {word} was not previously declared, but is being assigned additional values"
                    )));
                }
            }
            _ => return Err(self.syntax(&[Tok::Equals, Tok::AddAssign])),
        }
        Ok(())
    }

    fn assign_boolean(&mut self) -> Result<()> {
        let word = self.take();
        let name = variable_name(&word);
        self.expect(Tok::Equals)?;
        let value = self.expect(Tok::Value)?;
        let truth = match value.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => {
                return Err(self.fail(&format!(
                    "Invalid boolean assignment for ({word}): {value} is not true or false"
                )));
            }
        };
        if self.booleans.contains_key(&name) || self.variables.is_declared(&name) {
            self.notes.push_str(&format!("'{name}' is already defined\n"));
            return Err(self.fail(&format!("variable {word} was previously declared")));
        }
        self.booleans.insert(name, truth);
        Ok(())
    }
}
