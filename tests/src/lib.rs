//! Literate suites: Markdown files of prose, manifests and transcripts, run against the lab.
//!
//! ```markdown
//! <!-- world: bare 1.36 -->          which world: `bare`, `lab`, `admin-policy` or `cilium`
//!                                    and a version (the last two: the lab with that network plugin), behind which
//!                                    stands what is installed (`istio`), or `exercise ID`
//! ```yaml file=pod.yaml              a file of the working directory
//! ```console                         lines typed behind `$ `, and what they print
//! ```reach TCP/80                    who reaches whom
//! ```explain shop/web shop/db TCP/80 one flow in words; a request over it may follow (`GET /path`, or a name)
//! ```
//!
//! `>` continues a line (a here-document). A non-zero exit code is written `[exit 1]` after the output. Output is
//! compared with what varies from run to run replaced (see `gatehouse_conformance::normalize`), and can be blessed.

pub mod literate;

pub use literate::{Block, Suite};
