//! Profiles, hats, blocks and conditions: what has braces.

use super::preamble::variable_name;
use super::{MAX_RULES, Parser, Result};
use crate::effects::Errno;
use crate::effects::apparmor::audit::signal_number;
use crate::effects::apparmor::rule::{
    Body, Flags, Ownership, Prefix, ProfileMode, RawProfile, Rule, RuleMode,
};
use crate::effects::apparmor::token::Tok;

/// What a pair of braces holds.
#[derive(Default)]
pub(super) struct Block {
    pub(super) rules: Vec<Rule>,
    pub(super) children: Vec<RawProfile>,
}

impl Parser<'_> {
    /// A profile from its name on.
    pub(super) fn profile_base(&mut self) -> Result<RawProfile> {
        let label = self.expect(Tok::Id)?;
        let attachment = match self.peek()? {
            Tok::Id | Tok::SetVar => Some(self.take()),
            _ => None,
        };
        let mut group = None;
        if self.peek()? == Tok::CondListId {
            group = Some(self.condition_list()?.0);
        }
        let flags = self.flags()?;
        self.expect(Tok::Open)?;
        let seen = self.lexer.seen.clone();
        self.lexer.seen.clear();
        let block = self.deeper(Self::block_rest)?;
        self.lexer.seen = seen;
        let (namespace, name) = self.label(&label)?;
        if attachment.as_ref().is_some_and(|a| !a.starts_with('/') && !a.starts_with("@{")) {
            return Err(self.fail("Profile attachment must begin with a '/' or variable."));
        }
        if let Some(group) = group.filter(|g| g != "xattrs") {
            return Err(self.fail(&format!("profile id: invalid conditional group {group}=()")));
        }
        Ok(RawProfile { name, attachment, flags, rules: block.rules, children: block.children, namespace })
    }

    /// `:namespace:name`.
    fn label(&self, label: &str) -> Result<(Option<String>, String)> {
        if label.starts_with('&') {
            return Err(self.fail("Profile names must begin with a '/' or a namespace"));
        }
        let Some(rest) = label.strip_prefix(':') else { return Ok((None, label.to_owned())) };
        let Some((namespace, name)) = rest.split_once(':') else {
            return Err(self.fail(&format!("Namespace not terminated: {label}\n")));
        };
        if namespace.is_empty() {
            return Err(self.fail(&format!("Empty namespace: {label}\n")));
        }
        let name = name.strip_prefix("//").unwrap_or(name);
        if name.is_empty() {
            return Err(self.fail(&format!("Empty named transition profile name: {label}\n")));
        }
        Ok((Some(namespace.to_owned()), name.to_owned()))
    }

    fn flags(&mut self) -> Result<Flags> {
        let mut flags = Flags::default();
        match self.peek()? {
            Tok::CondId => {
                let word = self.take();
                self.expect(Tok::Equals)?;
                if word != "flags" {
                    return Err(self.fail(&format!("expected flags= got {word}=")));
                }
                self.expect(Tok::OpenParen)?;
            }
            Tok::OpenParen => {
                self.take();
            }
            _ => return Ok(flags),
        }
        let first = self.expect(Tok::Value)?;
        self.flag(&mut flags, &first)?;
        loop {
            match self.peek()? {
                Tok::Value => {
                    let word = self.take();
                    self.flag(&mut flags, &word)?;
                }
                Tok::CloseParen => {
                    self.take();
                    return Ok(flags);
                }
                _ => return Err(self.syntax(&[Tok::Value, Tok::CloseParen])),
            }
        }
    }

    fn flag(&self, flags: &mut Flags, word: &str) -> Result<()> {
        let mode = match word {
            "enforce" => Some(ProfileMode::Enforce),
            "complain" => Some(ProfileMode::Complain),
            "kill" => Some(ProfileMode::Kill),
            // A default_allow profile is loaded as an unconfined one.
            "unconfined" | "default_allow" => Some(ProfileMode::Unconfined),
            "prompt" if !self.old() => Some(ProfileMode::Prompt),
            _ => None,
        };
        if let Some(mode) = mode.filter(|_| !self.old() || word != "default_allow") {
            match flags.mode.filter(|m| *m != mode) {
                Some(other) => {
                    return Err(
                        self.fail(&format!("Profile flag '{}' conflicts with '{word}'", other.word()))
                    );
                }
                None => flags.mode = Some(mode),
            }
            return Ok(());
        }
        match word {
            "debug" if self.old() => return Err(self.fail("Profile flag 'debug' is no longer valid.")),
            "audit" => flags.audit = true,
            "chroot_relative"
            | "namespace_relative"
            | "mediate_deleted"
            | "delegate_deleted"
            | "attach_disconnected"
            | "no_attach_disconnected"
            | "chroot_attach"
            | "chroot_no_attach" => {
                flags.path.push(word.to_owned());
            }
            "debug" | "interruptible" if !self.old() => {}
            _ if !self.old() && word.starts_with("attach_disconnected.path=") => {
                flags.path.push("attach_disconnected".to_owned());
            }
            _ if !self.old() && word.starts_with("kill.signal=") => {
                let name = word.trim_start_matches("kill.signal=");
                if signal_number(name).is_none() {
                    return Err(self.fail(&format!("unknown signal specified for kill.signal='{name}'\n")));
                }
            }
            _ if !self.old() && word.starts_with("error=") => {
                let name = word.trim_start_matches("error=");
                if Errno::from_name(name).is_none() {
                    return Err(self.fail(&format!("unknown error code specified for error='{name}'\n")));
                }
            }
            _ => return Err(self.fail(&format!("Invalid profile flag: {word}."))),
        }
        for (one, other) in [
            ("chroot_relative", "namespace_relative"),
            ("mediate_deleted", "delegate_deleted"),
            ("attach_disconnected", "no_attach_disconnected"),
            ("chroot_attach", "chroot_no_attach"),
        ] {
            if flags.path.iter().any(|p| p == one) && flags.path.iter().any(|p| p == other) {
                return Err(self.fail(&format!("Profile flag {one} conflicts with {other}")));
            }
        }
        Ok(())
    }

    /// Rules up to the closing brace, and that.
    pub(super) fn block_rest(&mut self) -> Result<Block> {
        let mut block = Block::default();
        loop {
            match self.peek()? {
                Tok::Close => {
                    self.take();
                    return Ok(block);
                }
                Tok::Abi => self.abi()?,
                Tok::Hat | Tok::Caret => {
                    self.take();
                    let mut hat = self.profile_base()?;
                    hat.flags.hat = true;
                    self.child(&mut block, hat)?;
                }
                Tok::Profile => {
                    self.take();
                    let child = self.profile_base()?;
                    self.child(&mut block, child)?;
                }
                Tok::Set => self.rlimit()?,
                Tok::If => {
                    let chosen = self.deeper(Self::condition)?;
                    block.rules.extend(chosen.rules);
                    block.children.extend(chosen.children);
                }
                _ => {
                    let prefix = self.prefix()?;
                    self.rule(prefix, &mut block)?;
                }
            }
            self.count += 1;
            if self.count > MAX_RULES {
                return Err(self.fail("memory exhausted"));
            }
        }
    }

    fn child(&self, block: &mut Block, child: RawProfile) -> Result<()> {
        if block.children.iter().any(|c| c.name == child.name) {
            // The parent has no name yet: it is read at its closing brace.
            return self.bail(format!(
                "Multiple definitions for hat {} in profile (null) exist,bailing out.\n",
                child.name
            ));
        }
        block.children.push(child);
        Ok(())
    }

    /// Rules in braces of their own, which take the prefix.
    pub(super) fn nested(&mut self, prefix: Prefix, into: &mut Block) -> Result<()> {
        let inner = self.deeper(Self::block_rest)?;
        if self.old() && prefix.mode == RuleMode::Deny {
            return Err(self.fail("deny prefix not allowed"));
        }
        if prefix.priority != 0 {
            return Err(self.fail("priority is not allowed on rule blocks"));
        }
        for mut rule in inner.rules {
            // Only these are taken over, and the block's mode replaces their own; all others are lost.
            if !matches!(rule.body, Body::File(_) | Body::Link(_) | Body::ChangeProfile(_)) {
                continue;
            }
            let inner = rule.prefix;
            let mut forced = (inner.mode == RuleMode::Deny) != inner.audit;
            forced |= prefix.audit != (prefix.mode == RuleMode::Deny);
            rule.prefix = Prefix { audit: forced != (prefix.mode == RuleMode::Deny), ..prefix };
            if prefix.owner == Ownership::Any {
                rule.prefix.owner = inner.owner;
            }
            if let Body::File(f) = &rule.body
                && let Some(m) =
                    self.exec_qualifier(f.perms, if self.old() { inner.mode } else { prefix.mode })
            {
                return Err(self.fail(m));
            }
            into.rules.push(rule);
        }
        Ok(())
    }

    fn prefix(&mut self) -> Result<Prefix> {
        let mut prefix = Prefix::default();
        if self.accept(Tok::Priority)?.is_some() {
            self.expect(Tok::Equals)?;
            let value = self.expect(Tok::Value)?;
            match value.parse::<i32>() {
                Ok(n) if (-1000..=1000).contains(&n) => prefix.priority = n,
                _ => return Err(self.fail(&format!("invalid priority {value}"))),
            }
        }
        prefix.audit = self.accept(Tok::Audit)?.is_some();
        prefix.mode = match self.peek()? {
            Tok::Allow => RuleMode::Allow,
            Tok::Deny => RuleMode::Deny,
            Tok::Prompt => RuleMode::Prompt,
            other => {
                prefix.owner = self.owner(other);
                return Ok(prefix);
            }
        };
        self.take();
        let next = self.peek()?;
        prefix.owner = self.owner(next);
        Ok(prefix)
    }

    fn owner(&mut self, word: Tok) -> Ownership {
        let owner = match word {
            Tok::Owner => Ownership::Owner,
            Tok::Other => Ownership::Other,
            _ => return Ownership::Any,
        };
        self.take();
        owner
    }

    /// `if … { } else …`: the chosen block.
    fn condition(&mut self) -> Result<Block> {
        self.take();
        let truth = self.expression()?;
        self.expect(Tok::Open)?;
        let then = self.deeper(Self::block_rest)?;
        let mut other = Block::default();
        if self.accept(Tok::Else)?.is_some() {
            other = match self.peek()? {
                Tok::If => self.deeper(Self::condition)?,
                Tok::Open => {
                    self.take();
                    self.deeper(Self::block_rest)?
                }
                _ => return Err(self.syntax(&[Tok::Open, Tok::If])),
            };
        }
        Ok(if truth { then } else { other })
    }

    fn expression(&mut self) -> Result<bool> {
        let mut negated = false;
        loop {
            let truth = match self.peek()? {
                Tok::Not => {
                    self.take();
                    negated = !negated;
                    continue;
                }
                Tok::BoolVar => {
                    let word = self.take();
                    self.boolean(&word)?
                }
                Tok::Defined => {
                    self.take();
                    match self.peek()? {
                        Tok::SetVar => {
                            let name = variable_name(&self.take());
                            self.variables.is_declared(&name)
                        }
                        Tok::BoolVar => {
                            let name = variable_name(&self.take());
                            self.booleans.contains_key(&name)
                        }
                        _ => return Err(self.syntax(&[Tok::SetVar, Tok::BoolVar])),
                    }
                }
                _ => return Err(self.syntax(&[Tok::BoolVar, Tok::Not, Tok::Defined])),
            };
            return Ok(truth != negated);
        }
    }

    fn boolean(&self, word: &str) -> Result<bool> {
        let found = self.booleans.get(&variable_name(word)).copied();
        found.ok_or_else(|| self.fail(&format!("Unset boolean variable {word} used in if-expression")))
    }
}
