//! Literate suites: Markdown files of prose, manifests and transcripts, run against the lab.
//!
//! ```markdown
//! <!-- world: bare 1.36 -->          which world: `bare VERSION`, `lab VERSION` or `exercise ID`
//! ```yaml file=pod.yaml              a file of the working directory
//! ```console                         lines typed behind `$ `, and what they print
//! ```
//!
//! `>` continues a line (a here-document). A non-zero exit code is written `[exit 1]` after the output. Output is
//! compared with what varies from run to run replaced (see `gatehouse_conformance::normalize`), and can be blessed.

pub mod literate;

pub use literate::{Block, Suite};
