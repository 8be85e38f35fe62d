//! `gzip`, `gunzip`, `zcat`, and what `tar z` uses of them.

mod deflate;

use super::options;
use crate::sys::Sys;

/// Bytes in gzip's format.
pub(super) fn pack(bytes: &[u8], name: &str, seconds: u32) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, if name.is_empty() { 0 } else { 8 }];
    out.extend(seconds.to_le_bytes());
    out.extend([0, 3]);
    if !name.is_empty() {
        out.extend_from_slice(name.as_bytes());
        out.push(0);
    }
    out.extend(deflate::deflate(bytes));
    out.extend(deflate::crc32(bytes).to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out
}

/// What was packed; nothing where it is no gzip or broken.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, body @ ..] = rest else { return None };
        let mut body = body;
        if flags & 4 != 0 {
            let [a, b, more @ ..] = body else { return None };
            body = more.get(usize::from(*a) + usize::from(*b) * 256..)?;
        }
        for flag in [8, 16] {
            if flags & flag != 0 {
                let end = body.iter().position(|b| *b == 0)?;
                body = body.get(end + 1..)?;
            }
        }
        if flags & 2 != 0 {
            body = body.get(2..)?;
        }
        let (bytes, used) = deflate::inflate(body)?;
        let tail = body.get(used..used + 8)?;
        if tail.get(..4)? != deflate::crc32(&bytes).to_le_bytes() {
            return None;
        }
        out.extend(bytes);
        rest = body.get(used + 8..)?;
    }
    Some(out)
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let program = argv.first().map_or("gzip", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let long = [
        ("stdout", 'c'),
        ("to-stdout", 'c'),
        ("decompress", 'd'),
        ("uncompress", 'd'),
        ("force", 'f'),
        ("keep", 'k'),
        ("list", 'l'),
        ("test", 't'),
        ("verbose", 'v'),
        ("quiet", 'q'),
        ("no-name", 'n'),
        ("best", '9'),
        ("fast", '1'),
    ];
    let opts = match options::parse(sys, argv, "cdfhklnqrtv123456789S:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let opens = opts.has('d') || opts.has('t') || program != "gzip";
    let to_stdout = opts.has('c') || program == "zcat";
    let files = if opts.operands.is_empty() { vec!["-".to_owned()] } else { opts.operands.clone() };
    let seconds = u32::try_from(sys.now().0 / 1000).unwrap_or(0);
    let mut code = 0;
    for f in &files {
        let stdin = f == "-";
        if stdin && !opens && sys.is_tty(1) && !opts.has('f') {
            let text = if busybox {
                "gzip: compressed data not written to terminal\n"
            } else {
                "gzip: compressed data not written to a terminal. Use -f to force compression.\nFor help, type: gzip -h\n"
            };
            sys.complain(text);
            return 1;
        }
        let suffixed = opens && !stdin && sys.stat(f).is_err() && sys.stat(&format!("{f}.gz")).is_ok();
        let path = if suffixed { format!("{f}.gz") } else { f.clone() };
        if !stdin && sys.stat(&path).is_ok_and(|s| s.is_dir()) {
            sys.complain(&if busybox {
                format!("{program}: read error: Is a directory\n")
            } else {
                format!("gzip: {f} is a directory -- ignored\n")
            });
            code = if busybox { 1 } else { code.max(2) };
            continue;
        }
        let read = if stdin { sys.read_all(0) } else { super::read_input(sys, &path) };
        let bytes = match read {
            Ok(b) => b,
            Err(e) => {
                // GNU's looks for the packed file last.
                let shown =
                    if opens && !path.ends_with(".gz") && !busybox { format!("{f}.gz") } else { f.clone() };
                sys.complain(&if busybox {
                    format!("{program}: {f}: {}\n", e.text())
                } else {
                    format!("gzip: {shown}: {}\n", e.text())
                });
                code = 1;
                continue;
            }
        };
        let target = if opens {
            path.strip_suffix(".gz").or(path.strip_suffix(".tgz")).map(str::to_owned)
        } else {
            Some(format!("{path}.gz"))
        };
        if !stdin && !to_stdout && !opts.has('t') && !opts.has('l') {
            if !opens && path.ends_with(".gz") {
                sys.complain(&format!("gzip: {path} already has .gz suffix -- unchanged\n"));
                code = if busybox { 1 } else { code.max(2) };
                continue;
            }
            if target.is_none() {
                sys.complain(&format!(
                    "{program}: {path}: unknown suffix -- ignored\n",
                    program = if busybox { &program } else { "gzip" }
                ));
                code = if busybox { 1 } else { code.max(2) };
                continue;
            }
        }
        let name =
            if opts.has('n') || stdin || busybox { "" } else { path.rsplit('/').next().unwrap_or(&path) };
        let done = if opens || opts.has('l') {
            unpack(&bytes)
        } else {
            Some(pack(&bytes, name, if stdin || busybox { 0 } else { seconds }))
        };
        let Some(done) = done else {
            let shown = if stdin { "stdin" } else { path.as_str() };
            sys.complain(&if busybox {
                format!(
                    "{program}: {}\n",
                    if program == "zcat" { "no gzip/bzip2/xz magic" } else { "invalid magic" }
                )
            } else {
                format!("\ngzip: {shown}: not in gzip format\n")
            });
            code = 1;
            continue;
        };
        if opts.has('t') {
            continue;
        }
        if opts.has('l') {
            let (packed, whole) = (bytes.len() as f64, done.len() as f64);
            let ratio = if whole > 0.0 { (whole - packed + 18.0) / whole * 100.0 } else { 0.0 };
            let name = path.strip_suffix(".gz").unwrap_or(&path);
            sys.print("         compressed        uncompressed  ratio uncompressed_name\n");
            sys.print(&format!("{:>19} {:>19} {ratio:5.1}% {name}\n", bytes.len(), done.len()));
            continue;
        }
        if stdin || to_stdout {
            sys.print_bytes(&done);
            continue;
        }
        let target = target.unwrap_or_default();
        if sys.stat(&target).is_ok() && !opts.has('f') {
            let text = if busybox {
                format!("{program}: can't open '{target}': File exists\n")
            } else {
                format!("gzip: {target} already exists;\tnot overwritten\n")
            };
            sys.complain(&text);
            code = if busybox { 1 } else { code.max(2) };
            continue;
        }
        let mode = sys.stat(&path).map_or(0o644, |s| s.mode & 0o777);
        if let Err(e) = sys.spill(&target, &done) {
            sys.complain(&format!("gzip: {target}: {}\n", e.text()));
            code = 1;
            continue;
        }
        let _ = sys.chmod("fchmod", &target, mode);
        if !opts.has('k') {
            let _ = sys.unlink("unlink", &path);
        }
    }
    code
}
