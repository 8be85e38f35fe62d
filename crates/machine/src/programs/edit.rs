//! `vi`, `vim`, `nano`: the terminal opens its editor pane.

use crate::errno::Errno;
use crate::outcome::EditRequest;
use crate::process::State;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let file = argv.iter().skip(1).find(|a| !a.starts_with(['-', '+']));
    let Some(file) = file else {
        sys.complain("an editor needs a file here: vi FILE\n");
        return 1;
    };
    let text = match sys.slurp(file) {
        Ok(t) => t,
        Err(Errno::ENOENT) => String::new(),
        Err(e) => {
            sys.complain(&format!("\"{file}\" {}\n", e.text()));
            return 1;
        }
    };
    let path = match sys.walk(file, true) {
        Ok(found) => sys.found_path(&found),
        Err(_) => file.clone(),
    };
    sys.stop(State::Editing(EditRequest { path, text, then: Vec::new() }));
    0
}
