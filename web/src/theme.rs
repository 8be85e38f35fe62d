//! The themes, and the type size for a projector. `web/style/tokens.css` says what each looks like.

use crate::storage;

/// What the learner chose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    /// As the system has it.
    System,
    /// Paper.
    Light,
    /// Ink.
    Dark,
    /// Black on white, 7:1 at least.
    ContrastLight,
    /// White on black, 7:1 at least.
    ContrastDark,
}

impl Theme {
    /// All, in the menu's order.
    pub const ALL: [Theme; 5] =
        [Theme::System, Theme::Light, Theme::Dark, Theme::ContrastLight, Theme::ContrastDark];

    /// Its word in the style sheet; the system's theme has none.
    pub fn slug(self) -> &'static str {
        match self {
            Theme::System => "",
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::ContrastLight => "contrast-light",
            Theme::ContrastDark => "contrast-dark",
        }
    }

    /// Its word in the menu.
    pub fn title(self) -> &'static str {
        match self {
            Theme::System => "System theme",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
            Theme::ContrastLight => "High contrast, light",
            Theme::ContrastDark => "High contrast, dark",
        }
    }

    /// The theme of that word.
    pub fn parse(slug: &str) -> Theme {
        Theme::ALL.into_iter().find(|theme| theme.slug() == slug).unwrap_or(Theme::System)
    }

    /// What was chosen last.
    pub fn kept() -> Theme {
        Theme::parse(&storage::get("theme").unwrap_or_default())
    }

    /// Shows it, and keeps it for the next visit.
    pub fn choose(self) {
        if self == Theme::System {
            storage::remove("theme");
        } else {
            storage::set("theme", self.slug());
        }
        mark("data-theme", self.slug());
    }
}

/// Shows type one step larger, or as it was.
pub fn large_type(on: bool) {
    mark("data-type", if on { "large" } else { "" });
}

/// Sets an attribute of the whole page; an empty one goes.
fn mark(name: &str, value: &str) {
    let Some(root) = web_sys::window().and_then(|window| window.document()?.document_element()) else {
        return;
    };
    // Neither can fail: the names are valid.
    let _ = if value.is_empty() { root.remove_attribute(name) } else { root.set_attribute(name, value) };
}
