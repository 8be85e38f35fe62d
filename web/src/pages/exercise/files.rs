//! The files: tabs, the editor, and what applying the shown file would do.

use yew::html::Scope;
use yew::{Callback, Html, KeyboardEvent, TargetCast, classes, html};

use super::{ExercisePage, Msg, flows};
use crate::desk::{Desk, Keep};
use crate::lab::{PreviewKind, PreviewLine};
use crate::parts::{Editor, Goto, Icon, Mark, Severity, icon};

/// The editor under its tabs.
pub(super) fn editor(desk: &Desk, link: &Scope<ExercisePage>, goto: Goto) -> Html {
    let Some(tab) = desk.tab() else {
        return html! {
            <section class="pane edit" aria-label="Editor">
                <p class="note empty">{ "This exercise is solved in the shell. Files that you edit appear here." }</p>
            </section>
        };
    };
    html! {
        <section class="pane edit" aria-label="Editor">
            <div class="tabs">
                <div role="tablist" aria-label="Files">
                    { for desk.tabs.iter().enumerate().map(|(index, tab)| one_tab(desk, link, index, &tab.path)) }
                </div>
            </div>
            if tab.waits {
                <div class="waits" role="status">
                    <span>{ "A command waits for you to finish this file." }</span>
                    <button class="button" onclick={link.callback(|_| Msg::FinishEdit(Keep::Nothing))}>{ "Close unchanged" }</button>
                    <button class="button primary" onclick={link.callback(|_| Msg::FinishEdit(Keep::Text))}>{ "Save and close" }</button>
                </div>
            }
            <Editor path={tab.path.clone()} text={tab.text.clone()} revision={tab.revision} marks={marks(&desk.preview.lines)} {goto}
                changed={link.callback(|(path, text)| Msg::Edited(path, text))} apply={link.callback(|()| Msg::Apply)} />
        </section>
    }
}

fn one_tab(desk: &Desk, link: &Scope<ExercisePage>, index: usize, path: &str) -> Html {
    let selected = index == desk.active;
    let last = desk.tabs.len().saturating_sub(1);
    let turn = link.batch_callback(move |event: KeyboardEvent| {
        let next = match event.key().as_str() {
            "ArrowRight" if index < last => index + 1,
            "ArrowRight" => 0,
            "ArrowLeft" if index > 0 => index - 1,
            "ArrowLeft" => last,
            _ => return None,
        };
        event.prevent_default();
        // The tabs are siblings: the focus goes where the choice goes.
        if let Some(list) = event.target_dyn_into::<web_sys::Element>().and_then(|tab| tab.parent_element())
            && let Some(tab) = list.children().item(u32::try_from(next).unwrap_or(0))
        {
            let _ = wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(tab).focus();
        }
        Some(Msg::Show(next))
    });
    // A host's file is called by its last name here; its whole path stands in the tip and is what is read aloud.
    let (host, name) = match path.split_once(':') {
        Some((host, name)) => (Some(host), name.rsplit('/').next().unwrap_or(name)),
        None => (None, path),
    };
    html! {
        <button role="tab" key={path.to_owned()} title={host.map(|_| path.to_owned())} aria-selected={selected.to_string()} tabindex={if selected { "0" } else { "-1" }}
            onclick={link.callback(move |_| Msg::Show(index))} onkeydown={turn}>
            if let Some(host) = host {
                <span class="host">{ host }{ ": " }</span>
            }
            { name.to_owned() }
        </button>
    }
}

/// The marks in the text for what the preview complains of.
fn marks(lines: &[PreviewLine]) -> Vec<Mark> {
    lines
        .iter()
        .filter_map(|line| {
            let at = line.at?;
            let severity = match line.kind {
                PreviewKind::Refused | PreviewKind::Mistake => Severity::Error,
                PreviewKind::Warning => Severity::Warning,
                _ => return None,
            };
            Some(Mark { line: at.line, column: at.column, severity, message: line.text.clone() })
        })
        .collect()
}

/// What would happen.
pub(super) fn preview(desk: &Desk, link: &Scope<ExercisePage>) -> Html {
    let Some(tab) = desk.tab().filter(|tab| !tab.waits) else { return Html::default() };
    let lines = &desk.preview.lines;
    if !tab.is_manifest() && lines.is_empty() {
        return Html::default();
    }
    let words = if tab.is_manifest() { "If you apply this now" } else { "In this file" };
    html! {
        <section class="preview" aria-label={words}>
            <div class="line">
                <strong>{ words }</strong>
                if tab.is_manifest() {
                    <button class="button apply" onclick={link.callback(|_| Msg::Apply)} title={format!("Runs kubectl apply -f {} in the shell (Ctrl Enter in the editor)", tab.path)}>
                        { "Apply" }
                    </button>
                }
            </div>
            if !lines.is_empty() {
                <ul tabindex="0" aria-label="Outcome">
                    { for lines.iter().map(|line| outcome(line, link)) }
                    if !desk.preview.flows.is_empty() {
                        { flows::changes(&desk.preview.flows) }
                    }
                </ul>
            }
        </section>
    }
}

fn outcome(line: &PreviewLine, link: &Scope<ExercisePage>) -> Html {
    let (class, sign) = match line.kind {
        PreviewKind::Created => ("created", Icon::Plus),
        PreviewKind::Configured => ("configured", Icon::Change),
        PreviewKind::Unchanged => ("unchanged", Icon::Same),
        PreviewKind::Refused => ("refused", Icon::Stop),
        PreviewKind::Mistake => ("mistake", Icon::Stop),
        PreviewKind::Warning => ("warning", Icon::Warning),
        PreviewKind::Note => ("note", Icon::Same),
    };
    let place = line.at.map(|at| {
        let there = (at.line, at.column);
        let go: Callback<yew::MouseEvent> = link.callback(move |_| Msg::Place(there));
        html! { <button onclick={go}>{ format!("line {}, column {}", at.line, at.column) }</button> }
    });
    html! {
        <li class={classes!("outcome", class)}>
            { icon(sign) }
            <span class="said">{ line.text.trim_end() }{ " " }{ for place }</span>
        </li>
    }
}
