//! From a profile to the program the kernel runs, and the program's answers.
//!
//! The rules that surprise: a rule equal to the default is skipped; an unconditional rule swallows every later
//! one for its call and replaces earlier conditional ones; unknown calls are ignored; the native architecture is
//! always in; a call of an architecture that is not listed kills; and with a refusing default, a number above
//! the newest one named in the profile gives ENOSYS. Models runc libcontainer/seccomp (seccomp_linux.go,
//! patchbpf/enosys_linux.go), specconv SetupSeccomp, and libseccomp src/db.c.

use std::collections::BTreeMap;

use super::action::{Action, MAX_ERRNO};
use super::profile::{Argument, Operator, Profile};
use super::syscalls::{self, Arch, X32_BIT, number_of};
use crate::effects::Errno;

/// A loaded filter.
#[derive(Clone, Debug)]
pub struct Filter {
    default: Action,
    arches: Vec<(Arch, Program)>,
    /// Whether too new calls get ENOSYS.
    enosys: bool,
}

#[derive(Clone, Debug, Default)]
struct Program {
    calls: BTreeMap<u32, Vec<Entry>>,
    /// The greatest number the profile names.
    newest: u32,
}

#[derive(Clone, Debug)]
struct Entry {
    conditions: Vec<Condition>,
    action: Action,
    rule: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Condition {
    index: usize,
    op: Operator,
    mask: u64,
    datum: u64,
}

/// The answer for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What happens to the call.
    pub action: Action,
    /// What decided.
    pub because: Because,
}

/// What decided about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// There is no filter.
    NoFilter,
    /// The entry of `syscalls` at this index.
    Rule(usize),
    /// `defaultAction`: no entry is for this call and these arguments.
    Default,
    /// runc's stub: the number is above every one the profile names.
    NewerThanProfile,
    /// The architecture of the call is not in the filter.
    ForeignArchitecture,
}

/// Why runc does not make a filter of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupError {
    /// runc refuses the configuration before it makes the container.
    Config(String),
    /// The container's first process fails to install the filter.
    Init(String),
}

/// Architectures runc knows by name but that are not entries of an x86_64 kernel; the big-endian ones cannot be added.
const FOREIGN: &[(&str, bool)] = &[
    ("SCMP_ARCH_ARM", false),
    ("SCMP_ARCH_AARCH64", false),
    ("SCMP_ARCH_MIPS", true),
    ("SCMP_ARCH_MIPS64", true),
    ("SCMP_ARCH_MIPS64N32", true),
    ("SCMP_ARCH_MIPSEL", false),
    ("SCMP_ARCH_MIPSEL64", false),
    ("SCMP_ARCH_MIPSEL64N32", false),
    ("SCMP_ARCH_PPC", true),
    ("SCMP_ARCH_PPC64", true),
    ("SCMP_ARCH_PPC64LE", false),
    ("SCMP_ARCH_RISCV64", false),
    ("SCMP_ARCH_S390", true),
    ("SCMP_ARCH_S390X", true),
];

/// Calls that 32-bit programs may also make through `socketcall`, with its first argument.
const SOCKETCALLS: &[(&str, u64)] = &[
    ("socket", 1),
    ("bind", 2),
    ("connect", 3),
    ("listen", 4),
    ("accept", 5),
    ("getsockname", 6),
    ("getpeername", 7),
    ("socketpair", 8),
    ("send", 9),
    ("recv", 10),
    ("sendto", 11),
    ("recvfrom", 12),
    ("shutdown", 13),
    ("setsockopt", 14),
    ("getsockopt", 15),
    ("sendmsg", 16),
    ("recvmsg", 17),
    ("accept4", 18),
    ("recvmmsg", 19),
    ("sendmmsg", 20),
];

impl Filter {
    /// Makes the filter; none where the profile has neither a default action nor rules (`{}`).
    ///
    /// # Errors
    /// runc's or libseccomp's refusal.
    pub fn compile(profile: &Profile) -> Result<Option<Self>, SetupError> {
        if profile.default_action.is_empty() && profile.rules.is_empty() {
            return Ok(None);
        }
        let (default, foreign) = check(profile)?;
        let init = |m: String| SetupError::Init(m);
        if profile.rules.iter().any(|r| r.action == "SCMP_ACT_NOTIFY" && r.names.iter().any(|n| n == "write"))
        {
            return Err(init("SCMP_ACT_NOTIFY cannot be used for the write syscall".to_owned()));
        }
        if default == Action::Notify {
            return Err(init("SCMP_ACT_NOTIFY cannot be used as default action".to_owned()));
        }
        if matches!(default, Action::Errno(e) if e.0 > MAX_ERRNO) {
            return Err(init("error creating filter: could not create filter".to_owned()));
        }
        if foreign {
            return Err(init(
                "error adding architecture to seccomp filter: numerical argument out of domain".to_owned(),
            ));
        }
        let mut arches = vec![(Arch::X86_64, Program::default())];
        for (arch, name) in [(Arch::X86, "SCMP_ARCH_X86"), (Arch::X32, "SCMP_ARCH_X32")] {
            if profile.architectures.iter().any(|a| a == name) {
                arches.push((arch, Program::default()));
            }
        }
        let mut filter = Self { default, arches, enosys: false };
        for (i, rule) in profile.rules.iter().enumerate() {
            let action = Action::from_oci(&rule.action, rule.errno).unwrap_or(default);
            for name in &rule.names {
                filter.add(i, name, action, &rule.args).map_err(init)?;
            }
        }
        for (_, program) in &mut filter.arches {
            for entries in program.calls.values_mut() {
                gatehouse_model::order::by_key(entries, |e| std::cmp::Reverse(rank(e)));
            }
        }
        filter.enosys = !matches!(default, Action::Allow | Action::Log | Action::Trace(_))
            && profile.default_errno != Some(38);
        Ok(Some(filter))
    }

    fn add(&mut self, rule: usize, name: &str, action: Action, args: &[Argument]) -> Result<(), String> {
        if name.is_empty() {
            return Err("empty string is not a valid syscall".to_owned());
        }
        for (arch, program) in &mut self.arches {
            if let Some(number) = number_of(*arch, name) {
                program.newest = program.newest.max(number & !X32_BIT);
            }
        }
        if action == self.default || !syscalls::is_known(name) {
            return Ok(());
        }
        let bad_errno = matches!(action, Action::Errno(e) if e.0 > MAX_ERRNO);
        if args.is_empty() {
            if bad_errno {
                return Err(format!(
                    "error adding seccomp filter rule for syscall {name}: two checks on same syscall argument"
                ));
            }
            return self
                .insert(rule, name, action, &[])
                .map_err(|e| format!("error adding seccomp filter rule for syscall {name}: {e}"));
        }
        let mut conditions: Vec<Condition> = Vec::with_capacity(args.len());
        for a in args {
            let Some(index) = usize::try_from(a.index).ok().filter(|i| *i < 6) else {
                return Err(format!(
                    "error creating seccomp syscall condition for syscall {name}: syscalls only have up to 6 arguments ({} given)",
                    a.index
                ));
            };
            let op = Operator::from_oci(&a.op).unwrap_or(Operator::Eq);
            let (mask, datum) =
                if op == Operator::MaskedEq { (a.value, a.value_two) } else { (u64::MAX, a.value) };
            conditions.push(Condition { index, op, mask, datum });
        }
        let wrap = |e: String| format!("error adding seccomp rule for syscall {name}: {e}");
        if bad_errno {
            return Err(wrap("two checks on same syscall argument".to_owned()));
        }
        let twice =
            conditions.iter().enumerate().any(|(i, c)| conditions.iter().take(i).any(|d| d.index == c.index));
        if twice {
            // Two conditions on one argument: each becomes a rule of its own, so either suffices.
            for c in &conditions {
                self.insert(rule, name, action, std::slice::from_ref(c)).map_err(wrap)?;
            }
            return Ok(());
        }
        gatehouse_model::order::by_key(&mut conditions, |c| c.index);
        self.insert(rule, name, action, &conditions).map_err(wrap)
    }

    fn insert(
        &mut self,
        rule: usize,
        name: &str,
        action: Action,
        conditions: &[Condition],
    ) -> Result<(), String> {
        for (arch, program) in &mut self.arches {
            if let Some(number) = number_of(*arch, name) {
                program.insert(number & !X32_BIT, Entry { conditions: conditions.to_vec(), action, rule })?;
            }
            let socketcall =
                (*arch == Arch::X86).then(|| SOCKETCALLS.iter().find(|(n, _)| *n == name)).flatten();
            if let (Some((_, call)), Some(number)) = (socketcall, number_of(Arch::X86, "socketcall")) {
                let only = Condition { index: 0, op: Operator::Eq, mask: u64::MAX, datum: *call };
                // Of a conditional rule the real arguments lie in memory, out of the filter's reach.
                let entry = Entry { conditions: vec![only], action, rule };
                program.insert(number, entry)?;
            }
        }
        Ok(())
    }

    /// What happens to a call, by number and its six arguments.
    #[must_use]
    pub fn decide(&self, arch: Arch, number: u32, args: &[u64; 6]) -> Verdict {
        let Some((_, program)) = self.arches.iter().find(|(a, _)| *a == arch) else {
            return Verdict { action: Action::KillThread, because: Because::ForeignArchitecture };
        };
        let number = if arch == Arch::X32 { number & !X32_BIT } else { number };
        if self.enosys && program.newest != 0 && number > program.newest {
            return Verdict { action: Action::Errno(Errno::ENOSYS), because: Because::NewerThanProfile };
        }
        let hit = program
            .calls
            .get(&number)
            .and_then(|entries| entries.iter().find(|e| e.conditions.iter().all(|c| c.holds(args))));
        match hit {
            Some(e) => Verdict { action: e.action, because: Because::Rule(e.rule) },
            None => Verdict { action: self.default, because: Because::Default },
        }
    }

    /// What happens to a call of the 64-bit entry, by name; a name the kernel does not have is not filtered.
    #[must_use]
    pub fn decide_name(&self, name: &str, args: &[u64; 6]) -> Verdict {
        number_of(Arch::X86_64, name)
            .map_or(Verdict { action: Action::Errno(Errno::ENOSYS), because: Because::NoFilter }, |number| {
                self.decide(Arch::X86_64, number, args)
            })
    }
}

impl Program {
    fn insert(&mut self, number: u32, new: Entry) -> Result<(), String> {
        let entries = self.calls.entry(number).or_default();
        if entries.iter().any(|e| e.conditions.is_empty()) {
            return Ok(());
        }
        if new.conditions.is_empty() {
            entries.clear();
        } else if let Some(same) = entries.iter().find(|e| e.conditions == new.conditions) {
            return if same.action == new.action { Ok(()) } else { Err("file exists".to_owned()) };
        }
        entries.push(new);
        Ok(())
    }
}

impl Condition {
    fn holds(self, args: &[u64; 6]) -> bool {
        let v = args.get(self.index).copied().unwrap_or(0);
        match self.op {
            Operator::Ne => v != self.datum,
            Operator::Lt => v < self.datum,
            Operator::Le => v <= self.datum,
            Operator::Eq => v == self.datum,
            Operator::Ge => v >= self.datum,
            Operator::Gt => v > self.datum,
            // libseccomp masks the wanted value too.
            Operator::MaskedEq => v & self.mask == self.datum & self.mask,
        }
    }
}

/// The order in which libseccomp's decision tree tries conditional rules of one call: greater first.
fn rank(e: &Entry) -> Vec<(usize, u8, u64)> {
    e.conditions
        .iter()
        .map(|c| match c.op {
            Operator::MaskedEq | Operator::Eq | Operator::Ne => (c.index, 3, c.datum),
            Operator::Le | Operator::Lt => (c.index, 2, !c.datum),
            Operator::Ge | Operator::Gt => (c.index, 1, c.datum),
        })
        .collect()
}

/// runc's own reading of the names in a profile; gives the default action and whether an architecture cannot be added.
fn check(profile: &Profile) -> Result<(Action, bool), SetupError> {
    let config = |m: String| SetupError::Config(m);
    if !profile.flags.is_empty() {
        return Err(config("seccomp flags are not yet supported by runc".to_owned()));
    }
    let mut foreign = false;
    for arch in &profile.architectures {
        let native = ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32"].contains(&arch.as_str());
        match FOREIGN.iter().find(|(n, _)| n == arch) {
            Some((_, big)) => foreign |= big,
            None if native => {}
            None => return Err(config(format!("string {arch} is not a valid arch for seccomp"))),
        }
    }
    let action = |name: &str, errno| {
        Action::from_oci(name, errno)
            .ok_or_else(|| config(format!("string {name} is not a valid action for seccomp")))
    };
    let default = action(&profile.default_action, profile.default_errno)?;
    for rule in &profile.rules {
        action(&rule.action, rule.errno)?;
        // Operators are read once for each name, so an entry without names may hold anything.
        let bad = rule.args.iter().find(|a| !rule.names.is_empty() && Operator::from_oci(&a.op).is_none());
        if let Some(a) = bad {
            return Err(config(format!("string {} is not a valid operator for seccomp", a.op)));
        }
    }
    Ok((default, foreign))
}
