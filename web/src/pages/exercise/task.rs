//! The task: what is asked, hints one by one, the solution last.

use yew::html::Scope;
use yew::{AttrValue, Html, NodeRef, html};

use super::{ExercisePage, Msg};
use crate::desk::Desk;
use crate::markdown::to_html;

/// The pane.
pub(super) fn pane(desk: &Desk, link: &Scope<ExercisePage>, place: &NodeRef) -> Html {
    let exercise = &desk.bundle().exercise;
    let given = desk.hints.min(exercise.hints.len());
    let left = exercise.hints.len() - given;
    html! {
        <section class="pane task" aria-label="Task">
            <div class="scroll" ref={place.clone()} tabindex="0">
                { prose(desk.bundle().task()) }
                <div class="help">
                    { for exercise.hints.iter().take(given).enumerate().map(|(index, hint)| html! {
                        <div class="hint" key={index}>
                            <h3>{ format!("Hint {} of {}", index + 1, exercise.hints.len()) }</h3>
                            { prose(hint) }
                        </div>
                    }) }
                    if left > 0 {
                        <button class="button" onclick={link.callback(|_| Msg::Hint)}>
                            { if given == 0 { "Give me a hint" } else { "Another hint" } }
                        </button>
                    } else if !desk.solution {
                        <button class="button" onclick={link.callback(|_| Msg::Solution)}>{ "Show the solution" }</button>
                    }
                    if desk.solution {
                        { solution(desk) }
                    }
                </div>
            </div>
        </section>
    }
}

fn solution(desk: &Desk) -> Html {
    html! {
        <div class="solution">
            <h3>{ "Solution" }</h3>
            { prose(desk.bundle().solution_notes()) }
            { for desk.bundle().below("solution").map(|(path, text)| html! {
                <div key={path.to_owned()}>
                    <p class="file">{ path.to_owned() }</p>
                    <pre tabindex="0"><code>{ text.to_owned() }</code></pre>
                </div>
            }) }
        </div>
    }
}

/// Markdown in the tutor's voice.
fn prose(text: &str) -> Html {
    // Our own renderer escapes whatever is not one of its tags.
    let html =
        Html::from_html_unchecked(AttrValue::from(format!("<div class=\"prose\">{}</div>", to_html(text))));
    html! { { html } }
}
