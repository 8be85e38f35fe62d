//! When the engine fails: a page that says so and hands the learner their work, in place of a page that is blank.
//!
//! It runs while everything else may be broken, so it builds plain elements and calls nothing of ours but storage.
//! The engine is dead afterwards; the buttons are served by boot.js.

use std::panic::PanicHookInfo;

use crate::route::Route;
use crate::storage;

/// Installs the hook.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        web_sys::console::error_1(&info.to_string().into());
        // Nothing is left to report a failure of the report to.
        let _ = show(info);
    }));
}

fn show(info: &PanicHookInfo<'_>) -> Option<()> {
    let window = web_sys::window()?;
    let document = window.document()?;
    let hash = window.location().hash().unwrap_or_default();
    let (key, session) = match Route::parse(&hash) {
        Route::Exercise { id, .. } => {
            let key = storage::session_key(&id);
            let session = storage::get(&key);
            (key, session)
        }
        Route::Home { .. } => (String::new(), None),
    };
    let root = document.create_element("main").ok()?;
    root.set_class_name("crash");
    let add = |tag: &str, text: &str| -> Option<web_sys::Element> {
        let element = document.create_element(tag).ok()?;
        element.set_text_content(Some(text));
        root.append_child(&element).ok()?;
        Some(element)
    };
    add("h1", "The lab stopped")?;
    add(
        "p",
        "This is a fault in Gatehouse, not in what you did. What you had done until then is below and is also kept in this browser.",
    )?;
    add("pre", &info.to_string())?;
    let again = add("button", "Reload and go on")?;
    again.set_class_name("button primary");
    again.set_attribute("data-boot", "reload").ok()?;
    if let Some(session) = session {
        let over = add("button", "Reload and start this exercise over")?;
        over.set_class_name("button");
        over.set_attribute("data-boot", "forget").ok()?;
        over.set_attribute("data-key", &key).ok()?;
        let label = add("label", "Your session, to keep or to send with a report")?;
        label.set_attribute("for", "rescued").ok()?;
        let text = add("textarea", &session)?;
        text.set_id("rescued");
        text.set_attribute("rows", "10").ok()?;
        text.set_attribute("readonly", "").ok()?;
    }
    let body = document.body()?;
    body.set_text_content(None);
    body.append_child(&root).ok()?;
    Some(())
}
