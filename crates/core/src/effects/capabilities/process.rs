//! The five sets of a process, and how exec and a change of user move them.

use super::set::{CapSet, Capability};

/// Whether exec may add privileges (`no_new_privs`, what `allowPrivilegeEscalation: false` sets).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewPrivileges {
    /// Setuid bits and file capabilities work.
    #[default]
    Allowed,
    /// `no_new_privs` is set: they do not.
    Forbidden,
}

/// Real, effective and saved user of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uids {
    /// The real user.
    pub real: u32,
    /// The effective user.
    pub effective: u32,
    /// The saved user.
    pub saved: u32,
}

impl Uids {
    /// All three the same.
    #[must_use]
    pub const fn same(uid: u32) -> Self {
        Self { real: uid, effective: uid, saved: uid }
    }

    const fn any_root(self) -> bool {
        self.real == 0 || self.effective == 0 || self.saved == 0
    }
}

/// Capabilities attached to a file (`security.capability`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCaps {
    /// What the program gets.
    pub permitted: CapSet,
    /// What it may take over.
    pub inheritable: CapSet,
    /// Whether they are effective at once.
    pub effective: bool,
}

/// What exec needs to know of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecFile {
    /// The owner, where the set-user-ID bit is on (and the mount is not nosuid).
    pub setuid: Option<u32>,
    /// Whether the set-group-ID bit changes the group.
    pub setgid: bool,
    /// File capabilities.
    pub caps: Option<FileCaps>,
}

/// The capability sets of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessCaps {
    /// `CapInh`.
    pub inheritable: CapSet,
    /// `CapPrm`.
    pub permitted: CapSet,
    /// `CapEff`.
    pub effective: CapSet,
    /// `CapBnd`.
    pub bounding: CapSet,
    /// `CapAmb`.
    pub ambient: CapSet,
}

impl ProcessCaps {
    /// The sets runc gives its process before it executes the command; the command's own follow from [`Self::exec`].
    #[must_use]
    pub const fn of_runc(bounding: CapSet) -> Self {
        Self {
            inheritable: CapSet::EMPTY,
            permitted: bounding,
            effective: bounding,
            bounding,
            ambient: CapSet::EMPTY,
        }
    }

    /// The sets of a container's command (its entry point or an exec) that runs as `uid`: all of the
    /// bounding set for root, nothing for anyone else.
    #[must_use]
    pub fn of_container(bounding: CapSet, uid: u32) -> Self {
        let (caps, _) = Self::of_runc(bounding)
            .exec(Uids::same(uid), &ExecFile::default(), NewPrivileges::Allowed)
            .unwrap_or((Self { bounding, ..Self::default() }, Uids::same(uid)));
        caps
    }

    /// The sets of a process in a user namespace it just made.
    #[must_use]
    pub const fn in_new_user_namespace() -> Self {
        Self::of_runc(CapSet::ALL)
    }

    /// The sets and users after execve; `None` is EPERM: the file's capabilities are beyond the bounding set.
    #[must_use]
    pub fn exec(self, uids: Uids, file: &ExecFile, new_privileges: NewPrivileges) -> Option<(Self, Uids)> {
        let mut users = uids;
        if let (Some(owner), NewPrivileges::Allowed) = (file.setuid, new_privileges) {
            users.effective = owner;
        }
        users.saved = users.effective;
        let setid = users.effective != uids.real || (file.setgid && new_privileges == NewPrivileges::Allowed);
        let mut permitted = CapSet::EMPTY;
        let mut effective = false;
        if let Some(f) = file.caps {
            permitted = self.bounding.and(f.permitted).or(self.inheritable.and(f.inheritable));
            effective = f.effective;
            if f.effective && !f.permitted.minus(permitted).is_empty() {
                return None;
            }
        }
        // A set-user-ID root program with file capabilities, run by another user, gets only those.
        let only_file = file.caps.is_some() && users.real != 0 && users.effective == 0;
        if !only_file {
            if users.real == 0 || users.effective == 0 {
                permitted = self.bounding.or(self.inheritable);
            }
            if users.effective == 0 {
                effective = true;
            }
        }
        if new_privileges == NewPrivileges::Forbidden
            && (setid || !permitted.minus(self.permitted).is_empty())
        {
            users.effective = users.real;
            users.saved = users.real;
            permitted = permitted.and(self.permitted);
        }
        let ambient = if file.caps.is_some() || setid { CapSet::EMPTY } else { self.ambient };
        let permitted = permitted.or(ambient);
        let caps =
            Self { permitted, ambient, effective: if effective { permitted } else { ambient }, ..self };
        Some((caps, users))
    }

    /// The sets after setuid(2) and its kin moved the users.
    #[must_use]
    pub fn after_setuid(mut self, from: Uids, to: Uids) -> Self {
        if from.any_root() && !to.any_root() {
            self.permitted = CapSet::EMPTY;
            self.effective = CapSet::EMPTY;
            self.ambient = CapSet::EMPTY;
        }
        if from.effective == 0 && to.effective != 0 {
            self.effective = CapSet::EMPTY;
        }
        if from.effective != 0 && to.effective == 0 {
            self.effective = self.permitted;
        }
        self
    }

    /// Whether the process may do what `cap` is for.
    #[must_use]
    pub const fn capable(&self, cap: Capability) -> bool {
        self.effective.has(cap)
    }

    /// The five lines of `/proc/PID/status`, in its order, without their labels' tab.
    #[must_use]
    pub fn status_lines(&self) -> [(&'static str, CapSet); 5] {
        [
            ("CapInh", self.inheritable),
            ("CapPrm", self.permitted),
            ("CapEff", self.effective),
            ("CapBnd", self.bounding),
            ("CapAmb", self.ambient),
        ]
    }
}
