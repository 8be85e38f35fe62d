//! Whether a key belongs to a text that is being written.

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement};

/// Whether the event happened in a field, the editor's shadow root included.
pub(crate) fn is_typing(event: &Event) -> bool {
    let Ok(target) = event.composed_path().get(0).dyn_into::<HtmlElement>() else { return false };
    matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") || target.is_content_editable()
}
