//! The `?` sheet: every shortcut, and the few things a learner can set.

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement, HtmlInputElement, HtmlSelectElement};
use yew::{Callback, Html, Properties, component, html, use_effect_with, use_node_ref, use_state};

use crate::shortcuts::{PLACES, SINGLE};
use crate::theme::{self, Theme};

/// Whether it is open, and who closes it.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) open: bool,
    pub(crate) close: Callback<()>,
    /// Whether single keys are obeyed.
    pub(crate) single: bool,
    pub(crate) set_single: Callback<bool>,
    pub(crate) large: bool,
    pub(crate) set_large: Callback<bool>,
}

/// See the module.
#[component(Sheet)]
pub(crate) fn sheet(props: &Props) -> Html {
    let dialog = use_node_ref();
    let theme = use_state(Theme::kept);
    {
        let dialog = dialog.clone();
        use_effect_with(props.open, move |open| {
            let Some(dialog) = dialog.cast::<HtmlDialogElement>() else { return };
            match (*open, dialog.open()) {
                // Fails only for a dialog that is open already.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                _ => {}
            }
        });
    }
    let choose = {
        let theme = theme.clone();
        Callback::from(move |event: Event| {
            if let Some(menu) = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok())
            {
                let chosen = Theme::parse(&menu.value());
                chosen.choose();
                theme.set(chosen);
            }
        })
    };
    let switch = |tell: &Callback<bool>| {
        let tell = tell.clone();
        Callback::from(move |event: Event| {
            if let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
            {
                tell.emit(input.checked());
            }
        })
    };
    let large = {
        let tell = props.set_large.clone();
        switch(&Callback::from(move |on| {
            theme::large_type(on);
            tell.emit(on);
        }))
    };
    let close = props.close.reform(|_: yew::MouseEvent| ());
    let closed = props.close.reform(|_: Event| ());
    html! {
        <dialog ref={dialog} onclose={closed} aria-labelledby="sheet-title">
            <header>
                <h2 id="sheet-title">{ "Settings and shortcuts" }</h2>
                <button class="button" onclick={close}>{ "Close" }</button>
            </header>
            <label class="switch">
                <input type="checkbox" checked={props.single} onchange={switch(&props.set_single)} />
                { "Obey single keys while no text is being typed" }
            </label>
            <label class="switch">
                <input type="checkbox" checked={props.large} onchange={large} />
                { "Larger type, for a projector" }
            </label>
            <label class="switch">
                { "Theme" }
                <select onchange={choose}>
                    { for Theme::ALL.iter().map(|found| html! {
                        <option value={found.slug()} selected={*found == *theme}>{ found.title() }</option>
                    }) }
                </select>
            </label>
            <h3 class="sheet-keys">{ "Shortcuts" }</h3>
            <dl class="keys">
                { for SINGLE.iter().map(|shortcut| html! { <><dt><kbd>{ shortcut.key }</kbd></dt><dd>{ shortcut.does }</dd></> }) }
                { for PLACES.iter().map(|(place, keys)| html! {
                    <>
                        <dt class="group">{ *place }</dt>
                        { for keys.iter().map(|(key, does)| html! { <><dt><kbd>{ *key }</kbd></dt><dd>{ *does }</dd></> }) }
                    </>
                }) }
            </dl>
        </dialog>
    }
}
