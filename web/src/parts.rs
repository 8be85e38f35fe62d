//! What pages are made of.

mod editor;
mod icon;
mod sheet;
mod splitter;
mod typing;

pub(crate) use editor::{Editor, Goto, Mark, Severity};
pub(crate) use icon::{Icon, icon};
pub(crate) use sheet::Sheet;
pub(crate) use splitter::Splitter;
pub(crate) use typing::is_typing;
