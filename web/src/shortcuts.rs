//! The one table of shortcuts: what the `?` sheet lists is what the page obeys.

use crate::route::Pane;

/// What a single key asks for, when no text is being typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Go to a pane.
    Go(Pane),
    /// Hide or show the task.
    ToggleTask,
    /// List the shortcuts.
    Help,
}

/// A shortcut of one key.
pub struct Shortcut {
    /// The key.
    pub key: &'static str,
    /// What it does, in words.
    pub does: &'static str,
    /// What it asks for.
    pub wish: Wish,
}

/// Single keys, obeyed while no text is being typed and the learner has not turned them off.
pub const SINGLE: &[Shortcut] = &[
    Shortcut { key: "1", does: "go to the task", wish: Wish::Go(Pane::Task) },
    Shortcut { key: "2", does: "go to the editor", wish: Wish::Go(Pane::Edit) },
    Shortcut { key: "3", does: "go to the shell", wish: Wish::Go(Pane::Shell) },
    Shortcut { key: "4", does: "go to the checks", wish: Wish::Go(Pane::Checks) },
    Shortcut { key: "5", does: "go to the picture", wish: Wish::Go(Pane::Picture) },
    Shortcut { key: "t", does: "the picture as a table, and back", wish: Wish::Go(Pane::Table) },
    Shortcut {
        key: "y",
        does: "why the cluster answered the last command as it did",
        wish: Wish::Go(Pane::Request),
    },
    Shortcut { key: "h", does: "hide or show the task", wish: Wish::ToggleTask },
    Shortcut { key: "?", does: "this sheet", wish: Wish::Help },
];

/// Keys that belong to the place where they are pressed, for the sheet only.
pub const PLACES: &[(&str, &[(&str, &str)])] = &[
    (
        "In the editor",
        &[
            ("Ctrl Enter", "apply the file (⌘ Enter on a Mac)"),
            ("Ctrl ]", "indent; Ctrl [ takes it back"),
            ("Tab", "leaves the editor"),
        ],
    ),
    (
        "In the shell",
        &[
            ("↑ ↓", "earlier and later commands"),
            ("Tab", "complete the word; in an empty line, leaves the shell"),
            ("Ctrl R", "search the history"),
            ("Ctrl C", "drop the line"),
            ("Ctrl L", "clear the screen"),
            ("Ctrl U", "drop what stands before the caret"),
            ("Esc", "leaves the shell"),
        ],
    ),
    ("On a boundary between panes", &[("← → ↑ ↓", "move it"), ("Home End", "as small or large as it goes")]),
];

/// What a key asks for.
pub fn wish(key: &str) -> Option<Wish> {
    SINGLE.iter().find(|shortcut| shortcut.key == key).map(|shortcut| shortcut.wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_asks_for_two_things() {
        for shortcut in SINGLE {
            assert_eq!(
                SINGLE.iter().filter(|other| other.key == shortcut.key).count(),
                1,
                "{}",
                shortcut.key
            );
            assert_eq!(wish(shortcut.key), Some(shortcut.wish));
        }
        assert_eq!(wish("x"), None);
    }
}
