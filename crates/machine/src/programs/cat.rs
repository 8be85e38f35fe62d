//! `cat`, `more`, `less`.

use super::options;
use crate::errno::Errno;
use crate::sys::{Flags, Sys};

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "nbAevtTEsuRFXS",
        &[
            ("number", 'n'),
            ("number-nonblank", 'b'),
            ("show-all", 'A'),
            ("show-ends", 'E'),
            ("show-tabs", 'T'),
            ("squeeze-blank", 's'),
        ],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (number, nonblank) = (opts.has('n'), opts.has('b'));
    let (ends, tabs) =
        (opts.has('A') || opts.has('e') || opts.has('E'), opts.has('A') || opts.has('t') || opts.has('T'));
    let files = if opts.operands.is_empty() { vec!["-".to_owned()] } else { opts.operands };
    // `more` into a pipe tells the files apart.
    let more = !sys.busybox()
        && sys.me().comm == "more"
        && !sys.is_tty(1)
        && files.first().is_some_and(|f| f != "-");
    let mut code = 0;
    let mut line = 0;
    for f in &files {
        let plain = !(number || nonblank || ends || tabs);
        if more {
            sys.print(&format!("::::::::::::::\n{f}\n::::::::::::::\n"));
        }
        match read(sys, f, plain) {
            Ok(bytes) if plain => sys.print_bytes(&bytes),
            Ok(bytes) => {
                let text = crate::text::decode(&bytes);
                for l in text.split_inclusive('\n') {
                    let (body, end) = l.strip_suffix('\n').map_or((l, ""), |b| (b, "\n"));
                    if number && !nonblank || nonblank && !body.is_empty() {
                        line += 1;
                        sys.print(&format!("{line:6}\t"));
                    }
                    let body = if tabs { body.replace('\t', "^I") } else { body.to_owned() };
                    sys.print(&body);
                    if !end.is_empty() {
                        sys.print(if ends { "$\n" } else { "\n" });
                    }
                }
            }
            Err(e) => {
                sys.flush();
                let text = match (sys.busybox(), e) {
                    (true, Errno::EISDIR) => "cat: read error: Is a directory\n".to_owned(),
                    (true, e) => format!("cat: can't open '{f}': {}\n", e.text()),
                    (false, e) => format!("cat: {f}: {}\n", e.text()),
                };
                sys.complain(&text);
                code = 1;
            }
        }
        if !sys.runs() {
            return code;
        }
    }
    sys.flush();
    code
}

fn read(sys: &mut Sys<'_>, file: &str, plain: bool) -> Result<Vec<u8>, Errno> {
    if file == "-" {
        if sys.busybox() {
            // sendfile does not take a pipe; busybox falls back to a buffer.
            for call in ["sendfile", "mmap"] {
                let _ = sys.call(call);
            }
        }
        let all = sys.read_all(0);
        let _ = sys.call(if sys.busybox() { "munmap" } else { "fadvise64" });
        return all;
    }
    let fd = sys.open(file, Flags::READ, 0)?;
    let all = if sys.busybox() && plain {
        let sent = sys.call("sendfile");
        match sent {
            Ok(()) => {
                let sent = sys.read_sent(fd)?;
                sys.close(fd);
                return sys.send(&sent).map(|()| Vec::new());
            }
            Err(_) => sys.read_all(fd),
        }
    } else if sys.busybox() {
        let _ = sys.fstat(fd);
        sys.read_all(fd)
    } else {
        let _ = sys.fstat(fd);
        let _ = sys.call("fadvise64");
        sys.read_all(fd)
    };
    sys.close(fd);
    all
}
