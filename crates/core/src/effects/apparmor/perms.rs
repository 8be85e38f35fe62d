//! Permission letters of file rules.

/// Bits of [`FilePerms`].
pub(super) mod bit {
    /// `r`
    pub(in super::super) const READ: u16 = 1;
    /// `w`
    pub(in super::super) const WRITE: u16 = 2;
    /// `a`
    pub(in super::super) const APPEND: u16 = 4;
    /// `l`
    pub(in super::super) const LINK: u16 = 8;
    /// `k`
    pub(in super::super) const LOCK: u16 = 0x10;
    /// `m`
    pub(in super::super) const MMAP: u16 = 0x20;
    /// `x` with or without a qualifier.
    pub(in super::super) const EXEC: u16 = 0x40;
    /// All but the qualifier.
    pub(in super::super) const ALL: u16 = 0x7f;
}

/// Where an exec leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// `ix`
    Inherit,
    /// `ux`
    Unconfined,
    /// `px`
    Profile,
    /// `cx`
    Child,
}

/// Where it leads if there is no such profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fallback {
    /// `pix`, `cix`
    Inherit,
    /// `pux`, `cux`
    Unconfined,
}

/// An exec qualifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExecKind {
    /// Where it leads.
    pub(super) to: Transition,
    /// Where else.
    pub(super) or: Option<Fallback>,
    /// Whether dangerous environment variables stay (lower case).
    pub(super) keeps_environment: bool,
}

/// What a file rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FilePerms {
    /// The letters.
    pub(super) bits: u16,
    /// The qualifier of `x`.
    pub(super) exec: Option<ExecKind>,
}

impl FilePerms {
    /// Whether all of `bits` are there.
    #[must_use]
    pub(super) const fn has(self, bits: u16) -> bool {
        self.bits & bits == bits
    }

    /// Reads permission letters.
    ///
    /// # Errors
    /// What apparmor_parser says of letters that exclude each other.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut perms = Self::default();
        let mut rest = text.as_bytes();
        while let Some((&c, after)) = rest.split_first() {
            rest = after;
            match c.to_ascii_lowercase() {
                b'r' => perms.bits |= bit::READ,
                b'w' => {
                    if perms.has(bit::APPEND) && !perms.has(bit::WRITE) {
                        return Err(EXCLUSIVE.to_owned());
                    }
                    perms.bits |= bit::WRITE | bit::APPEND;
                }
                b'a' => {
                    if perms.has(bit::WRITE) {
                        return Err(EXCLUSIVE.to_owned());
                    }
                    perms.bits |= bit::APPEND;
                }
                b'l' => perms.bits |= bit::LINK,
                b'k' => perms.bits |= bit::LOCK,
                b'm' => perms.bits |= bit::MMAP,
                b'x' => perms.bits |= bit::EXEC,
                first => {
                    let or = match rest.first().map(u8::to_ascii_lowercase) {
                        Some(b'i') if first != b'i' && first != b'u' => Some(Fallback::Inherit),
                        Some(b'u') if first != b'i' && first != b'u' => Some(Fallback::Unconfined),
                        _ => None,
                    };
                    let to = match first {
                        b'i' => Transition::Inherit,
                        b'u' => Transition::Unconfined,
                        b'p' => Transition::Profile,
                        _ => Transition::Child,
                    };
                    let kind =
                        ExecKind { to, or, keeps_environment: first != b'i' && c.is_ascii_lowercase() };
                    let conflict = if to == Transition::Inherit {
                        perms.exec.is_some()
                    } else {
                        perms.has(bit::EXEC) && perms.exec != Some(kind)
                    };
                    if conflict {
                        let mut shown =
                            if to == Transition::Inherit { 'i' } else { char::from(c) }.to_string();
                        if or.is_some() {
                            shown.extend(rest.first().map(|n| char::from(*n)));
                        }
                        return Err(format!(
                            "Exec qualifier '{shown}' invalid, conflicting qualifier already specified"
                        ));
                    }
                    perms.exec = Some(kind);
                    perms.bits |= bit::EXEC;
                    rest = rest.get(1 + usize::from(or.is_some())..).unwrap_or(&[]);
                }
            }
        }
        Ok(perms)
    }

    /// What the bare `file` rule gives.
    #[must_use]
    pub(super) const fn everything() -> Self {
        Self {
            bits: bit::ALL,
            exec: Some(ExecKind { to: Transition::Inherit, or: None, keeps_environment: false }),
        }
    }
}

const EXCLUSIVE: &str = "Conflict 'a' and 'w' perms are mutually exclusive.";
