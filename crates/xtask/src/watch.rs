//! `watch`: serve, and build again when a source changes.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::build::{Profile, site};
use crate::command::{Outcome, files_under, root};
use crate::{http, serve};

const SOURCES: &[&str] =
    &["crates", "web/src", "web/boot", "web/style", "web/editor/src", "exercises", "index.html"];

pub(crate) fn run(_: &[String]) -> Outcome {
    let dist = site(Profile::Quick)?;
    http::start(dist, serve::PORT)?;
    println!("Gatehouse is at http://127.0.0.1:{}/; reload after each build (Ctrl-C stops)", serve::PORT);
    let mut seen = newest();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = newest();
        if now > seen {
            seen = now;
            if let Err(why) = site(Profile::Quick) {
                eprintln!("{why}; waiting for the next change");
            }
        }
    }
}

/// When the latest change to any source was made.
fn newest() -> SystemTime {
    let root = root();
    let changed = |file: &Path| std::fs::metadata(file).and_then(|data| data.modified()).ok();
    SOURCES
        .iter()
        .map(|source| root.join(source))
        .flat_map(|source| if source.is_dir() { files_under(&source) } else { vec![source] })
        .filter_map(|file| changed(&file))
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
