//! What the page keeps between visits. Where the browser keeps nothing (a sandboxed frame, a private window), it is
//! kept for the visit, and nobody else needs to know.

use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static MEMORY: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
}

/// Every key of ours begins so: the origin may be shared.
const PREFIX: &str = "gatehouse.";

fn local() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// What is kept under a key.
pub fn get(key: &str) -> Option<String> {
    let key = format!("{PREFIX}{key}");
    let kept = local().and_then(|storage| storage.get_item(&key).ok().flatten());
    kept.or_else(|| MEMORY.with_borrow(|memory| memory.get(&key).cloned()))
}

/// Keeps a text under a key.
pub fn set(key: &str, text: &str) {
    let key = format!("{PREFIX}{key}");
    if local().is_some_and(|storage| storage.set_item(&key, text).is_ok()) {
        return;
    }
    MEMORY.with_borrow_mut(|memory| memory.insert(key, text.to_owned()));
}

/// Forgets a key.
pub fn remove(key: &str) {
    let key = format!("{PREFIX}{key}");
    if let Some(storage) = local() {
        // Storage that cannot be written holds nothing to forget.
        let _ = storage.remove_item(&key);
    }
    MEMORY.with_borrow_mut(|memory| memory.remove(&key));
}

/// The key of an exercise's session.
pub fn session_key(exercise: &str) -> String {
    format!("session.{exercise}")
}

/// The key of an exercise's last score, as the list shows it.
pub fn progress_key(exercise: &str) -> String {
    format!("progress.{exercise}")
}
