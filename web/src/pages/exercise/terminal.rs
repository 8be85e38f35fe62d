//! The terminal: a log that is read aloud politely, and one line of input.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, HtmlElement, HtmlInputElement, InputEvent, KeyboardEvent, MouseEvent};
use yew::html::Scope;
use yew::{Callback, Html, NodeRef, Properties, TargetCast, component, html};

use super::{ExercisePage, Msg};
use crate::desk::{Desk, Key};
use crate::lab::Transcript;
use crate::position::byte_of_utf16;
use crate::route::{Pane, Route};

/// The pane.
pub(super) fn pane(
    desk: &Desk,
    link: &Scope<ExercisePage>,
    id: &str,
    input: &NodeRef,
    log: &NodeRef,
) -> Html {
    let shell = &desk.shell;
    let typed = link.batch_callback(|event: InputEvent| Some(Msg::Typed(field(&event)?.value())));
    let pressed = {
        let empty = shell.input.is_empty();
        link.batch_callback(move |event: KeyboardEvent| key(&event, empty).map(Msg::Key))
    };
    let pasted = link.batch_callback(paste);
    // A click beside the line means the line, unless something was being selected.
    let clicked = {
        let input = input.clone();
        Callback::from(move |event: MouseEvent| {
            let selecting = web_sys::window()
                .and_then(|window| window.get_selection().ok().flatten())
                .is_some_and(|selection| !selection.is_collapsed());
            let on_control = event
                .target_dyn_into::<HtmlElement>()
                .is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "A"));
            if let Some(input) = input.cast::<HtmlElement>().filter(|_| !selecting && !on_control) {
                // An element that is there takes the focus.
                let _ = input.focus();
            }
        })
    };
    let (prompt, value) = match &shell.search {
        Some(wanted) => ("search: ".to_owned(), wanted.clone()),
        None => (shell.prompt.clone(), shell.input.clone()),
    };
    html! {
        <section class="pane shell" aria-label="Shell">
            <div class="scroll" ref={log.clone()} onclick={clicked}>
                <Log entries={shell.log.clone()} />
                if shell.search.is_some() {
                    <div class="search">{ if shell.input.is_empty() { "(type what the command contained)" } else { &shell.input } }</div>
                }
                <div class="enter">
                    <label class="prompt" for="shell-input"><span class="aside">{ "Command line, " }</span>{ prompt }</label>
                    <input id="shell-input" ref={input.clone()} {value} oninput={typed} onkeydown={pressed} onpaste={pasted}
                        autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false" enterkeyhint="go" />
                    if desk.has_asked() {
                        <a class="why-link" href={Route::Exercise { id: id.to_owned(), pane: Some(Pane::Request) }.href()} aria-keyshortcuts="y"
                            title="Why the cluster answered the last command as it did (y)">{ "Why?" }<span class="aside">{ " How the cluster answered the last command" }</span></a>
                    }
                </div>
                { touch_keys(shell.input.len(), input, link) }
                if !shell.candidates.is_empty() {
                    <ul class="candidates" role="status" aria-label="Possible completions">
                        { for shell.candidates.iter().map(|word| html! { <li>{ word }</li> }) }
                    </ul>
                }
            </div>
        </section>
    }
}

/// The keys that a screen's keyboard lacks; the style sheet shows them to fingers only.
fn touch_keys(end: usize, input: &NodeRef, link: &Scope<ExercisePage>) -> Html {
    let keys = [("Tab", Key::Complete(end)), ("↑", Key::Up), ("↓", Key::Down), ("Ctrl C", Key::Cancel)];
    html! {
        <div class="touch-keys" role="group" aria-label="Keys of the shell">
            { for keys.into_iter().map(|(name, key)| {
                let input = input.clone();
                let press = link.callback(move |_: MouseEvent| {
                    if let Some(input) = input.cast::<HtmlElement>() {
                        // An element that is there takes the focus.
                        let _ = input.focus();
                    }
                    Msg::Key(key)
                });
                html! { <button class="button" onclick={press}>{ name }</button> }
            }) }
        </div>
    }
}

fn field(event: &yew::Event) -> Option<HtmlInputElement> {
    event.target()?.dyn_into().ok()
}

/// What a key in the input means.
fn key(event: &KeyboardEvent, empty: bool) -> Option<Key> {
    let input = field(event)?;
    let caret = || {
        let at = input.selection_start().ok().flatten().unwrap_or(u32::MAX);
        byte_of_utf16(&input.value(), at as usize)
    };
    let control = event.ctrl_key() && !event.meta_key() && !event.alt_key() && !event.shift_key();
    if event.is_composing() {
        return None;
    }
    let key = match event.key().as_str() {
        "Enter" => Key::Enter,
        "ArrowUp" => Key::Up,
        "ArrowDown" => Key::Down,
        // In an empty line Tab goes on to the next control: nobody is held here.
        "Tab" if !event.shift_key() && !empty => Key::Complete(caret()),
        "Escape" => {
            // Out of the line, so that Tab and the single keys belong to the page again.
            let _ = input.blur();
            return None;
        }
        // With a selection, Ctrl-C copies as everywhere.
        "c" if control && input.selection_start() == input.selection_end() && nothing_selected() => {
            Key::Cancel
        }
        "l" if control => Key::Clear,
        "r" if control => Key::Search,
        "u" if control => Key::CutBefore(caret()),
        _ => return None,
    };
    event.prevent_default();
    Some(key)
}

fn nothing_selected() -> bool {
    web_sys::window()
        .and_then(|window| window.get_selection().ok().flatten())
        .is_none_or(|selection| selection.is_collapsed())
}

/// Pasted lines are run one after the other, as a terminal does; what follows the last line end stays in the input.
fn paste(event: yew::Event) -> Option<Msg> {
    let text =
        event.dyn_ref::<ClipboardEvent>()?.clipboard_data()?.get_data("text").ok()?.replace("\r\n", "\n");
    if !text.contains('\n') {
        return None;
    }
    let input: HtmlInputElement = event.target()?.dyn_into().ok()?;
    event.prevent_default();
    let value = input.value();
    let edge = |at: Option<u32>| byte_of_utf16(&value, at.unwrap_or(u32::MAX) as usize);
    let start = edge(input.selection_start().ok().flatten());
    let end = edge(input.selection_end().ok().flatten());
    let whole =
        format!("{}{text}{}", value.get(..start).unwrap_or_default(), value.get(end..).unwrap_or_default());
    let mut lines: Vec<String> = whole.split('\n').map(str::to_owned).collect();
    let rest = lines.pop().unwrap_or_default();
    Some(Msg::Paste(lines, rest))
}

#[derive(Clone, Properties)]
struct LogProps {
    entries: Rc<Vec<Transcript>>,
}

impl PartialEq for LogProps {
    fn eq(&self, other: &LogProps) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }
}

#[component(Log)]
fn log(props: &LogProps) -> Html {
    html! {
        <ol class="log" role="log" aria-live="polite" aria-label="What the shell printed">
            { for props.entries.iter().enumerate().map(|(index, entry)| html! { <li key={index} role="presentation">{ one_entry(entry) }</li> }) }
        </ol>
    }
}

fn one_entry(done: &Transcript) -> Html {
    html! {
        <>
            if !done.prompt.is_empty() {
                <div class="typed"><span class="prompt">{ &done.prompt }</span>{ done.line.replace('\n', "\n> ") }</div>
            }
            { for done.pieces.iter().map(|(error, text)| html! {
                <pre class={if *error { "stderr" } else { "stdout" }}>{ text.trim_end_matches('\n') }</pre>
            }) }
            if let Some(path) = &done.edit {
                <div class="tutor">{ format!("{path} is open in the editor. Save and close it there, and the command goes on.") }</div>
            }
            if done.streaming {
                <div class="tutor">{ "A real cluster would go on printing here until Ctrl-C; the lab stops at what there is now." }</div>
            }
        </>
    }
}
