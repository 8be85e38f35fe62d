//! The list of exercises: what there is, how long it takes, how far the learner is.

use yew::{Callback, Html, Properties, classes, component, html, use_effect_with};

use super::{title, wordmark};
use crate::lab::{self, Exercise, domain_slug};
use crate::outline::{LEDE, begin};
use crate::parts::{Icon, icon};
use crate::progress::Progress;
use crate::route::Route;
use crate::storage;

#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    /// The domain that is shown, or all.
    pub(crate) domain: Option<String>,
    pub(crate) help: Callback<()>,
}

/// See the module.
#[component(HomePage)]
pub(crate) fn home_page(props: &Props) -> Html {
    use_effect_with((), |()| title("Gatehouse"));
    let rows: Vec<(&Exercise, Progress)> =
        lab::catalogue().iter().map(|bundle| (&bundle.exercise, progress_of(&bundle.exercise))).collect();
    let solved = rows.iter().filter(|(_, progress)| *progress == Progress::Solved).count();
    let wanted = props.domain.as_deref();
    let shown: Vec<_> = rows
        .iter()
        .filter(|(exercise, _)| wanted.is_none_or(|slug| domain_slug(exercise.domain) == slug))
        .collect();
    let help = props.help.reform(|_: yew::MouseEvent| ());
    html! {
        <>
            <header class="bar">
                { wordmark() }
                <div class="tools">
                    <button onclick={help} aria-keyshortcuts="?">{ icon(Icon::Help) }<span class="aside">{ "Settings and shortcuts" }</span></button>
                </div>
            </header>
            <main id="main" class="home" tabindex="-1">
                <header>
                    <h1>{ "Kubernetes security, hands on" }</h1>
                    <p class="lede">{ LEDE }</p>
                </header>
                { going_on(&rows) }
                <div class="filters">
                    <h2>{ "Exercises" }</h2>
                    <p class="count">{ format!("{solved} of {} solved", rows.len()) }</p>
                </div>
                <nav aria-label="Domains">
                    <ul class="chips">
                        <li>{ chip("All", Route::home(), wanted.is_none()) }</li>
                        { for lab::domains().into_iter().map(|domain| {
                            let slug = domain_slug(domain);
                            let current = wanted == Some(slug.as_str());
                            html! { <li>{ chip(domain.title(), Route::Home { domain: Some(slug) }, current) }</li> }
                        }) }
                    </ul>
                </nav>
                if shown.is_empty() {
                    <div class="empty">
                        <p>{ "No exercise belongs to this domain yet. Those that do will be listed here." }</p>
                        <a href={Route::home().href()}>{ "Show all exercises" }</a>
                    </div>
                } else {
                    <ul class="exercises">{ for shown.iter().map(|(exercise, progress)| row(exercise, *progress)) }</ul>
                }
                <p class="foot">
                    { "Gatehouse plays the API server, the kubelet and the kernel itself, in your browser, and speaks in their words. Your work is kept in this browser only." }
                </p>
            </main>
        </>
    }
}

fn progress_of(exercise: &Exercise) -> Progress {
    Progress::read(storage::get(&storage::progress_key(&exercise.id)).as_deref())
}

fn chip(words: &str, route: Route, current: bool) -> Html {
    html! { <a href={route.href()} aria-current={current.then_some("page")}>{ words.to_owned() }</a> }
}

/// The exercise that was begun and not finished, or the first for somebody new.
fn going_on(rows: &[(&Exercise, Progress)]) -> Html {
    let last = storage::get("last");
    let begun = rows
        .iter()
        .filter(|(_, progress)| matches!(progress, Progress::Begun(_)))
        .max_by_key(|(exercise, _)| last.as_deref() == Some(exercise.id.as_str()));
    let next = rows.iter().find(|(_, progress)| *progress == Progress::New);
    let (words, verb, exercise) = match (begun, next) {
        (Some((exercise, Progress::Begun(percent))), _) => {
            (format!("You are at {percent} %."), "Go on", exercise)
        }
        (_, Some((exercise, _))) if rows.iter().all(|(_, progress)| *progress == Progress::New) => {
            (begin(exercise.minutes), "Begin", exercise)
        }
        (_, Some((exercise, _))) => (format!("Next: about {} minutes.", exercise.minutes), "Begin", exercise),
        _ => {
            return html! {
                <section class="continue" aria-label="Where to go on">
                    <div><h2>{ "All solved" }</h2><p>{ "Any exercise can be started over from its own page." }</p></div>
                </section>
            };
        }
    };
    html! {
        <section class="continue" aria-label="Where to go on">
            <div><h2>{ &exercise.title }</h2><p>{ words }</p></div>
            <a class="button primary" href={Route::exercise(&exercise.id).href()}>{ verb }<span class="aside">{ format!(" with {}", exercise.title) }</span></a>
        </section>
    }
}

fn row(exercise: &Exercise, progress: Progress) -> Html {
    let (sign, class) = match progress {
        Progress::New => (Icon::Ring, "new"),
        Progress::Begun(_) => (Icon::Half, "begun"),
        Progress::Solved => (Icon::Tick, "solved"),
    };
    html! {
        <li key={exercise.id.clone()}>
            <a class="row" href={Route::exercise(&exercise.id).href()}>
                <span class={classes!("mark", class)} aria-hidden="true">{ icon(sign) }</span>
                <span class="title">{ &exercise.title }<span class="domain">{ exercise.domain.title() }</span></span>
                <span class="minutes">{ format!("{} min", exercise.minutes) }</span>
                <span class={classes!("state", class)}>{ progress.words() }</span>
            </a>
        </li>
    }
}
