//! The page: which view the address names, and what all views share.

mod exercise;
mod home;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, MouseEvent};
use yew::{Component, Context, Html, html};

use crate::parts::{Sheet, is_typing};
use crate::route::Route;
use crate::shortcuts::{Wish, wish};
use crate::storage;
use crate::theme;

use exercise::ExercisePage;
use home::HomePage;

/// The whole page.
pub(crate) struct App {
    route: Route,
    sheet: bool,
    /// Whether single keys are obeyed.
    single: bool,
    large: bool,
    _listeners: Vec<EventListener>,
}

pub(crate) enum Msg {
    Moved,
    Sheet(bool),
    Single(bool),
    Large(bool),
}

/// Where the window stands.
fn here() -> Route {
    Route::parse(&web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default())
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let mut listeners = Vec::new();
        if let Some(window) = web_sys::window() {
            let link = ctx.link().clone();
            listeners.push(EventListener::new(&window, "hashchange", move |_| link.send_message(Msg::Moved)));
            let link = ctx.link().clone();
            listeners.push(EventListener::new(&window, "keydown", move |event| {
                if let Some(Wish::Help) = single_key(event) {
                    link.send_message(Msg::Sheet(true));
                }
            }));
        }
        let large = storage::get("large").is_some();
        theme::large_type(large);
        App {
            route: here(),
            sheet: false,
            single: storage::get("single-keys").is_none(),
            large,
            _listeners: listeners,
        }
    }

    fn update(&mut self, _: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Moved => self.route = here(),
            Msg::Sheet(open) => self.sheet = open,
            Msg::Single(on) => {
                self.single = on;
                if on { storage::remove("single-keys") } else { storage::set("single-keys", "off") }
            }
            Msg::Large(on) => {
                self.large = on;
                if on { storage::set("large", "on") } else { storage::remove("large") }
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let help = link.callback(|()| Msg::Sheet(true));
        let skip = |event: MouseEvent| {
            event.prevent_default();
            let main = web_sys::window().and_then(|window| window.document()?.get_element_by_id("main"));
            if let Some(main) = main.and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
                // An element that is there takes the focus.
                let _ = main.focus();
            }
        };
        html! {
            <>
                <a class="skip" href="#main" onclick={skip}>{ "Skip to the content" }</a>
                {
                    match &self.route {
                        Route::Home { domain } => html! { <HomePage domain={domain.clone()} {help} /> },
                        Route::Exercise { id, pane } => html! { <ExercisePage key={id.clone()} id={id.clone()} pane={*pane} {help} /> },
                    }
                }
                <Sheet open={self.sheet} close={link.callback(|()| Msg::Sheet(false))}
                    single={self.single} set_single={link.callback(Msg::Single)}
                    large={self.large} set_large={link.callback(Msg::Large)} />
            </>
        }
    }
}

/// What a key pressed anywhere asks for, if it was not meant for a text.
fn single_key(event: &yew::Event) -> Option<Wish> {
    let key = event.dyn_ref::<KeyboardEvent>()?;
    let plain = !key.ctrl_key() && !key.meta_key() && !key.alt_key() && !key.is_composing();
    // Read at each key, so that turning them off needs no page to be told.
    let obeyed = storage::get("single-keys").is_none();
    (plain && obeyed && !is_typing(event)).then(|| wish(&key.key())).flatten()
}

/// Sets the window's title.
fn title(words: &str) {
    if let Some(document) = web_sys::window().and_then(|window| window.document()) {
        document.set_title(words);
    }
}

/// The name of the place, leading to the list.
fn wordmark() -> Html {
    html! {
        <a class="wordmark" href={Route::home().href()} aria-label="Gatehouse, all exercises">
            <svg viewBox="0 0 32 32" aria-hidden="true"><path d="M5 28V9h4V5h5v4h4V5h5v4h4v19h-8v-7a3 3 0 0 0-6 0v7z" /></svg>
            <span>{ "Gatehouse" }</span>
        </a>
    }
}
