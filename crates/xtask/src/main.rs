//! The gates of the project.
fn main() {}
