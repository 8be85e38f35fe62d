//! Every view has an address: the part after `#`, read and written.
//!
//! Knows the shape of addresses, not the window they stand in.

/// A part of the exercise page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pane {
    /// What is asked.
    Task,
    /// The files.
    Edit,
    /// The terminal.
    Shell,
    /// What holds and what does not.
    Checks,
    /// Who can reach whom, drawn.
    Picture,
    /// Who can reach whom, as a table.
    Table,
    /// How the cluster answered the last command.
    Request,
}

impl Pane {
    /// The panes of the bottom bar, in its order.
    pub const ALL: [Pane; 5] = [Pane::Task, Pane::Edit, Pane::Shell, Pane::Checks, Pane::Picture];

    /// Its word in an address.
    pub fn slug(self) -> &'static str {
        match self {
            Pane::Task => "task",
            Pane::Edit => "edit",
            Pane::Shell => "shell",
            Pane::Checks => "checks",
            Pane::Picture => "picture",
            Pane::Table => "table",
            Pane::Request => "request",
        }
    }

    /// Its word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Pane::Task => "Task",
            Pane::Edit => "Edit",
            Pane::Shell => "Shell",
            Pane::Checks => "Checks",
            Pane::Picture | Pane::Table => "Picture",
            Pane::Request => "Request",
        }
    }

    /// The pane that is shown for it: the table lies where the picture lies.
    pub fn shown(self) -> Pane {
        if self == Pane::Table { Pane::Picture } else { self }
    }

    fn parse(word: &str) -> Option<Pane> {
        Pane::ALL.into_iter().chain([Pane::Table, Pane::Request]).find(|pane| pane.slug() == word)
    }
}

/// A view of the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Route {
    /// The list, perhaps of one domain.
    Home {
        /// The domain's word, as the exercises write it.
        domain: Option<String>,
    },
    /// An exercise, perhaps at one of its panes.
    Exercise {
        /// The exercise's id.
        id: String,
        /// What the address points at.
        pane: Option<Pane>,
    },
}

impl Route {
    /// Reads an address; what it does not know leads home.
    pub fn parse(hash: &str) -> Route {
        let mut words = hash.trim_start_matches('#').split('/').filter(|word| !word.is_empty());
        match (words.next(), words.next(), words.next()) {
            (Some("exercise"), Some(id), pane) => {
                Route::Exercise { id: id.to_owned(), pane: pane.and_then(Pane::parse) }
            }
            (Some("domain"), Some(domain), _) => Route::Home { domain: Some(domain.to_owned()) },
            _ => Route::Home { domain: None },
        }
    }

    /// The list of all.
    pub fn home() -> Route {
        Route::Home { domain: None }
    }

    /// An exercise as a whole.
    pub fn exercise(id: &str) -> Route {
        Route::Exercise { id: id.to_owned(), pane: None }
    }

    /// The address.
    pub fn href(&self) -> String {
        match self {
            Route::Home { domain: None } => "#/".to_owned(),
            Route::Home { domain: Some(domain) } => format!("#/domain/{domain}"),
            Route::Exercise { id, pane: None } => format!("#/exercise/{id}"),
            Route::Exercise { id, pane: Some(pane) } => format!("#/exercise/{id}/{}", pane.slug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_at_its_own_address() {
        let mut routes = vec![
            Route::home(),
            Route::Home { domain: Some("cluster-setup".to_owned()) },
            Route::exercise("netpol"),
        ];
        routes.extend(
            Pane::ALL
                .into_iter()
                .chain([Pane::Table, Pane::Request])
                .map(|pane| Route::Exercise { id: "netpol".to_owned(), pane: Some(pane) }),
        );
        for route in routes {
            assert_eq!(Route::parse(&route.href()), route);
        }
    }

    #[test]
    fn an_unknown_address_leads_home() {
        for hash in ["", "#", "#/nowhere", "#main", "#/exercise"] {
            assert_eq!(Route::parse(hash), Route::home(), "{hash}");
        }
        assert_eq!(Route::parse("#/exercise/x/nowhere"), Route::exercise("x"));
    }
}
