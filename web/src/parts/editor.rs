//! The editor: CodeMirror where it can be had, a plain text field until then and wherever it cannot.
//!
//! The bundle is fetched when the first editor is shown. Yew never looks inside CodeMirror's element.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlTextAreaElement, InputEvent};
use yew::{Callback, Component, Context, Html, NodeRef, Properties, html};

use crate::{js, position};

/// How bad a mark is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Severity {
    Error,
    Warning,
}

/// A mark in the text; line and column count characters from one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Mark {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) severity: Severity,
    pub(crate) message: String,
}

/// A wish to be somewhere in the text; a new number is a new wish.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Goto {
    pub(crate) number: u32,
    /// Line and column, or wherever the caret is.
    pub(crate) place: Option<(usize, usize)>,
}

#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Counts changes of the text that were not made here.
    pub(crate) revision: u32,
    pub(crate) marks: Vec<Mark>,
    pub(crate) goto: Goto,
    pub(crate) changed: Callback<(String, String)>,
    pub(crate) apply: Callback<()>,
}

pub(crate) enum Msg {
    Loaded(JsValue),
    Missing,
}

/// The handle of a CodeMirror editor, and the closures it calls.
struct Handle {
    object: JsValue,
    _changed: Closure<dyn Fn(String, String)>,
    _apply: Closure<dyn Fn()>,
}

/// See the module.
pub(crate) struct Editor {
    host: NodeRef,
    field: NodeRef,
    handle: Option<Handle>,
    missing: bool,
}

impl Component for Editor {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        wasm_bindgen_futures::spawn_local(async move {
            let promise = js::boot()
                .and_then(|boot| js::call(&boot, "editor", &[])?.dyn_into::<js_sys::Promise>().ok());
            let module = match promise {
                Some(promise) => wasm_bindgen_futures::JsFuture::from(promise).await.ok(),
                None => None,
            };
            link.send_message(module.map_or(Msg::Missing, Msg::Loaded));
        });
        Editor { host: NodeRef::default(), field: NodeRef::default(), handle: None, missing: false }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Loaded(module) => {
                self.start(ctx, &module);
                self.missing = self.handle.is_none();
            }
            Msg::Missing => self.missing = true,
        }
        true
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let new = ctx.props();
        let moved = old.path != new.path || old.revision != new.revision;
        if moved {
            self.call("open", &[new.path.as_str().into(), new.text.as_str().into()]);
        }
        if moved || old.marks != new.marks {
            self.mark(new);
        }
        if old.goto != new.goto {
            self.go(new);
        }
        self.handle.is_none()
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let typed = {
            let (changed, path) = (props.changed.clone(), props.path.clone());
            Callback::from(move |event: InputEvent| {
                if let Some(field) =
                    event.target().and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok())
                {
                    changed.emit((path.clone(), field.value()));
                }
            })
        };
        // The host stays in the tree under its key: CodeMirror lives in it.
        html! {
            <div class="paper" data-editor={if self.handle.is_some() { "rich" } else if self.missing { "plain" } else { "loading" }}>
                <div key="host" ref={self.host.clone()} hidden={self.handle.is_none()}></div>
                if self.handle.is_none() {
                    <textarea key="field" ref={self.field.clone()} value={props.text.clone()} oninput={typed} spellcheck="false"
                        autocapitalize="off" wrap="off" aria-label={format!("Editor, {}", props.path)} />
                }
            </div>
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        self.call("destroy", &[]);
    }
}

impl Editor {
    fn start(&mut self, ctx: &Context<Self>, module: &JsValue) {
        let Some(host) = self.host.cast::<Element>() else { return };
        let changed = ctx.props().changed.clone();
        let changed = Closure::<dyn Fn(String, String)>::new(move |path, text| changed.emit((path, text)));
        let apply = ctx.props().apply.clone();
        let apply = Closure::<dyn Fn()>::new(move || apply.emit(()));
        let on = js::object(&[("change", changed.as_ref().clone()), ("apply", apply.as_ref().clone())]);
        let Some(object) = js::call(module, "create", &[host.into(), on]) else { return };
        self.handle = Some(Handle { object, _changed: changed, _apply: apply });
        let props = ctx.props();
        self.call("open", &[props.path.as_str().into(), props.text.as_str().into()]);
        self.mark(props);
    }

    fn call(&self, name: &str, arguments: &[JsValue]) {
        if let Some(handle) = &self.handle {
            js::call(&handle.object, name, arguments);
        }
    }

    fn mark(&self, props: &Props) {
        let marks: js_sys::Array = props
            .marks
            .iter()
            .map(|mark| {
                let severity = if mark.severity == Severity::Error { "error" } else { "warning" };
                js::object(&[
                    ("line", JsValue::from_f64(mark.line as f64)),
                    (
                        "column",
                        JsValue::from_f64(position::utf16_column(&props.text, mark.line, mark.column) as f64),
                    ),
                    ("severity", severity.into()),
                    ("message", mark.message.as_str().into()),
                ])
            })
            .collect();
        self.call("mark", &[marks.into()]);
    }

    fn go(&self, props: &Props) {
        if self.handle.is_none() {
            // The field has no marks; being in it is all there is.
            if let Some(field) = self.field.cast::<HtmlTextAreaElement>() {
                let _ = field.focus();
            }
            return;
        }
        match props.goto.place {
            None => self.call("focus", &[]),
            Some((line, column)) => {
                let column = position::utf16_column(&props.text, line, column);
                self.call("goto", &[JsValue::from_f64(line as f64), JsValue::from_f64(column as f64)]);
            }
        }
    }
}
