//! A flow explained at both ends, what applying a file would change, and what the policies could do without.
//!
//! Drawn only after the learner did something, so that it can travel apart.

use std::rc::Rc;

use yew::html::Scope;
use yew::{Html, TargetCast, classes, html};

use super::{ExercisePage, Msg};
use crate::desk::{Desk, Tab};
use crate::lab::{Audit, FlowChange, Place, Told, Why};

/// How many changed flows are listed one by one.
const LISTED: usize = 6;

/// What each end says.
#[inline(never)]
pub(super) fn told(
    told: &Rc<Told>,
    would: Option<&FlowChange>,
    tabs: &[Tab],
    link: &Scope<ExercisePage>,
) -> Html {
    html! {
        <>
        { for told.halves.iter().map(|half| html! {
            <div class="half">
                <p>
                    <strong class={if half.allowed { "allowed" } else { "denied" }}>{ if half.allowed { "✓ " } else { "✕ " } }{ &half.title }</strong>
                    if half.selecting.is_empty() {
                        { ": no policy selects it" }
                    } else {
                        { ": selected by " }
                        { for half.selecting.iter().enumerate().map(|(i, by)| html! { <>{ (i > 0).then_some(", ") }{ one(by, tabs, link) }</> }) }
                    }
                </p>
                { for half.because.iter().map(|cause| html! { <p class="why">{ one(cause, tabs, link) }</p> }) }
            </div>
        }) }
        if let Some(change) = would {
            <p class="would">{ format!("If you apply the file now, {}: {}", change.text, change.because) }</p>
        }
        </>
    }
}

/// A reason, and a way to the line that says so.
fn one(why: &Why, tabs: &[Tab], link: &Scope<ExercisePage>) -> Html {
    let place = why.place.as_ref().map(|place| there(place, tabs, link));
    html! { <>{ &why.text }{ " " }{ for place }</> }
}

/// A way to a line, where its file is open.
pub(super) fn there(place: &Place, tabs: &[Tab], link: &Scope<ExercisePage>) -> Html {
    let words = format!("{} line {}", place.file, place.line);
    if !tabs.iter().any(|tab| tab.path == place.file) {
        return html! { { format!("({words})") } };
    }
    let (file, there) = (place.file.clone(), (place.line, place.column));
    let go = link.callback(move |_: yew::MouseEvent| Msg::PlaceIn(file.clone(), there));
    html! { <button class="place" onclick={go}>{ words }</button> }
}

/// What applying the shown file would change.
#[inline(never)]
pub(super) fn changes(changes: &[FlowChange]) -> Html {
    let more = changes.len().saturating_sub(LISTED);
    html! {
        <>
            { for changes.iter().take(LISTED).map(|change| {
                let (sign, word) = if change.allowed { ("+", "allowed") } else { ("−", "denied") };
                html! {
                    <li class={classes!("outcome", "flow", word)} title={change.because.clone()}>
                        <span aria-hidden="true">{ sign }</span>
                        <span class="said">{ &change.text }</span>
                    </li>
                }
            }) }
            if more > 0 {
                <li class="outcome flow"><span></span><span class="said">{ format!("and {more} more flows would change") }</span></li>
            }
        </>
    }
}

/// What could go, and what would be enough.
#[inline(never)]
pub(super) fn audit(
    desk: &Desk,
    audit: &Rc<Audit>,
    wrong_port: Option<&str>,
    link: &Scope<ExercisePage>,
) -> Html {
    let port = link.callback(|event: yew::Event| {
        Msg::Port(event.target_dyn_into::<web_sys::HtmlInputElement>().map(|i| i.value()).unwrap_or_default())
    });
    let shown = wrong_port.map_or_else(|| desk.picture.port.to_string(), str::to_owned);
    html! {
        <div role="region" aria-label="More about the network">
            <label class="port">{ "Port " }
                <input value={shown} onchange={port} size="8" spellcheck="false" autocomplete="off"
                    aria-invalid={wrong_port.is_some().to_string()} title="A protocol and a number, such as TCP/80 or UDP/53" />
            </label>
            if wrong_port.is_some() {
                <p class="why" role="alert">{ "A port is a protocol and a number, such as TCP/80 or UDP/53." }</p>
            }
            if audit.useless.is_empty() {
                <p class="why">{ "Without any rule or policy of these, something would change: none is useless." }</p>
            } else {
                <p class="why">{ "These could go without changing who reaches whom:" }</p>
                <ul>{ for audit.useless.iter().map(|useless| html! { <li>{ one(useless, &desk.tabs, link) }</li> }) }</ul>
            }
            if audit.enough.is_empty() {
                <p class="why">{ "What is allowed in the picture needs no policy." }</p>
            } else {
                <p class="why">{ "The fewest policies that allow just what the picture allows:" }</p>
                <pre tabindex="0" aria-label="Policies">{ &audit.enough }</pre>
            }
        </div>
    }
}
