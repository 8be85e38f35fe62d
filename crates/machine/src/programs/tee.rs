//! `tee`.

use super::options;
use crate::sys::{Flags, Sys};

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "aip", &[("append", 'a'), ("ignore-interrupts", 'i')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let flags = if opts.has('a') { Flags::APPEND } else { Flags::CREATE };
    let mut fds = Vec::new();
    let mut code = 0;
    for f in &opts.operands {
        match sys.open(f, flags, 0o666) {
            Ok(fd) => fds.push(fd),
            Err(e) => {
                sys.complain(&format!("tee: {f}: {}\n", e.text()));
                code = 1;
            }
        }
    }
    let bytes = sys.read_all(0).unwrap_or_default();
    if !sys.busybox() {
        let _ = sys.call("fadvise64");
    }
    if bytes.is_empty() {
        return code;
    }
    let _ = sys.write(1, &bytes);
    for fd in fds {
        if sys.write(fd, &bytes).is_err() {
            code = 1;
        }
        sys.close(fd);
    }
    code
}
