//! The desk without a page.
