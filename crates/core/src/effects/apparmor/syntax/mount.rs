//! Mount rules. Models parser/mount.cc.

use super::conditions::Condition;
use super::{Parser, PolicyError, Result};
use crate::effects::apparmor::mount::{OPTIONS, flag};
use crate::effects::apparmor::rule::{Body, MountKind, MountRule};
use crate::effects::apparmor::token::Tok;

/// Words that AppArmor 3.0 does not know.
const NEWER: &[&str] = &["symfollow", "nosymfollow", "nostrictatime", "lazytime", "nolazytime"];

impl Parser<'_> {
    pub(super) fn mount(&mut self) -> Result<Body> {
        let word = self.peek()?;
        self.take();
        let conditions = self.conditions()?;
        let first = self.accept(Tok::Id)?;
        let kind = match word {
            Tok::Umount => MountKind::Umount,
            Tok::PivotRoot => return self.pivot_root(&conditions, first),
            _ => MountKind::Mount,
        };
        let mut second = None;
        let mut on_target = vec![];
        if word == Tok::Mount {
            match self.peek()? {
                Tok::Arrow => {
                    self.take();
                    on_target = self.conditions()?;
                    second = Some(self.expect_of(Tok::Id, &[Tok::Id, Tok::CondId])?);
                    self.end_of_rule()?;
                }
                _ => {
                    self.expect_of(Tok::EndOfRule, &[Tok::EndOfRule, Tok::Arrow])?;
                }
            }
        } else {
            self.end_of_rule()?;
        }
        self.check_conditions(&conditions)?;
        if !on_target.is_empty() {
            return Err(self.fail("mount point conditions not currently supported"));
        }
        let remount = word == Tok::Remount;
        let (source, point) = if word == Tok::Mount { (first, second) } else { (None, first) };
        let mut rule =
            MountRule { kind, remount, fstype: vec![], source, point, required: vec![], optional: vec![] };
        for c in conditions.iter().rev() {
            if c.name.ends_with("fstype") {
                rule.fstype.extend(c.values.iter().cloned());
            } else {
                self.options(c, &mut rule)?;
            }
        }
        Ok(Body::Mount(rule))
    }

    fn check_conditions(&mut self, conditions: &[Condition]) -> Result<()> {
        let bad: Vec<&Condition> = conditions
            .iter()
            .filter(|c| !["options", "option", "fstype", "vfstype"].contains(&c.name.as_str()))
            .collect();
        if bad.is_empty() {
            return Ok(());
        }
        for c in bad {
            // Written before the complaint that ends the parser.
            self.notes = self.fail(&format!("invalid mount conditional {}", c.name)).text;
        }
        Err(self.fail("bad mount rule"))
    }

    fn options(&self, c: &Condition, rule: &mut MountRule) -> Result<()> {
        let (mut set, mut clear, mut unknown) = (0, 0, String::new());
        for value in &c.values {
            let newer = self.old() && NEWER.contains(&value.as_str());
            match OPTIONS.iter().find(|(n, _, _)| n == value && !newer) {
                None if self.old() => unknown = "  unsupported mount options\n".to_owned(),
                Some((_, s, u)) => {
                    set |= s;
                    clear |= u;
                }
                None => unknown.push_str(&format!("  unsupported mount option value '{value}'\n")),
            }
        }
        if !unknown.is_empty() {
            return self.bail(unknown);
        }
        if !c.equals {
            rule.optional.push(set | clear);
            return Ok(());
        }
        if rule.remount {
            set |= flag::REMOUNT;
        }
        if set & clear != 0 && !self.old() {
            let bits = (0..31).filter(|i| set & clear & (1 << i) != 0);
            let mut text: String =
                bits.map(|_| format!("conflicting flag values = {set}, {clear}\n")).collect();
            text.push_str("conflicting flags in the rule\n");
            return Err(PolicyError { text, at: None });
        }
        rule.required.push(set);
        Ok(())
    }

    fn pivot_root(&mut self, conditions: &[Condition], root: Option<String>) -> Result<Body> {
        self.arrow()?;
        self.end_of_rule()?;
        if let Some(c) = conditions.iter().find(|c| c.name != "oldroot") {
            return Err(self.fail(&format!("invalid pivotroot conditional '{}'", c.name)));
        }
        Ok(Body::Mount(MountRule {
            kind: MountKind::PivotRoot,
            remount: false,
            fstype: vec![],
            source: conditions.first().map(Condition::value),
            point: root,
            required: vec![],
            optional: vec![],
        }))
    }
}
