//! The grammar of profiles, and apparmor_parser's complaints about them.
//!
//! The parser reads one word ahead only where it must, and complains at the line it has come to: a missing comma
//! is noticed on the next line. Models parser/parser_yacc.y of 4.1.0; [`ParserVersion::V3_0_8`] knows fewer rules.

mod conditions;
mod file;
mod mount;
mod network;
mod preamble;
mod profile;
mod rules;

use std::collections::BTreeMap;

use super::includes::Includes;
use super::lexer::{Lexer, Token};
use super::rule::{Location, RawProfile};
use super::token::Tok;
use super::variables::Variables;

/// Whose parser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParserVersion {
    /// AppArmor 4.1.0, as Debian 13 has it.
    #[default]
    V4_1_0,
    /// AppArmor 3.0.8, as Debian 12 has it.
    V3_0_8,
}

/// Why a file is no policy: what apparmor_parser writes to standard error, with exit code 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The text, ending in a line end.
    pub text: String,
    /// Where it was noticed, if while reading.
    pub at: Option<Location>,
}

/// A file as read.
#[derive(Clone, Debug, Default)]
pub(super) struct Parsed {
    pub(super) profiles: Vec<RawProfile>,
    pub(super) variables: Variables,
    pub(super) aliases: Vec<(String, String)>,
}

/// The mask of a socket type's name.
pub(super) fn socket_type_mask(name: &str) -> Option<u32> {
    network::socket_type(name).map(|t| 1 << t)
}

/// The name of a socket family's number.
pub(super) fn family_name(number: u16) -> Option<&'static str> {
    network::FAMILIES.iter().find(|(_, n)| *n == number).map(|(name, _)| *name)
}

/// How deep blocks, hats and conditions may nest.
const MAX_DEPTH: usize = 60;

/// How many rules a file may have.
const MAX_RULES: usize = 20_000;

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    ahead: Option<Token>,
    /// The file named on the command line.
    file: String,
    version: ParserVersion,
    variables: Variables,
    booleans: BTreeMap<String, bool>,
    aliases: Vec<(String, String)>,
    depth: usize,
    count: usize,
    /// Lines already written before the one that ends the parser.
    notes: String,
}

type Result<T> = std::result::Result<T, PolicyError>;

/// Reads a file.
pub(super) fn parse(
    file: &str,
    text: &str,
    includes: &dyn Includes,
    version: ParserVersion,
) -> Result<Parsed> {
    let mut p = Parser {
        lexer: Lexer::new(file, text, includes, version == ParserVersion::V3_0_8),
        ahead: None,
        file: file.to_owned(),
        version,
        variables: Variables::default(),
        booleans: BTreeMap::new(),
        aliases: vec![],
        depth: 0,
        count: 0,
        notes: String::new(),
    };
    let profiles = p.list()?;
    Ok(Parsed { profiles, variables: p.variables, aliases: p.aliases })
}

impl Parser<'_> {
    fn old(&self) -> bool {
        self.version == ParserVersion::V3_0_8
    }

    /// An error noticed here.
    fn fail(&self, message: &str) -> PolicyError {
        let (file, line) = self.lexer.position();
        PolicyError {
            text: format!(
                "{}AppArmor parser error for {} in profile {file} at line {line}: {message}\n",
                self.notes, self.file
            ),
            at: Some(Location { file: file.to_owned(), line }),
        }
    }

    /// An error without a place.
    fn bail<T>(&self, text: String) -> Result<T> {
        Err(PolicyError { text: format!("{}{text}", self.notes), at: None })
    }

    fn here(&self) -> Location {
        let (file, line) = self.lexer.position();
        Location { file: file.to_owned(), line }
    }

    fn peek(&mut self) -> Result<Tok> {
        if self.ahead.is_none() {
            let token = self.lexer.next().map_err(|m| self.fail(&m))?;
            self.ahead = Some(token);
        }
        Ok(self.ahead.as_ref().map_or(Tok::Eof, |t| t.kind))
    }

    /// Takes the word that was peeked at.
    fn take(&mut self) -> String {
        self.ahead.take().map_or_else(String::new, |t| t.text)
    }

    /// The word ahead is not one of these. More than four are not listed.
    fn syntax(&self, expected: &[Tok]) -> PolicyError {
        let found = self.ahead.as_ref().map_or(Tok::Eof, |t| t.kind);
        let mut message = format!("syntax error, unexpected {}", found.name());
        let mut expected = expected.to_vec();
        gatehouse_model::order::sort(&mut expected);
        if expected.len() <= 4 {
            for (i, tok) in expected.iter().enumerate() {
                message.push_str(if i == 0 { ", expecting " } else { " or " });
                message.push_str(tok.name());
            }
        }
        self.fail(&message)
    }

    fn expect(&mut self, kind: Tok) -> Result<String> {
        self.expect_of(kind, &[kind])
    }

    /// Takes `kind`; the error names all that could stand here.
    fn expect_of(&mut self, kind: Tok, expected: &[Tok]) -> Result<String> {
        if self.peek()? == kind { Ok(self.take()) } else { Err(self.syntax(expected)) }
    }

    fn accept(&mut self, kind: Tok) -> Result<Option<String>> {
        Ok(if self.peek()? == kind { Some(self.take()) } else { None })
    }

    fn end_of_rule(&mut self) -> Result<()> {
        self.expect(Tok::EndOfRule).map(|_| ())
    }

    fn id_or_var(&mut self) -> Result<String> {
        match self.peek()? {
            Tok::Id | Tok::SetVar => Ok(self.take()),
            _ => Err(self.syntax(&[Tok::Id, Tok::SetVar])),
        }
    }

    /// Runs `f` one level deeper; a text that nests without end is refused.
    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.fail("memory exhausted"));
        }
        self.depth += 1;
        let out = f(self);
        self.depth -= 1;
        out
    }
}
