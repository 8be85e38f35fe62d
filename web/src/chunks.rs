//! The parts of the engine that travel apart: which of them a text calls for, and fetching them before they are used.
//!
//! `web/chunks.txt` names them and says what announces each. Here only its lines `word` (anywhere in what is opened,
//! edited or typed) and `typed` (only in what is typed) count. Where a chunk is and how it gets into the engine is the
//! affair of `web/boot/boot.js`.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::js;

static MANIFEST: &str = include_str!(concat!(env!("OUT_DIR"), "/chunks.txt"));

/// What may call for chunks.
#[derive(Clone, Copy, Debug)]
pub enum Doing<'a> {
    /// An exercise is opened, whose checks run these commands.
    Opening(&'a str),
    /// The learner does something; this is typed.
    Working(&'a str),
}

/// The numbers of the chunks that these texts call for: files, and what is typed.
pub fn wanted<'a>(files: impl Iterator<Item = &'a str> + Clone, doing: Doing<'_>) -> Vec<usize> {
    let (typed, working) = match doing {
        Doing::Opening(commands) => (commands, false),
        Doing::Working(typed) => (typed, true),
    };
    let mut wanted = Vec::new();
    let mut chunk = None;
    for line in MANIFEST.lines() {
        match line.split_once(' ') {
            Some(("chunk", _)) => chunk = Some(chunk.map_or(0, |number: usize| number + 1)),
            Some((key @ ("word" | "typed"), word)) => {
                let Some(number) = chunk.filter(|number| !wanted.contains(number)) else { continue };
                let is_typed = if word == "*" { working } else { has_word(typed, word) };
                if is_typed || key == "word" && files.clone().any(|text| has_word(text, word)) {
                    wanted.push(number);
                }
            }
            _ => {}
        }
    }
    wanted
}

/// Whether a word stands in the text as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    let joins = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

/// Those that are not in place yet.
pub(crate) fn missing(chunks: Vec<usize>) -> Vec<usize> {
    let Some(boot) = js::boot() else { return Vec::new() };
    let placed =
        |number: &usize| js::call(&boot, "hasChunk", &[number_of(*number)]).is_none_or(|is| is.is_truthy());
    chunks.into_iter().filter(|number| !placed(number)).collect()
}

/// Fetches chunks and puts them in place.
///
/// # Errors
/// Why one could not be had, for people. Asking again tries again.
pub(crate) async fn fetch(chunks: Vec<usize>) -> Result<(), String> {
    let Some(boot) = js::boot() else { return Ok(()) };
    // All are asked for before any is waited for.
    let asked: Vec<JsFuture> = chunks
        .iter()
        .filter_map(|number| {
            js::call(&boot, "fetchChunk", &[number_of(*number)])?.dyn_into::<js_sys::Promise>().ok()
        })
        .map(JsFuture::from)
        .collect();
    for one in asked {
        one.await
            .map_err(|why| js::get(&why, "message").and_then(|text| text.as_string()).unwrap_or_default())?;
    }
    Ok(())
}

fn number_of(number: usize) -> JsValue {
    JsValue::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Doing, has_word, wanted};

    #[test]
    fn words_stand_alone() {
        assert!(has_word("kubectl get pod -o json | jq .", "jq"));
        assert!(!has_word("jquery", "jq"));
        assert!(has_word("/etc/apparmor.d/x", "apparmor"));
        assert!(has_word("a jqx jq", "jq"));
        assert!(!has_word("", "jq"));
    }

    #[test]
    fn files_and_typing_announce_chunks() {
        let none: [&str; 0] = [];
        let typed = |line| wanted(none.into_iter(), Doing::Working(line));
        // Reading calls for nothing; whatever one does calls for the same first part.
        assert!(wanted(none.into_iter(), Doing::Opening("")).is_empty());
        let work = typed("");
        assert_eq!(work.len(), 1);
        assert_eq!(typed("kubectl get pods"), work);
        assert_eq!(typed("kubectl drain node01").len(), 2);
        assert_eq!(wanted(none.into_iter(), Doing::Opening("kubectl drain node01")).len(), 1);
        // What is only announced by typing is not announced by a file.
        assert!(wanted(["how to drain a node"].into_iter(), Doing::Opening("")).is_empty());
        assert_eq!(wanted(["kind: ValidatingAdmissionPolicy"].into_iter(), Doing::Opening("")).len(), 1);
    }
}
