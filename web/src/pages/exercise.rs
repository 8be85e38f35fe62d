//! An exercise: the desk, its panes, and what keeps the work.
//!
//! This file turns events into calls of [`Desk`] and keeps the session in storage; each pane is drawn by its own file.

mod checks;
mod files;
mod flows;
mod head;
mod picture;
mod request;
mod task;
mod terminal;

use gloo_events::{EventListener, EventListenerOptions};
use gloo_timers::callback::Timeout;
use web_sys::HtmlElement;
use yew::{Callback, Component, Context, Html, NodeRef, Properties, classes, html};

use std::collections::VecDeque;

use super::title;
use crate::chunks::Doing;
use crate::desk::{Desk, Keep, Key};
use crate::lab::{self, PictureKind, Session, SessionError};
use crate::layout::{Layout, Split};
use crate::parts::{Goto, Splitter};
use crate::route::{Pane, Route};
use crate::shortcuts::Wish;
use crate::{chunks, js, position, storage};

/// How long after a change the session is kept, in milliseconds.
const KEEP_AFTER: u32 = 400;
/// How long a pause in the typing is, in milliseconds.
const PAUSE: u32 = 90;

#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) id: String,
    /// The pane that the address names.
    pub(crate) pane: Option<Pane>,
    pub(crate) help: Callback<()>,
}

pub(crate) enum Msg {
    /// The parts of the engine that were missing are here, or could not be had.
    Arrived(Result<(), String>),
    /// Tries again to open the exercise.
    Open,
    Edited(String, String),
    Paused,
    Show(usize),
    Apply,
    FinishEdit(Keep),
    Typed(String),
    Key(Key),
    Paste(Vec<String>, String),
    Hint,
    Solution,
    Reset,
    UndoReset,
    Dismiss,
    Place((usize, usize)),
    /// A place in a file that need not be the one that is shown.
    PlaceIn(String, (usize, usize)),
    /// A flow of the picture was asked about.
    Choose(Option<usize>),
    /// What explains flows is here.
    Tell,
    /// The picture on another port.
    Port(String),
    /// What the policies could do without, or no longer.
    Audit,
    /// Why the cluster answered the last command as it did, or no longer.
    Why(bool),
    Moved((Split, f64)),
    Wish(Wish),
    Keep,
}

/// Where things are in the document.
#[derive(Default)]
struct Places {
    desk: NodeRef,
    middle: NodeRef,
    side: NodeRef,
    task: NodeRef,
    checks: NodeRef,
    picture: NodeRef,
    input: NodeRef,
    log: NodeRef,
}

/// See the module.
pub(crate) struct ExercisePage {
    /// The exercise in hand, or why there is none; nothing while parts of the engine are on their way.
    desk: Option<Result<Desk, SessionError>>,
    /// What happened while parts of the engine are on their way; it follows when they are here.
    waiting: Option<VecDeque<Msg>>,
    layout: Layout,
    task_hidden: bool,
    places: Places,
    goto: Goto,
    /// A line for the learner that is not about a check: what could not be restored, what was reset.
    notice: Option<String>,
    /// The tab that was last brought into view.
    seen_tab: Option<String>,
    /// Whether the log grew and should be scrolled to its end.
    grown: bool,
    /// What was asked for as a port and is none.
    wrong_port: Option<String>,
    pause: Option<Timeout>,
    keep: Option<Timeout>,
    _listeners: Vec<EventListener>,
}

impl Component for ExercisePage {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let mut listeners = Vec::new();
        if let Some(window) = web_sys::window() {
            let link = ctx.link().clone();
            // Not passive: a key that moves the focus must not be typed where the focus then is.
            let options = EventListenerOptions::enable_prevent_default();
            listeners.push(EventListener::new_with_options(&window, "keydown", options, move |event| {
                if let Some(wish) = super::single_key(event)
                    && wish != Wish::Help
                {
                    event.prevent_default();
                    link.send_message(Msg::Wish(wish));
                }
            }));
            let link = ctx.link().clone();
            listeners.push(EventListener::new(&window, "pagehide", move |_| link.send_message(Msg::Keep)));
        }
        let mut page = ExercisePage {
            desk: None,
            waiting: None,
            layout: storage::get("layout").map(|text| Layout::read(&text)).unwrap_or_default(),
            task_hidden: storage::get("task-hidden").is_some(),
            places: Places::default(),
            goto: Goto::default(),
            notice: None,
            seen_tab: None,
            grown: true,
            wrong_port: None,
            pause: None,
            keep: None,
            _listeners: listeners,
        };
        page.open(ctx);
        page
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        let message = match message {
            Msg::Arrived(Ok(())) => {
                let waiting = self.waiting.take().unwrap_or_default();
                if self.desk.is_none() {
                    self.open(ctx);
                }
                ctx.link().send_message_batch(waiting.into());
                return true;
            }
            Msg::Arrived(Err(why)) => {
                // What called for the parts is to be done again by the learner; what was typed meanwhile stays.
                let waiting = self.waiting.take().unwrap_or_default();
                ctx.link().send_message_batch(waiting.into_iter().filter(|message| !runs(message)).collect());
                self.notice = Some(format!(
                    "A part of the engine could not be fetched ({why}). Nothing is lost: try that again."
                ));
                return true;
            }
            Msg::Open => {
                self.notice = None;
                self.open(ctx);
                return true;
            }
            message => message,
        };
        if !matches!(message, Msg::Keep)
            && let Some(waiting) = &mut self.waiting
        {
            waiting.push_back(message);
            return false;
        }
        let Some(Ok(desk)) = &mut self.desk else { return false };
        if let Some(missing) = needs(desk, &message) {
            if matches!(message, Msg::Typed(_) | Msg::Edited(..) | Msg::Choose(_)) {
                // Not needed before the command runs, and then it is here already; a flow is explained when it is here.
                let link = ctx.link().clone();
                wasm_bindgen_futures::spawn_local(async move {
                    if chunks::fetch(missing).await.is_ok() {
                        link.send_message(Msg::Tell);
                    }
                });
            } else {
                self.waiting = Some(VecDeque::from([message]));
                fetch(ctx, missing);
                return false;
            }
        }
        let mut changed = true;
        match message {
            Msg::Edited(path, text) => {
                desk.edited(&path, text);
                let link = ctx.link().clone();
                self.pause = Some(Timeout::new(PAUSE, move || link.send_message(Msg::Paused)));
            }
            Msg::Paused => desk.look(),
            Msg::Show(index) => desk.show(index),
            Msg::Apply => {
                desk.apply();
                self.grown = true;
            }
            Msg::FinishEdit(keep) => {
                desk.finish_edit(keep);
                self.grown = true;
            }
            Msg::Typed(text) => desk.typed(text),
            Msg::Key(key) => {
                desk.key(key);
                self.grown = true;
            }
            Msg::Paste(lines, rest) => {
                for line in lines {
                    desk.typed(line);
                    desk.key(Key::Enter);
                }
                desk.typed(rest);
                self.grown = true;
            }
            Msg::Hint => desk.hints += 1,
            Msg::Solution => desk.solution = true,
            Msg::Reset => {
                desk.reset();
                self.notice = Some("Started over.".to_owned());
                self.grown = true;
            }
            Msg::UndoReset => {
                desk.undo_reset();
                self.notice = None;
                self.grown = true;
            }
            Msg::Dismiss => {
                self.notice = None;
                changed = false;
            }
            Msg::Place(place) => {
                self.goto = Goto { number: self.goto.number + 1, place: Some(place) };
                changed = false;
            }
            Msg::PlaceIn(file, place) => {
                if let Some(index) = desk.tabs.iter().position(|tab| tab.path == file) {
                    desk.show(index);
                    self.goto = Goto { number: self.goto.number + 1, place: Some(place) };
                }
                changed = false;
            }
            Msg::Choose(edge) => {
                changed = false;
                if edge == desk.chosen && (edge.is_none() || desk.told.is_some()) {
                    return false;
                }
                desk.choose(edge);
                if edge.is_some() && missing(std::iter::empty(), "").is_none() {
                    desk.tell();
                }
            }
            Msg::Tell => {
                changed = false;
                if desk.chosen.is_some() {
                    desk.tell();
                }
            }
            Msg::Port(text) => {
                changed = false;
                self.wrong_port = (!desk.ask_port(&text)).then_some(text);
            }
            Msg::Audit => {
                changed = false;
                desk.toggle_audit();
            }
            Msg::Why(asking) => {
                changed = false;
                desk.ask(asking);
            }
            Msg::Moved((split, size)) => {
                self.layout.set(split, size);
                storage::set("layout", &self.layout.write());
                changed = false;
            }
            Msg::Wish(wish) => {
                changed = false;
                self.obey(ctx, wish);
            }
            Msg::Arrived(_) | Msg::Open => {}
            Msg::Keep => {
                self.keep = None;
                let id = &ctx.props().id;
                storage::set(&storage::session_key(id), &desk.session().save());
                storage::set(&storage::progress_key(id), &desk.progress().write());
                return false;
            }
        }
        if changed {
            let link = ctx.link().clone();
            self.keep = Some(Timeout::new(KEEP_AFTER, move || link.send_message(Msg::Keep)));
        }
        true
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &Props) -> bool {
        self.ask(ctx);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let desk = match &self.desk {
            Some(Ok(desk)) => desk,
            Some(Err(why)) => return head::missing(why, &ctx.props().help),
            None => return head::opening(self.notice.as_deref(), ctx.link(), &ctx.props().help),
        };
        let link = ctx.link();
        let pane = ctx.props().pane;
        let shown = pane.unwrap_or(Pane::Task).shown();
        let drawn = desk.bundle().exercise.picture != PictureKind::None;
        let asking = pane == Some(Pane::Request);
        let splitter = |split: Split, within: &NodeRef| {
            html! { <Splitter {split} size={self.layout.get(split)} within={within.clone()} moved={link.callback(Msg::Moved)} /> }
        };
        html! {
            <div class="lab">
                { head::bar(desk, link, &ctx.props().help) }
                <main id="main" tabindex="-1" ref={self.places.desk.clone()} data-shown={shown.slug()}
                    class={classes!("desk", self.task_hidden.then_some("no-task"))}>
                    { task::pane(desk, link, &self.places.task) }
                    { splitter(Split::Task, &self.places.desk) }
                    <div class="middle" ref={self.places.middle.clone()}>
                        { files::editor(desk, link, self.goto) }
                        { files::preview(desk, link) }
                        { splitter(Split::Shell, &self.places.middle) }
                        { terminal::pane(desk, link, &ctx.props().id, &self.places.input, &self.places.log) }
                    </div>
                    { splitter(Split::Side, &self.places.desk) }
                    <div class={classes!("side", (!drawn && !asking).then_some("no-picture"))} ref={self.places.side.clone()}>
                        { checks::pane(desk, &self.places.checks) }
                        if asking {
                            { splitter(Split::Picture, &self.places.side) }
                            { request::pane(desk, link, &ctx.props().id, drawn, &self.places.picture) }
                        } else if drawn {
                            { splitter(Split::Picture, &self.places.side) }
                            { picture::pane(desk, link, &ctx.props().id, pane == Some(Pane::Table), self.wrong_port.as_deref(), &self.places.picture) }
                        }
                    </div>
                </main>
                { head::bottom(desk, &ctx.props().id, shown) }
                <div class="aside" role="status" aria-live="polite">{ &desk.said }</div>
                { head::notice(self.notice.as_deref(), desk, link) }
            </div>
        }
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        // A style attribute would need 'unsafe-inline'; a property set by script does not.
        if let Some(desk) = self.places.desk.cast::<HtmlElement>() {
            for split in Split::ALL {
                let _ =
                    desk.style().set_property(split.property(), &format!("{:.1}%", self.layout.get(split)));
            }
        }
        let Some(Ok(desk)) = &mut self.desk else { return };
        let shown = desk.tab().map(|tab| tab.path.clone());
        if shown != self.seen_tab
            && let Some(middle) = self.places.middle.cast::<web_sys::Element>()
            && let Ok(Some(tab)) = middle.query_selector("[role=tab][aria-selected=true]")
        {
            let nearest = js::object(&[("block", "nearest".into()), ("inline", "nearest".into())]);
            js::call(&tab, "scrollIntoView", &[nearest]);
            self.seen_tab = shown;
        }
        if let Some(caret) = desk.shell.caret.take()
            && let Some(input) = self.places.input.cast::<web_sys::HtmlInputElement>()
        {
            let at = u32::try_from(position::utf16_of_byte(&desk.shell.input, caret)).unwrap_or(u32::MAX);
            // A text input has a selection.
            let _ = input.set_selection_range(at, at);
        }
        if std::mem::take(&mut self.grown)
            && let Some(log) = self.places.log.cast::<HtmlElement>()
        {
            log.set_scroll_top(log.scroll_height());
            log.set_scroll_left(0);
        }
    }

    fn destroy(&mut self, ctx: &Context<Self>) {
        if self.keep.take().is_some()
            && let Some(Ok(desk)) = &self.desk
        {
            let id = &ctx.props().id;
            storage::set(&storage::session_key(id), &desk.session().save());
            storage::set(&storage::progress_key(id), &desk.progress().write());
        }
    }
}

impl ExercisePage {
    /// Opens the exercise, at once or when the parts of the engine that it calls for are here.
    fn open(&mut self, ctx: &Context<Self>) {
        let id = &ctx.props().id;
        let kept = storage::get(&storage::session_key(id)).unwrap_or_default();
        if let Some(bundle) = lab::catalogue().iter().find(|bundle| bundle.exercise.id == *id) {
            let commands = bundle.commands();
            let typed = format!("{commands}{kept}");
            let doing = if kept.is_empty() { Doing::Opening(&commands) } else { Doing::Working(&typed) };
            let missing = chunks::missing(chunks::wanted(bundle.texts(), doing));
            if !missing.is_empty() {
                title(&format!("{} · Gatehouse", bundle.exercise.title));
                self.waiting = Some(VecDeque::new());
                fetch(ctx, missing);
                return;
            }
        }
        let (desk, notice) = open(id);
        match &desk {
            Ok(desk) => {
                title(&format!("{} · Gatehouse", desk.bundle().exercise.title));
                storage::set("last", id);
            }
            Err(_) => title("No such exercise · Gatehouse"),
        }
        self.desk = Some(desk);
        self.notice = notice;
        self.ask(ctx);
    }

    /// Asks why the cluster answered as it did while the address says so.
    fn ask(&self, ctx: &Context<Self>) {
        let asking = ctx.props().pane == Some(Pane::Request);
        if let Some(Ok(desk)) = &self.desk
            && desk.asking != asking
        {
            ctx.link().send_message(Msg::Why(asking));
        }
    }

    fn obey(&mut self, ctx: &Context<Self>, wish: Wish) {
        match wish {
            Wish::Help => ctx.props().help.emit(()),
            Wish::ToggleTask => {
                self.task_hidden = !self.task_hidden;
                if self.task_hidden {
                    storage::set("task-hidden", "yes")
                } else {
                    storage::remove("task-hidden")
                }
            }
            Wish::Go(pane) => {
                // The table and the picture change places.
                let pane = if pane == Pane::Table && ctx.props().pane == Some(Pane::Table) {
                    Pane::Picture
                } else {
                    pane
                };
                if pane == Pane::Task && self.task_hidden {
                    self.task_hidden = false;
                    storage::remove("task-hidden");
                }
                let route = Route::Exercise { id: ctx.props().id.clone(), pane: Some(pane) };
                if let Some(window) = web_sys::window() {
                    // Our own address is always valid.
                    let _ = window.location().set_hash(&route.href());
                }
                self.focus(pane);
            }
        }
    }

    fn focus(&mut self, pane: Pane) {
        let place = match pane {
            Pane::Task => &self.places.task,
            Pane::Checks => &self.places.checks,
            Pane::Picture | Pane::Table | Pane::Request => &self.places.picture,
            Pane::Shell => &self.places.input,
            Pane::Edit => {
                self.goto = Goto { number: self.goto.number + 1, place: None };
                return;
            }
        };
        if let Some(element) = place.cast::<HtmlElement>() {
            // An element that is there takes the focus.
            let _ = element.focus();
        }
    }
}

/// The parts of the engine that a message calls for and that are not here.
fn needs(desk: &Desk, message: &Msg) -> Option<Vec<usize>> {
    let typed = match message {
        // At each key only what was typed: the files are looked at when the typing pauses, and before anything runs.
        Msg::Typed(text) => return missing(std::iter::empty(), text),
        Msg::Edited(..) | Msg::Choose(_) => return missing(std::iter::empty(), ""),
        Msg::Why(asking) => {
            return if *asking && desk.has_asked() { missing(std::iter::empty(), "") } else { None };
        }
        message if !runs(message) => return None,
        Msg::Key(_) => desk.shell.input.clone(),
        Msg::Paste(lines, rest) => format!("{}\n{rest}", lines.join("\n")),
        _ => String::new(),
    };
    missing(desk.tabs.iter().map(|tab| tab.text.as_str()), &typed)
}

/// Whether a message makes the engine do something, and so may call for parts of it; the others only keep what was typed.
fn runs(message: &Msg) -> bool {
    matches!(
        message,
        Msg::Key(Key::Enter | Key::Complete(_))
            | Msg::Paste(..)
            | Msg::Paused
            | Msg::Apply
            | Msg::FinishEdit(_)
            | Msg::Show(_)
            | Msg::PlaceIn(..)
            | Msg::Port(_)
            | Msg::Audit
            | Msg::Reset
            | Msg::UndoReset
    )
}

/// The parts of the engine that files and typing call for and that are not here; none where all are.
fn missing<'a>(files: impl Iterator<Item = &'a str> + Clone, typed: &str) -> Option<Vec<usize>> {
    let missing = chunks::missing(chunks::wanted(files, Doing::Working(typed)));
    (!missing.is_empty()).then_some(missing)
}

/// Fetches parts of the engine and says when they are here.
fn fetch(ctx: &Context<ExercisePage>, missing: Vec<usize>) {
    let link = ctx.link().clone();
    wasm_bindgen_futures::spawn_local(async move {
        link.send_message(Msg::Arrived(chunks::fetch(missing).await))
    });
}

/// The seed of a new session. Every session of an exercise begins alike, so that what one learner saw another sees.
const SEED: u64 = 1;

/// The kept session of an exercise, or a new one; and what the learner should know about it.
fn open(id: &str) -> (Result<Desk, SessionError>, Option<String>) {
    let fresh = || Session::of(id, SEED).map(Desk::new);
    let key = storage::session_key(id);
    let Some(kept) = storage::get(&key) else { return (fresh(), None) };
    match Session::restore(&kept) {
        Ok(session) => (Ok(Desk::new(session)), None),
        Err(why) => {
            // Nothing of the learner's is thrown away, even what cannot be read.
            storage::set(&format!("{key}.unread"), &kept);
            (
                fresh(),
                Some(format!(
                    "Your saved work could not be read ({why}); the exercise starts over. The saved text is still in this browser."
                )),
            )
        }
    }
}
