//! What a program's C library does before `main`: the calls every start makes.

use crate::sys::Sys;

/// Makes the calls; the exit code where the program does not get as far as its `main`.
pub fn startup(sys: &mut Sys<'_>, program: &str) -> Option<i32> {
    let _ = program;
    if sys.runs() { None } else { Some(0) }
}
