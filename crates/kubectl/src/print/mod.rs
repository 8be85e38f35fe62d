//! Printers: how objects become text.
