//! Follows `include` lines: the part of the lexer that opens files.

use super::includes::{Found, ROOT};
use super::lexer::{Lexer, Mode, Source, Step};
use super::scan;
use super::token::Tok;

/// How many files may be open at once, and how much text may be read in all: a file that includes itself ends here.
const MAX_OPEN: usize = 64;
const MAX_READ: usize = 1 << 20;

impl Lexer<'_> {
    pub(super) fn file_name(&mut self) -> Result<Step, String> {
        let mode = self.mode();
        let rest = self.rest();
        let n = scan::file_name(rest);
        if n == 0 {
            if mode == Mode::ABI_MODE && rest.starts_with(',') {
                self.modes.pop();
                return Ok(Step::Word(Tok::EndOfRule, 1));
            }
            return Ok(self.unexpected());
        }
        let searched = rest.starts_with('<');
        let inner = if searched { rest.get(1..n - 1) } else { rest.get(..n) }.unwrap_or("").trim();
        let name = scan::process_id(inner);
        if mode == Mode::ABI_MODE {
            return Ok(Step::Given(if searched { Tok::Id } else { Tok::Value }, n, name));
        }
        self.advance(n);
        self.modes.pop();
        self.include(&name, searched, mode == Mode::INCLUDE_EXISTS)?;
        Ok(Step::Skip(0))
    }

    fn include(&mut self, name: &str, searched: bool, if_exists: bool) -> Result<(), String> {
        let path = if searched { format!("{ROOT}/{name}") } else { name.to_owned() };
        if self.seen.contains(&path) {
            return Ok(());
        }
        let files = match self.includes.find(&path) {
            Some(Found::File(text)) => vec![(path.clone(), text)],
            Some(Found::Directory(names)) => {
                let read = |n: String| match self.includes.find(&n) {
                    Some(Found::File(text)) => Some((n, text)),
                    _ => None,
                };
                names.into_iter().filter_map(read).collect()
            }
            None if if_exists => return Ok(()),
            None => return Err(format!("Could not open '{name}'")),
        };
        self.seen.insert(path);
        // The last one pushed is read first.
        for (name, text) in files.into_iter().rev() {
            self.read += text.len();
            if self.sources.len() >= MAX_OPEN || self.read > MAX_READ {
                return Err(format!("Could not open '{name}'"));
            }
            self.sources.push(Source { name, text, at: 0, line: 1 });
        }
        Ok(())
    }
}
