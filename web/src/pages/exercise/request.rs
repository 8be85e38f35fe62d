//! Why the cluster answered the last command as it did: each request, stage by stage.
//!
//! The words are the lab's, the same that `gatehouse explain` prints. The trace is drawn only after the learner did
//! something, so that it can travel apart.

use std::rc::Rc;

use yew::html::Scope;
use yew::{Html, NodeRef, classes, html};

use super::{ExercisePage, Msg, flows};
use crate::desk::{Desk, Tab};
use crate::lab::{Asked, Bearing, Explanation, Mark, Stage, difference};
use crate::parts::{Icon, icon};
use crate::route::{Pane, Route};

/// The pane.
pub(super) fn pane(desk: &Desk, link: &Scope<ExercisePage>, id: &str, drawn: bool, place: &NodeRef) -> Html {
    let to = |pane| Route::Exercise { id: id.to_owned(), pane: Some(pane) }.href();
    html! {
        <section class="pane request" aria-label="Why the cluster answered so">
            <div class="pane-head">
                <h2>{ "Request" }</h2>
                <a class="button push" href={to(if drawn { Pane::Picture } else { Pane::Shell })}>{ if drawn { "Network" } else { "Close" } }</a>
            </div>
            <div class="scroll" ref={place.clone()} tabindex="-1">
                if let Some(asked) = &desk.asked {
                    { trace(asked, &desk.tabs, link) }
                } else if desk.has_asked() {
                    <p class="note empty"><button class="button" onclick={link.callback(|_| Msg::Why(true))}>{ "Show why" }</button></p>
                } else {
                    <p class="note empty">{ "When a command has asked the cluster something, this shows who was asking, which authorizer said what and why, and what each admission plugin changed or refused." }</p>
                }
            </div>
        </section>
    }
}

/// Every request of a command. What was refused lies open, or the last one.
#[inline(never)]
fn trace(asked: &Rc<Asked>, tabs: &[Tab], link: &Scope<ExercisePage>) -> Html {
    let requests = &asked.requests;
    let open = requests.iter().position(|r| !r.allowed).unwrap_or(requests.len().saturating_sub(1));
    html! {
        <>
            <p class="command"><span class="aside">{ "The command: " }</span>{ &asked.line }</p>
            if requests.is_empty() {
                <p class="why">{ "It only asked what the server is and what it serves." }</p>
            }
            { for requests.iter().enumerate().map(|(index, request)| html! {
                <details key={format!("{index} {}", request.request)} open={index == open}>
                    <summary>
                        { verdict(request.allowed) }
                        <span class="what">{ &request.request }</span>
                    </summary>
                    { one(request, tabs, link) }
                </details>
            }) }
        </>
    }
}

fn verdict(allowed: bool) -> Html {
    let (class, sign, word) =
        if allowed { ("allowed", Icon::Tick, "let through: ") } else { ("denied", Icon::Stop, "refused: ") };
    html! { <span class={class}>{ icon(sign) }<span class="aside">{ word }</span></span> }
}

fn one(request: &Explanation, tabs: &[Tab], link: &Scope<ExercisePage>) -> Html {
    html! {
        <>
            <ol class="stages">{ for request.stages.iter().map(|s| stage(s, tabs, link)) }</ol>
            if !request.silent.is_empty() {
                <p class="why">{ "Asked, with nothing to say: " }{ request.silent.join(", ") }</p>
            }
            { for request.warnings.iter().map(|warning| html! { <p class="words warning">{ "Warning: " }{ warning }</p> }) }
            <p class={classes!("words", if request.allowed { "allowed" } else { "denied" })}>{ &request.answer }</p>
        </>
    }
}

fn stage(stage: &Stage, tabs: &[Tab], link: &Scope<ExercisePage>) -> Html {
    let (class, sign) = match stage.mark {
        Mark::Passed => ("allowed", Icon::Tick),
        Mark::Changed => ("changed", Icon::Change),
        Mark::Refused => ("denied", Icon::Stop),
        Mark::Noted => ("noted", Icon::Ring),
    };
    html! {
        <li>
            <span class={class}>{ icon(sign) }</span>
            <div>
                <p><strong>{ stage.title() }</strong>{ ": " }<span class={class}>{ stage.mark.word() }</span></p>
                if !stage.said.is_empty() {
                    <p class="words">{ &stage.said }</p>
                }
                if !stage.changes.is_empty() {
                    <ul class="diff" aria-label="Changes">{ for stage.changes.iter().map(|change| {
                        let (sign, text) = difference(change);
                        let (class, word) = match sign {
                            '+' => ("allowed", "added "),
                            '-' => ("denied", "removed "),
                            _ => ("changed", "changed "),
                        };
                        html! { <li class={class}><span aria-hidden="true">{ sign }</span><span><span class="aside">{ word }</span>{ text }</span></li> }
                    }) }</ul>
                }
                if !stage.lines.is_empty() {
                    <ul class="causes">{ for stage.lines.iter().map(|line| {
                        let (class, word) = match line.bearing {
                            Bearing::Decided => ("decided", "decided: "),
                            Bearing::NearMiss => ("near", "nearly: "),
                            Bearing::Noted => ("noted", ""),
                        };
                        html! {
                            <li class={class}>
                                if class == "near" { <em>{ word }</em> } else { <span class="aside">{ word }</span> }
                                if !line.about.is_empty() { <code>{ &line.about }</code>{ ": " } }
                                { &line.text }
                                { for line.place.as_ref().map(|place| html! { <>{ " " }{ flows::there(place, tabs, link) }</> }) }
                            </li>
                        }
                    }) }</ul>
                }
            </div>
        </li>
    }
}
