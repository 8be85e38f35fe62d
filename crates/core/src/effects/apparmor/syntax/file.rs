//! File and link rules.

use super::profile::Block;
use super::{Parser, Result};
use crate::effects::apparmor::perms::{FilePerms, bit};
use crate::effects::apparmor::rule::{Body, FileRule, LinkRule, Prefix, Rule, RuleMode};
use crate::effects::apparmor::token::Tok;

impl Parser<'_> {
    /// What is wrong with the exec qualifier of a file rule.
    pub(super) fn exec_qualifier(&self, perms: FilePerms, mode: RuleMode) -> Option<&'static str> {
        if !perms.has(bit::EXEC) {
            return None;
        }
        match (mode == RuleMode::Deny, perms.exec.is_some(), self.old()) {
            (true, true, false) => Some(
                "Invalid perms, in deny rules 'x' must not be preceded by exec qualifier 'i', 'p', or 'u'",
            ),
            (true, true, true) => Some(
                "Invalid mode, in deny rules 'x' must not be preceded by exec qualifier 'i', 'p', or 'u'",
            ),
            (false, false, false) => {
                Some("Invalid perms, 'x' must be preceded by exec qualifier 'i', 'p', or 'u'")
            }
            (false, false, true) => {
                Some("Invalid mode, 'x' must be preceded by exec qualifier 'i', 'p', 'c', or 'u'")
            }
            _ => None,
        }
    }

    /// A rule that begins with `file`, `safe`, `unsafe`, a path or permissions.
    pub(super) fn file_rule(&mut self, prefix: Prefix, into: &mut Block) -> Result<()> {
        let rule = if self.accept(Tok::File)?.is_some() && self.accept(Tok::EndOfRule)?.is_some() {
            // The bare rule: every path, and exec without a change of profile.
            FileRule {
                path: "/{**,}".to_owned(),
                perms: FilePerms::everything(),
                target: None,
                subset: false,
            }
        } else {
            self.file_rule_tail()?
        };
        if let Some(m) = self.exec_qualifier(rule.perms, prefix.mode) {
            let named = self.old() && rule.target.is_some() && prefix.mode != RuleMode::Deny;
            if !named {
                return Err(self.fail(m));
            }
        }
        into.rules.push(Rule { prefix, body: Body::File(rule), at: self.here() });
        Ok(())
    }

    fn perms(&mut self) -> Result<FilePerms> {
        let text = self.take();
        FilePerms::parse(&text).map_err(|m| self.fail(&m))
    }

    fn file_rule_tail(&mut self) -> Result<FileRule> {
        let environment = match self.peek()? {
            Tok::Unsafe => Some(true),
            Tok::Safe => Some(false),
            _ => None,
        };
        if environment.is_some() {
            self.take();
        }
        let mut rule = match self.peek()? {
            Tok::Id | Tok::SetVar => {
                let path = self.take();
                if self.peek()? != Tok::Mode {
                    return Err(self.syntax(&[Tok::Mode]));
                }
                let perms = self.perms()?;
                if matches!(self.peek()?, Tok::Id | Tok::SetVar) {
                    self.take();
                    return Err(self.fail(&format!("missing an end of line character? (entry: {path})")));
                }
                let target = self.arrow()?;
                self.end_of_rule()?;
                FileRule { path, perms, target, subset: false }
            }
            Tok::Mode => {
                let perms = self.perms()?;
                let subset = matches!(self.peek()?, Tok::Subset | Tok::Le);
                if subset {
                    self.take();
                }
                let path = self.id_or_var()?;
                let target = self.arrow()?;
                self.end_of_rule()?;
                if subset && perms.bits & !bit::LINK != 0 {
                    return Err(self.fail("subset can only be used with link rules."));
                }
                if target.is_some() && perms.has(bit::LINK) && perms.has(bit::EXEC) {
                    return Err(self.fail("link and exec perms conflict on a file rule using ->"));
                }
                if perms.has(bit::LINK) && target.as_ref().is_some_and(|t| t.starts_with(':')) {
                    return Err(self.fail("link perms are not allowed on a named profile transition.\n"));
                }
                FileRule { path, perms, target, subset }
            }
            _ => return Err(self.syntax(&[Tok::Id, Tok::Mode, Tok::SetVar])),
        };
        if let Some(keeps) = environment {
            if !rule.perms.has(bit::EXEC) {
                return Err(self.fail("unsafe rule missing exec permissions"));
            }
            if let Some(kind) = &mut rule.perms.exec {
                kind.keeps_environment = keeps;
            }
        }
        Ok(rule)
    }

    /// `-> target`.
    pub(super) fn arrow(&mut self) -> Result<Option<String>> {
        if self.accept(Tok::Arrow)?.is_none() {
            return Ok(None);
        }
        self.id_or_var().map(Some)
    }

    pub(super) fn link_rule(&mut self, prefix: Prefix, into: &mut Block) -> Result<()> {
        self.take();
        let subset = matches!(self.peek()?, Tok::Subset | Tok::Le);
        if subset {
            self.take();
        }
        let path = self.id_or_var()?;
        self.expect(Tok::Arrow)?;
        let target = self.id_or_var()?;
        self.end_of_rule()?;
        into.rules.push(Rule {
            prefix,
            body: Body::Link(LinkRule { path, target, subset }),
            at: self.here(),
        });
        Ok(())
    }
}
