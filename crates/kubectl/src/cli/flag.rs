//! A flag's row in a command's table.

/// What a flag's value is; the names are pflag's, which help texts show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagType {
    /// `--all`, `--all=false`
    Bool,
    /// One string.
    Str,
    /// One string that help shows without quotes: pflag's own types.
    Raw,
    /// A whole number.
    Int,
    /// A whole number of 32 bits.
    Int32,
    /// A duration as Go writes it: `1m30s`.
    Duration,
    /// Comma-separated strings, repeatable (`stringSlice`).
    StrSlice,
    /// One string each time, repeatable (`stringArray`).
    StrArray,
}

/// A flag of a command.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Without dashes.
    pub name: &'static str,
    /// The letter behind one dash.
    pub short: Option<char>,
    /// What its value is.
    pub ty: FlagType,
    /// The value where the flag is not given, as help shows it.
    pub default: &'static str,
    /// The value of `--flag` without `=` (pflag's `NoOptDefVal`); empty where a value is needed.
    pub no_opt: &'static str,
    /// What help says of it.
    pub usage: &'static str,
    /// What is said when it is used; empty while it is current. Deprecated flags are hidden from help.
    pub deprecated: &'static str,
    /// Whether the command refuses to run without it.
    pub required: bool,
    /// Whether help leaves it out.
    pub hidden: bool,
    /// The first client minor that has it.
    pub since: u8,
    /// The first client minor that no longer has it.
    pub until: u8,
}

impl Flag {
    const fn new(
        name: &'static str,
        ty: FlagType,
        default: &'static str,
        no_opt: &'static str,
        usage: &'static str,
    ) -> Self {
        Self {
            name,
            short: None,
            ty,
            default,
            no_opt,
            usage,
            deprecated: "",
            required: false,
            hidden: false,
            since: 0,
            until: u8::MAX,
        }
    }

    /// A switch that is off.
    #[must_use]
    pub const fn bool(name: &'static str, usage: &'static str) -> Self {
        Self::new(name, FlagType::Bool, "false", "true", usage)
    }

    /// A string, empty unless given.
    #[must_use]
    pub const fn str(name: &'static str, usage: &'static str) -> Self {
        Self::new(name, FlagType::Str, "", "", usage)
    }

    /// A whole number.
    #[must_use]
    pub const fn int(name: &'static str, default: &'static str, usage: &'static str) -> Self {
        Self::new(name, FlagType::Int, default, "", usage)
    }

    /// A whole number of 32 bits.
    #[must_use]
    pub const fn int32(name: &'static str, default: &'static str, usage: &'static str) -> Self {
        Self::new(name, FlagType::Int32, default, "", usage)
    }

    /// A duration.
    #[must_use]
    pub const fn duration(name: &'static str, default: &'static str, usage: &'static str) -> Self {
        Self::new(name, FlagType::Duration, default, "", usage)
    }

    /// Comma-separated strings.
    #[must_use]
    pub const fn slice(name: &'static str, usage: &'static str) -> Self {
        Self::new(name, FlagType::StrSlice, "[]", "", usage)
    }

    /// Repeatable strings.
    #[must_use]
    pub const fn array(name: &'static str, usage: &'static str) -> Self {
        Self::new(name, FlagType::StrArray, "[]", "", usage)
    }

    /// Help shows its value without quotes.
    #[must_use]
    pub const fn raw(mut self) -> Self {
        self.ty = FlagType::Raw;
        self
    }

    /// With a letter.
    #[must_use]
    pub const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// With a default.
    #[must_use]
    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = value;
        self
    }

    /// With a value for `--flag` alone.
    #[must_use]
    pub const fn no_opt(mut self, value: &'static str) -> Self {
        self.no_opt = value;
        self
    }

    /// The command refuses to run without it.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Help leaves it out.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Still works, but says so.
    #[must_use]
    pub const fn deprecated(mut self, message: &'static str) -> Self {
        self.deprecated = message;
        self
    }

    /// Only from this client minor on.
    #[must_use]
    pub const fn since(mut self, minor: u8) -> Self {
        self.since = minor;
        self
    }

    /// Only before this client minor.
    #[must_use]
    pub const fn until(mut self, minor: u8) -> Self {
        self.until = minor;
        self
    }

    /// `-r, --replicas`, or `--replicas`: how errors call it.
    #[must_use]
    pub fn spelled(&self) -> String {
        match self.short {
            Some(c) => format!("-{c}, --{}", self.name),
            None => format!("--{}", self.name),
        }
    }
}
