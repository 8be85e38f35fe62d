//! The profiles a node's kernel has loaded, and what apparmor_parser does to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compile::{Profile, compile};
use super::default::{DEFAULT_PROFILE, default_profile};
use super::includes::Includes;
use super::label::Label;
use super::rule::{Flags, ProfileMode};
use super::syntax::{ParserVersion, PolicyError, parse};

/// A file of profiles, read and compiled.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The profiles, children after their parents.
    pub profiles: Vec<Profile>,
}

impl Policy {
    /// Reads and compiles a file; `file` is its name as given on the command line.
    ///
    /// # Errors
    /// What apparmor_parser writes to standard error; it then exits with 1.
    #[inline(never)] // An entry in web/chunks.txt.
    pub fn read(
        file: &str,
        text: &str,
        includes: &dyn Includes,
        version: ParserVersion,
    ) -> Result<Self, PolicyError> {
        let parsed = parse(file, text, includes, version)?;
        Ok(Self { profiles: compile(&parsed.profiles, &parsed.variables, &parsed.aliases)? })
    }

    /// The names in a file, without the checks that come after reading (`apparmor_parser -N`).
    ///
    /// # Errors
    /// What apparmor_parser writes to standard error.
    #[inline(never)] // An entry in web/chunks.txt.
    pub fn names(
        file: &str,
        text: &str,
        includes: &dyn Includes,
        version: ParserVersion,
    ) -> Result<Vec<String>, PolicyError> {
        fn walk(raw: &[super::rule::RawProfile], parent: &str, out: &mut Vec<String>) {
            for p in raw {
                let name = format!("{parent}{}", p.name);
                out.push(name.clone());
                walk(&p.children, &format!("{name}//"), out);
            }
        }
        let parsed = parse(file, text, includes, version)?;
        let mut out = vec![];
        walk(&parsed.profiles, "", &mut out);
        Ok(out)
    }

    /// Puts every profile into complain mode (`apparmor_parser -C`).
    pub fn force_complain(&mut self) {
        for p in &mut self.profiles {
            p.mode = ProfileMode::Complain;
        }
    }

    /// The top profiles: those that apparmor_parser speaks of.
    fn tops(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.iter().filter(|p| !p.name.contains("//"))
    }
}

/// What to do with a file's profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadMode {
    /// `-a`, the default: they must be new.
    Add,
    /// `-r`: they may be there.
    Replace,
    /// `-R`: they must be there.
    Remove,
}

/// What apparmor_parser did: its exit code and texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The exit code.
    pub exit: i32,
    /// Standard output with `--verbose`; nothing is said without.
    pub verbose: String,
    /// Standard error.
    pub stderr: String,
}

/// A loaded profile.
#[derive(Clone, Debug)]
enum Held {
    Read(Arc<Profile>),
    /// containerd's own, which is read only when it is asked.
    RuntimeDefault,
}

impl Held {
    fn profile(&self) -> Option<Arc<Profile>> {
        match self {
            Self::Read(profile) => Some(Arc::clone(profile)),
            Self::RuntimeDefault => default_profile(),
        }
    }

    fn mode(&self) -> ProfileMode {
        match self {
            Self::Read(profile) => profile.mode,
            Self::RuntimeDefault => ProfileMode::Enforce,
        }
    }
}

/// The loaded profiles. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    profiles: BTreeMap<String, Held>,
}

impl PolicySet {
    /// Nothing loaded.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a profile is loaded.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.profiles.contains_key(name)
    }

    /// Loads the profile that containerd makes for containers that name none, in place of any of its name.
    pub fn load_runtime_default(&mut self) {
        self.profiles.insert(DEFAULT_PROFILE.to_owned(), Held::RuntimeDefault);
    }

    /// A loaded profile.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Profile>> {
        self.profiles.get(name)?.profile()
    }

    /// Whether a label is that of containerd's own profile, untouched.
    pub(super) fn is_runtime_default(&self, label: &Label) -> bool {
        matches!(label, Label::Profile(name) if matches!(self.profiles.get(name), Some(Held::RuntimeDefault)))
    }

    /// The names of all loaded profiles, children included, by name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Lines of `/sys/kernel/security/apparmor/profiles`: `name (mode)`.
    pub fn listing(&self) -> impl Iterator<Item = String> {
        self.profiles.iter().map(|(name, held)| format!("{name} ({})", held.mode().word()))
    }

    /// What `/proc/PID/attr/current` says: `name (mode)`, or `unconfined`.
    #[must_use]
    pub fn current(&self, label: &Label) -> String {
        if self.is_runtime_default(label) {
            return format!("{label} ({})", ProfileMode::Enforce.word());
        }
        match self.known(label) {
            Some(p) => format!("{} ({})", p.name, p.mode.word()),
            None => "unconfined".to_owned(),
        }
    }

    /// Does to the set what apparmor_parser does.
    pub fn load(&mut self, policy: &Policy, mode: LoadMode) -> Loaded {
        let mut out = Loaded::default();
        for p in policy.tops() {
            let there = self.profiles.contains_key(&p.name);
            let family = format!("{}//", p.name);
            let (verb, done) = match mode {
                LoadMode::Add => ("add", "Addition"),
                LoadMode::Replace => ("replace", "Replacement"),
                LoadMode::Remove => ("remove", "Removal"),
            };
            let refused = match mode {
                LoadMode::Add if there => Some(("Profile already exists", 239)),
                LoadMode::Remove if !there => Some(("Profile doesn't exist", 254)),
                _ => None,
            };
            if let Some((why, exit)) = refused {
                out.stderr.push_str(&format!("apparmor_parser: Unable to {verb} \"{}\".  {why}\n", p.name));
                out.exit = exit;
                return out;
            }
            self.profiles.retain(|name, _| *name != p.name && !name.starts_with(&family));
            if mode != LoadMode::Remove {
                let all = policy.profiles.iter().filter(|q| q.name == p.name || q.name.starts_with(&family));
                self.profiles.extend(all.map(|q| (q.name.clone(), Held::Read(Arc::new(q.clone())))));
            }
            out.verbose.push_str(&format!("{done} succeeded for \"{}\".\n", p.name));
        }
        out
    }

    /// The profile of a label, also one that complain mode made up. A removed profile confines nobody.
    fn known(&self, label: &Label) -> Option<Arc<Profile>> {
        let Label::Profile(name) = label else { return None };
        if let Some(held) = self.profiles.get(name) {
            return held.profile();
        }
        name.contains("//null-").then(|| {
            Arc::new(Profile {
                name: name.clone(),
                mode: ProfileMode::Complain,
                flags: Flags { mode: Some(ProfileMode::Complain), ..Flags::default() },
                ..Profile::default()
            })
        })
    }

    /// The profile that is asked for a label: none for an unconfined one.
    pub(super) fn confining(&self, label: &Label) -> Option<Arc<Profile>> {
        self.known(label).filter(|p| p.mode != ProfileMode::Unconfined)
    }

    /// The label of that name, if it is loaded.
    pub(super) fn named(&self, name: &str) -> Option<Label> {
        if name == "unconfined" {
            return Some(Label::Unconfined);
        }
        self.profiles.contains_key(name).then(|| Label::Profile(name.to_owned()))
    }

    /// The profiles that could attach to something: containerd's own attaches to nothing.
    fn read(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.profiles.values().filter_map(|held| match held {
            Held::Read(profile) => Some(profile),
            Held::RuntimeDefault => None,
        })
    }

    /// The profile that attaches to an executable: by name, else the most specific pattern.
    pub(super) fn attached(&self, path: &str) -> Option<Label> {
        let tops = self.read().filter(|p| !p.name.contains("//") || p.name.starts_with("//"));
        most_specific(tops, path, |p| p.name.as_str())
    }

    /// The child that attaches to an executable.
    pub(super) fn attached_child(&self, parent: &str, path: &str) -> Option<Label> {
        let prefix = format!("{parent}//");
        let children = self.read().filter(|p| p.name.starts_with(&prefix) && !p.flags.hat);
        most_specific(children, path, |p| p.name.get(prefix.len()..).unwrap_or(""))
    }
}

fn most_specific<'a>(
    profiles: impl Iterator<Item = &'a Arc<Profile>>,
    path: &str,
    local: impl Fn(&Profile) -> &str,
) -> Option<Label> {
    let mut best: Option<(usize, &Profile, bool)> = None;
    for p in profiles {
        match &p.attachment {
            None if local(p) == path => return Some(Label::Profile(p.name.clone())),
            Some(a) if a.matches(path) => {
                let fixed = a.fixed();
                match best {
                    Some((n, _, _)) if n > fixed => {}
                    // Two that are as specific: neither attaches.
                    Some((n, q, _)) if n == fixed => best = Some((n, q, true)),
                    _ => best = Some((fixed, p, false)),
                }
            }
            _ => {}
        }
    }
    best.filter(|(_, _, tie)| !tie).map(|(_, p, _)| Label::Profile(p.name.clone()))
}
