//! `serve`: from a fresh clone to a page in the browser.

use crate::build::{Profile, site};
use crate::chunks::Extra;
use crate::command::Outcome;
use crate::http;

/// The port of the README.
pub(crate) const PORT: u16 = 8080;

pub(crate) fn run(_: &[String]) -> Outcome {
    let dist = site(Profile::Shipped(Extra::None))?;
    http::start(dist, PORT)?;
    println!("Gatehouse is at http://127.0.0.1:{PORT}/ (Ctrl-C stops it)");
    loop {
        std::thread::park();
    }
}
