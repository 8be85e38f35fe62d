//! Results of commands that change something: `pod/web created`, or the object in the format of `-o`.
//!
//! Models cli-runtime's `PrintFlags` and `NamePrinter`, and kubectl's dry-run and validation directives.

use gatehouse_core::Timestamp;
use gatehouse_core::request::{DryRun, FieldValidation};
use gatehouse_model::Object;
use gatehouse_model::resource::qualified;

use crate::cli::{Args, value};
use crate::error::Error;
use crate::session::Session;
use crate::{print, structs};

/// What `--dry-run` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dry {
    /// The change is made.
    #[default]
    No,
    /// Nothing is sent.
    Client,
    /// The server does everything but store.
    Server,
}

impl Dry {
    /// Reads `--dry-run`; old spellings still work, with a note.
    ///
    /// # Errors
    /// A word it does not know.
    pub fn parse(session: &mut Session<'_, '_>, args: &Args) -> Result<Self, Error> {
        let text = args.str("dry-run");
        if let Ok(on) = value::parse_bool(text) {
            let (dry, word) = if on { (Self::Client, "client") } else { (Self::No, "none") };
            klog(
                session,
                "helpers.go:752",
                &format!(
                    "--dry-run={text} is deprecated (boolean value) and can be replaced with --dry-run={word}."
                ),
            );
            return Ok(dry);
        }
        match text {
            "" | "none" => Ok(Self::No),
            "client" => Ok(Self::Client),
            "server" => Ok(Self::Server),
            "unchanged" => {
                klog(
                    session,
                    "helpers.go:735",
                    "--dry-run is deprecated and can be replaced with --dry-run=client.",
                );
                Ok(Self::Client)
            }
            _ => Err(Error::plain(format!(
                "Invalid dry-run value ({text}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }

    /// What the server is asked.
    #[must_use]
    pub const fn option(self) -> DryRun {
        match self {
            Self::Server => DryRun::All,
            Self::No | Self::Client => DryRun::No,
        }
    }

    /// What stands behind the result.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }
}

/// A warning of kubectl's logger: `W1120 00:00:00.000000    4242 helpers.go:735] …`.
pub fn klog(session: &mut Session<'_, '_>, place: &str, text: &str) {
    klog_at(session, 'W', place, text);
}

/// A line of kubectl's logger, its first letter saying how bad it is.
pub fn klog_at(session: &mut Session<'_, '_>, level: char, place: &str, text: &str) {
    let line = klog_line(session.now(), level, place, text);
    session.eprintln(line);
}

/// Such a line by itself.
#[must_use]
pub fn klog_line(now: Timestamp, level: char, place: &str, text: &str) -> String {
    let stamp = now.to_string();
    let field = |range: std::ops::Range<usize>| stamp.get(range).unwrap_or("00").to_owned();
    let micros = now.0.rem_euclid(1000) * 1000;
    format!(
        "{level}{}{} {}.{micros:06} {:>7} {place}] {text}",
        field(5..7),
        field(8..10),
        field(11..19),
        4242
    )
}

/// Reads `--validate`.
///
/// # Errors
/// A word it does not know.
pub fn validation(args: &Args) -> Result<FieldValidation, Error> {
    match args.str("validate") {
        "true" | "strict" => Ok(FieldValidation::Strict),
        "warn" => Ok(FieldValidation::Warn),
        "false" | "ignore" => Ok(FieldValidation::Ignore),
        other => match value::parse_bool(other) {
            Ok(true) => Ok(FieldValidation::Strict),
            Ok(false) => Ok(FieldValidation::Ignore),
            Err(_) => Err(Error::plain(format!(
                "invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"
            ))),
        },
    }
}

/// How results are printed.
pub struct Printer {
    dry: Dry,
    inner: print::Printer,
    typed: bool,
}

impl Printer {
    /// A printer as `-o` asks for.
    ///
    /// # Errors
    /// A format that this kind of command does not have.
    pub fn new(session: &mut Session<'_, '_>, args: &Args, dry: Dry) -> Result<Self, Error> {
        let flags = print::PrintFlags {
            output: args.str("output").to_owned(),
            template: args.str("template").to_owned(),
            allow_missing_keys: args.bool("allow-missing-template-keys"),
            show_managed_fields: args.bool("show-managed-fields"),
            no_headers: false,
            tables: false,
            kyaml: session.version().minor >= 34,
        };
        let inner = flags.printer(session.host.files).map_err(Error::plain)?;
        Ok(Self { dry, inner, typed: false })
    }

    /// For objects that kubectl holds as Go structs: their JSON has the order of the structs' fields.
    #[must_use]
    pub fn typed(mut self) -> Self {
        self.typed = true;
        self
    }

    /// Whether a format was asked for.
    #[must_use]
    pub fn has_format(&self) -> bool {
        !matches!(self.inner.format, print::Format::Default)
    }

    /// Whether only names were asked for.
    #[must_use]
    pub fn is_name(&self) -> bool {
        matches!(self.inner.format, print::Format::Name)
    }

    /// The object in the format asked for.
    ///
    /// # Errors
    /// A template that does not work on the object.
    pub fn text(&mut self, object: &Object) -> Result<String, Error> {
        match self.inner.format {
            print::Format::Json if self.typed => Ok(structs::json(&self.inner.shown(object))),
            print::Format::Kyaml if self.typed => Ok(print::kyaml::document(&self.inner.shown(object), true)),
            _ => {
                let mut text = String::new();
                self.inner.print(object, "", &mut text).map_err(Error::plain)?;
                Ok(text)
            }
        }
    }

    /// Prints one result.
    ///
    /// # Errors
    /// A template that does not work on the object.
    pub fn print(
        &mut self,
        session: &mut Session<'_, '_>,
        object: &Object,
        operation: &str,
    ) -> Result<(), Error> {
        if self.typed && matches!(self.inner.format, print::Format::Json | print::Format::Kyaml) {
            let text = self.text(object)?;
            session.print(text);
            return Ok(());
        }
        let mut text = String::new();
        let operation = format!("{operation}{}", self.dry.suffix());
        let result = self.inner.print(object, &operation, &mut text);
        session.print(text);
        result.map_err(Error::plain)
    }
}

/// `pod/web`, `deployment.apps/web`.
#[must_use]
pub fn name_of(object: &Object) -> String {
    let kind = object.kind().to_lowercase();
    let name = if object.name().is_empty() { "<unknown>" } else { object.name() };
    format!("{}/{name}", qualified(&kind, &object.group_version().group))
}
