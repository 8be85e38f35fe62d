//! Objects of a text at hand (cli-runtime's `Builder.Stream`).

use super::builder::{Builder, Stop};
use super::{Info, files};
use crate::error::Error;
use crate::session::Session;

impl Builder {
    /// The objects of a text; `source` is what errors call it.
    ///
    /// # Errors
    /// What cannot be read, or is nothing that the server knows.
    pub fn of_text(
        &self,
        session: &mut Session<'_, '_>,
        text: &str,
        source: &str,
    ) -> Result<Vec<Info>, Error> {
        // What was edited is what counts: the server's latest would take its place.
        let given = Self { latest: false, ..self.clone() };
        let mut infos = Vec::new();
        for document in files::documents(text.as_bytes(), source) {
            match given.load(session, document?, source) {
                Ok(found) => infos.extend(found),
                Err(Stop::Stream(e) | Stop::Item(e)) => return Err(e),
            }
        }
        Ok(infos)
    }
}
