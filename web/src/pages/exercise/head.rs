//! What frames the panes: the bar above, the bar below on a phone, notices, and the page of an exercise that is not.

use yew::html::Scope;
use yew::{Callback, Html, classes, html};

use super::{ExercisePage, Msg};
use crate::desk::Desk;
use crate::lab::{PictureKind, SessionError, domain_slug};
use crate::pages::wordmark;
use crate::parts::{Icon, icon};
use crate::progress::Progress;
use crate::route::{Pane, Route};

/// The bar above.
pub(super) fn bar(desk: &Desk, link: &Scope<ExercisePage>, help: &Callback<()>) -> Html {
    let exercise = &desk.bundle().exercise;
    let report = &desk.report;
    let full = desk.progress() == Progress::Solved;
    let domain = Route::Home { domain: Some(domain_slug(exercise.domain)) };
    html! {
        <header class="bar">
            { wordmark() }
            <div class="crumbs">
                <a class="domain" href={domain.href()}>{ exercise.domain.title() }</a>
                <span class="sep" aria-hidden="true">{ "▸" }</span>
                <h1>{ &exercise.title }</h1>
            </div>
            <div class="tools">
                <div class="facts">
                    <span class="minutes" title="About how long it takes">{ format!("{} min", exercise.minutes) }</span>
                    <span class={classes!("score", full.then_some("full"))}>
                        <span class="aside">{ "Score " }</span>{ format!("{} / {}", report.score(), report.max()) }
                    </span>
                </div>
                <button onclick={link.callback(|_| Msg::Reset)} title="Start over; this can be undone">
                    { icon(Icon::Undo) }<span class="aside">{ "Reset" }</span><span class="wide" aria-hidden="true">{ " Reset" }</span>
                </button>
                <button onclick={help.reform(|_: yew::MouseEvent| ())} aria-keyshortcuts="?" title="Settings and shortcuts (?)">
                    { icon(Icon::Help) }<span class="aside">{ "Settings and shortcuts" }</span>
                </button>
            </div>
        </header>
    }
}

/// The bar below, on a narrow screen: the panes.
pub(super) fn bottom(desk: &Desk, id: &str, shown: Pane) -> Html {
    let drawn = desk.bundle().exercise.picture != PictureKind::None;
    // Why the cluster answered so belongs to the command that was typed.
    let on = if shown == Pane::Request { Pane::Shell } else { shown };
    html! {
        <nav class="bottom" aria-label="Panes">
            { for Pane::ALL.into_iter().filter(|pane| drawn || *pane != Pane::Picture).map(|pane| {
                let sign = match pane {
                    Pane::Task => Icon::Task,
                    Pane::Edit => Icon::Edit,
                    Pane::Shell => Icon::Shell,
                    Pane::Checks => Icon::Checks,
                    Pane::Picture | Pane::Table | Pane::Request => Icon::Picture,
                };
                let route = Route::Exercise { id: id.to_owned(), pane: Some(pane) };
                html! { <a href={route.href()} aria-current={(pane == on).then_some("page")}>{ icon(sign) }{ pane.title() }</a> }
            }) }
        </nav>
    }
}

/// A line with a way back.
pub(super) fn notice(words: Option<&str>, desk: &Desk, link: &Scope<ExercisePage>) -> Html {
    let Some(words) = words else { return Html::default() };
    html! {
        <div class="toast">
            <span>{ words.to_owned() }</span>
            if desk.was_reset {
                <button onclick={link.callback(|_| Msg::UndoReset)}>{ "Undo" }</button>
            }
            <button onclick={link.callback(|_| Msg::Dismiss)}>{ "Close" }</button>
        </div>
    }
}

/// The page while parts of the engine that the exercise calls for are on their way, or could not be had.
pub(super) fn opening(failed: Option<&str>, link: &Scope<ExercisePage>, help: &Callback<()>) -> Html {
    html! {
        <>
            { plain_bar(help) }
            <main id="main" class="home" tabindex="-1" aria-busy={failed.is_none().to_string()}>
                <div class="empty">
                    if let Some(why) = failed {
                        <h1>{ "This exercise is not all here yet" }</h1>
                        <p>{ why.to_owned() }</p>
                        <button class="button primary" onclick={link.callback(|_| Msg::Open)}>{ "Try again" }</button>
                    } else {
                        <p role="status">{ "Fetching what this exercise needs…" }</p>
                    }
                </div>
            </main>
        </>
    }
}

/// The bar of a page that has no exercise in hand.
fn plain_bar(help: &Callback<()>) -> Html {
    html! {
        <header class="bar">
            { wordmark() }
            <div class="tools"><button onclick={help.reform(|_: yew::MouseEvent| ())}>{ icon(Icon::Help) }<span class="aside">{ "Settings and shortcuts" }</span></button></div>
        </header>
    }
}

/// The page of an exercise that cannot be had.
pub(super) fn missing(why: &SessionError, help: &Callback<()>) -> Html {
    let (title, words) = match why {
        SessionError::UnknownExercise(_) => (
            "There is no such exercise",
            "The address may come from another version of the lab, or be mistyped.".to_owned(),
        ),
        other => ("This exercise cannot be opened", format!("It is a fault of the lab: {other}.")),
    };
    html! {
        <>
            { plain_bar(help) }
            <main id="main" class="home" tabindex="-1">
                <div class="empty">
                    <h1>{ title }</h1>
                    <p>{ words }</p>
                    <a href={Route::home().href()}>{ "Show all exercises" }</a>
                </div>
            </main>
        </>
    }
}
