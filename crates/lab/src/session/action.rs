//! What a learner does.

use serde::{Deserialize, Serialize};

/// One thing done. `at` is the virtual time of it, in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// A file was changed in the editor; its whole text.
    Edit {
        /// When.
        at: i64,
        /// The tab's path.
        path: String,
        /// The text.
        text: String,
    },
    /// A line was typed in the terminal.
    Run {
        /// When.
        at: i64,
        /// The line.
        line: String,
    },
    /// The file a command waited for was saved and closed.
    Save {
        /// When.
        at: i64,
        /// The tab's path.
        path: String,
        /// The text.
        text: String,
    },
}
