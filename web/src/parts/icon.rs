//! The few signs of the page, drawn on a grid of 16.

use yew::{Html, html};

/// A sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Icon {
    Task,
    Edit,
    Shell,
    Checks,
    Picture,
    Plus,
    Change,
    Same,
    Stop,
    Warning,
    Undo,
    Tick,
    Ring,
    Half,
    Table,
    Help,
}

/// Draws a sign; words beside it or a label around it say what it means.
pub(crate) fn icon(icon: Icon) -> Html {
    let path = match icon {
        Icon::Task => "M4 2.5h8v11H4zM6.2 5.5h3.6M6.2 8h3.6M6.2 10.5h2.2",
        Icon::Edit => "M3 13l.6-2.9L10.8 3l2.2 2.2-7.1 7.2zM9.4 4.4l2.2 2.2",
        Icon::Shell => "M2.5 3h11v10h-11zM5 6.2l2 1.8-2 1.8M8.5 10h2.5",
        Icon::Checks => "M2.5 4.4l1.2 1.2 2.1-2.4M8.5 4.4h5M2.5 10.8l1.2 1.2 2.1-2.4M8.5 10.8h5",
        Icon::Picture => {
            "M4.2 4.2l7.6 1M4.2 4.2l3.6 7.6M11.8 5.2l-4 6.6M4.2 6a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM11.8 7a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM7.8 13.6a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z"
        }
        Icon::Plus => "M8 3v10M3 8h10",
        Icon::Change => "M3 6h9l-2.4-2.4M13 10H4l2.4 2.4",
        Icon::Same => "M3.5 6h9M3.5 10h9",
        Icon::Stop => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM3.9 3.9l8.2 8.2",
        Icon::Warning => "M8 2.5L14.2 13H1.8zM8 6.5v3M8 11.2v.1",
        Icon::Undo => "M3 3v3.4h3.4M3.4 6.2A5.3 5.3 0 1 1 3 9.6",
        Icon::Tick => "M8 14.4A6.4 6.4 0 1 0 8 1.6a6.4 6.4 0 0 0 0 12.8zM5 8.2l2.1 2.1L11 6.2",
        Icon::Ring => "M8 14.4A6.4 6.4 0 1 0 8 1.6a6.4 6.4 0 0 0 0 12.8z",
        Icon::Half => "M8 14.4A6.4 6.4 0 1 0 8 1.6a6.4 6.4 0 0 0 0 12.8zM8 2v12M8 5h4.8M8 8h6M8 11h4.8",
        Icon::Table => "M2.5 3h11v10h-11zM2.5 6.4h11M2.5 9.7h11M6.2 3v10",
        Icon::Help => {
            "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.1v.1"
        }
    };
    html! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg> }
}
