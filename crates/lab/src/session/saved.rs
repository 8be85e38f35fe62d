//! A session as text: what the browser keeps and what a learner hands in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Action, Session};

/// The version of the saved form.
const FORMAT: u32 = 1;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    format_version: u32,
    engine: String,
    exercise: String,
    seed: u64,
    actions: Vec<Action>,
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// The text is not a saved session.
    Malformed(String),
    /// It was saved by a newer engine.
    TooNew(u32),
    /// The exercise is not there.
    UnknownExercise(String),
    /// The exercise's starting state cannot be made.
    Start(String),
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "not a saved session: {why}"),
            Self::TooNew(version) => write!(f, "saved by a newer version of the lab (format {version})"),
            Self::UnknownExercise(id) => write!(f, "no exercise has the id \"{id}\""),
            Self::Start(why) => write!(f, "the exercise cannot start: {why}"),
        }
    }
}

impl std::error::Error for SessionError {}

impl Session {
    /// The session as JSON.
    #[must_use]
    pub fn save(&self) -> String {
        let saved = Saved {
            format_version: FORMAT,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            exercise: self.bundle.exercise.id.clone(),
            seed: self.seed,
            actions: self.actions.clone(),
        };
        serde_json::to_string(&saved).unwrap_or_default()
    }

    /// The session a text saves, replayed.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn restore(text: &str) -> Result<Self, SessionError> {
        let saved: Saved = serde_json::from_str(text).map_err(|e| SessionError::Malformed(e.to_string()))?;
        if saved.format_version > FORMAT {
            return Err(SessionError::TooNew(saved.format_version));
        }
        let mut session = Self::of(&saved.exercise, saved.seed)?;
        session.replay(saved.actions);
        Ok(session)
    }
}
