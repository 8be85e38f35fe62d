//! `tar`: c, x and t, in the ustar format, as busybox and GNU speak of it. Of compressions it knows gzip's.

mod archive;

use archive::{BLOCK, Entry, Member, RECORD, header, long, members};

use crate::errno::Errno;
use crate::sys::{Flags, Sys};

/// How deep a tree is followed.
const DEPTH: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Create,
    Extract,
    List,
}

struct Tar {
    mode: Mode,
    archive: String,
    verbose: bool,
    directory: String,
    strip: usize,
    to_stdout: bool,
    packed: bool,
    names: Vec<String>,
}

fn parse(sys: &mut Sys<'_>, argv: &[String]) -> Result<Tar, i32> {
    let mut tar = Tar {
        mode: Mode::List,
        archive: "-".to_owned(),
        verbose: false,
        directory: String::new(),
        strip: 0,
        to_stdout: false,
        packed: false,
        names: Vec::new(),
    };
    let mut mode = None;
    let mut words = argv.iter().skip(1).peekable();
    let mut first = true;
    while let Some(word) = words.next() {
        let long = word.strip_prefix("--");
        let letters = match (long, word.strip_prefix('-')) {
            (Some("create"), _) => "c",
            (Some("extract" | "get"), _) => "x",
            (Some("list"), _) => "t",
            (Some("verbose"), _) => "v",
            (Some("file"), _) => "f",
            (Some("directory"), _) => "C",
            (Some("to-stdout"), _) => "O",
            (Some("gzip" | "gunzip" | "ungzip"), _) => "z",
            (Some(other), _) => {
                if let Some(n) = other.strip_prefix("strip-components=") {
                    tar.strip = n.parse().unwrap_or(0);
                } else if let Some(f) = other.strip_prefix("file=") {
                    f.clone_into(&mut tar.archive);
                }
                continue;
            }
            (None, Some(letters)) if !letters.is_empty() => letters,
            (None, None) if first => word,
            _ => {
                tar.names.push(word.clone());
                first = false;
                continue;
            }
        };
        first = false;
        for letter in letters.chars() {
            match letter {
                'c' => mode = Some(Mode::Create),
                'x' => mode = Some(Mode::Extract),
                't' => mode = Some(Mode::List),
                'v' => tar.verbose = true,
                'O' => tar.to_stdout = true,
                'f' | 'C' => {
                    let Some(value) = words.next() else {
                        sys.complain(&format!("tar: option requires an argument -- '{letter}'\n"));
                        return Err(if sys.busybox() { 1 } else { 2 });
                    };
                    if letter == 'f' {
                        value.clone_into(&mut tar.archive)
                    } else {
                        value.clone_into(&mut tar.directory)
                    }
                }
                'p' | 'o' | 'm' | 'h' | 'k' | 'P' => {}
                'z' => tar.packed = true,
                'j' | 'J' | 'Z' if !sys.busybox() => {
                    let tool = match letter {
                        'j' => "bzip2",
                        'J' => "xz",
                        _ => "compress",
                    };
                    sys.complain(&format!("tar (child): {tool}: Cannot exec: No such file or directory\ntar (child): Error is not recoverable: exiting now\ntar: Child returned status 2\ntar: Error is not recoverable: exiting now\n"));
                    return Err(2);
                }
                other => {
                    sys.complain(&format!("tar: invalid option -- '{other}'\n"));
                    return Err(if sys.busybox() { 1 } else { 64 });
                }
            }
        }
    }
    match mode {
        Some(mode) => tar.mode = mode,
        None if sys.busybox() => {
            sys.complain("BusyBox v1.37.0 () multi-call binary.\n\nUsage: tar c|x|t [-ZzJjahmvokO] [-f TARFILE] [-C DIR] [-T FILE] [-X FILE] [LONGOPT]... [FILE]...\n");
            return Err(1);
        }
        None => {
            sys.complain("tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\nTry 'tar --help' or 'tar --usage' for more information.\n");
            return Err(2);
        }
    }
    Ok(tar)
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let tar = match parse(sys, argv) {
        Ok(tar) => tar,
        Err(code) => return code,
    };
    if !sys.busybox() {
        for call in ["fcntl", "rt_sigaction"] {
            let _ = sys.call(call);
        }
    }
    match tar.mode {
        Mode::Create => create(sys, &tar),
        _ => extract(sys, &tar),
    }
}

fn fatal(sys: &mut Sys<'_>, archive: &str, e: Errno) -> i32 {
    let text = if sys.busybox() {
        format!("tar: can't open '{archive}': {}\n", e.text())
    } else {
        format!("tar: {archive}: Cannot open: {}\ntar: Error is not recoverable: exiting now\n", e.text())
    };
    sys.complain(&text);
    if sys.busybox() { 1 } else { 2 }
}

fn create(sys: &mut Sys<'_>, tar: &Tar) -> i32 {
    let busybox = sys.busybox();
    if tar.names.is_empty() {
        sys.complain(if busybox { "tar: empty archive\n" } else { "tar: Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.\n" });
        return if busybox { 1 } else { 2 };
    }
    let out = if tar.archive == "-" {
        None
    } else {
        let opened = if busybox {
            sys.open(&tar.archive, Flags::CREATE, 0o666)
        } else {
            sys.creat(&tar.archive, 0o666)
        };
        match opened {
            Ok(fd) => Some(fd),
            Err(e) => return fatal(sys, &tar.archive, e),
        }
    };
    if busybox && let Some(fd) = out {
        let _ = sys.fstat(fd);
    }
    if let Err(code) = enter(sys, tar, "chdir") {
        return code;
    }
    let mut archive = Vec::new();
    let mut code = 0;
    if !busybox && tar.names.iter().any(|n| n.starts_with('/')) {
        sys.complain("tar: Removing leading `/' from member names\n");
    }
    for name in &tar.names {
        add(sys, tar, name, &mut archive, &mut code, 0);
    }
    archive.extend([0; 2 * BLOCK]);
    let padded = archive.len().div_ceil(RECORD) * RECORD;
    archive.resize(padded, 0);
    if tar.packed {
        archive = super::gzip::pack(&archive, "", 0);
    }
    let written = match out {
        Some(fd) => {
            let done = sys.write(fd, &archive);
            sys.close(fd);
            done
        }
        None => {
            sys.print_bytes(&archive);
            sys.try_flush()
        }
    };
    if let Err(e) = written {
        sys.complain(&format!("tar: {}\n", e.text()));
        return if busybox { 1 } else { 2 };
    }
    if code != 0 && !busybox {
        sys.complain("tar: Exiting with failure status due to previous errors\n");
    }
    code
}

fn add(sys: &mut Sys<'_>, tar: &Tar, name: &str, archive: &mut Vec<u8>, code: &mut i32, depth: usize) {
    let busybox = sys.busybox();
    let failed = if busybox { 1 } else { 2 };
    let stat = match sys.lstat(name) {
        Ok(stat) => stat,
        Err(e) => {
            let text = if busybox {
                format!("tar: {name}: {}\n", e.text())
            } else {
                format!("tar: {name}: Cannot stat: {}\n", e.text())
            };
            sys.complain(&text);
            *code = failed;
            return;
        }
    };
    if busybox && name.starts_with('/') && archive.is_empty() {
        sys.complain("tar: removing leading '/' from member names\n");
    }
    for call in ["socket", "connect", "lseek"].iter().filter(|_| !busybox && archive.is_empty()) {
        let _ = sys.call(call);
    }
    let owners = (sys.user_name(stat.uid).unwrap_or_default(), sys.group_name(stat.gid).unwrap_or_default());
    let stored = name.trim_start_matches('/').to_owned();
    let stored = if stat.is_dir() && !stored.ends_with('/') { stored + "/" } else { stored };
    let mut entry = Entry {
        name: &stored,
        mode: stat.mode,
        uid: stat.uid,
        gid: stat.gid,
        size: 0,
        mtime: stat.mtime,
        kind: b'0',
        link: "",
        owners: (&owners.0, &owners.1),
    };
    if tar.verbose {
        let line = format!("{stored}\n");
        if tar.archive == "-" { sys.complain(&line) } else { sys.print(&line) }
    }
    match stat.type_letter() {
        'd' => {
            entry.kind = b'5';
            archive.extend(header(&entry));
            if depth > DEPTH {
                return;
            }
            for child in sys.list(name).unwrap_or_default() {
                add(sys, tar, &format!("{}/{child}", name.trim_end_matches('/')), archive, code, depth + 1);
            }
        }
        'l' => {
            let target = sys.read_link(name).unwrap_or_default();
            (entry.kind, entry.link) = (b'2', &target);
            archive.extend(header(&entry));
        }
        '-' => {
            let content = sys.open(name, Flags::READ, 0).and_then(|fd| {
                let all = if busybox {
                    let _ = sys.call("sendfile");
                    sys.read_sent(fd)
                } else {
                    sys.read_all(fd)
                };
                sys.close(fd);
                all
            });
            match content {
                Ok(bytes) => {
                    entry.size = bytes.len();
                    archive.extend(header(&entry));
                    archive.extend(&bytes);
                    let padded = archive.len().div_ceil(BLOCK) * BLOCK;
                    archive.resize(padded, 0);
                }
                Err(e) => {
                    let text = if busybox {
                        format!("tar: can't open '{name}': {}\n", e.text())
                    } else {
                        format!("tar: {name}: Cannot open: {}\n", e.text())
                    };
                    sys.complain(&text);
                    *code = failed;
                }
            }
        }
        _ => {
            entry.kind = b'6';
            archive.extend(header(&entry));
        }
    }
}

/// Goes to the folder of `-C`; where that fails, GNU tar says what it could not do.
fn enter(sys: &mut Sys<'_>, tar: &Tar, what: &str) -> std::result::Result<(), i32> {
    if tar.directory.is_empty() {
        return Ok(());
    }
    let Err(e) = sys.chdir(&tar.directory) else { return Ok(()) };
    let (folder, why) = (&tar.directory, e.text());
    let (text, code) = if sys.busybox() {
        (format!("tar: can't change directory to '{folder}': {why}\n"), 1)
    } else {
        (format!("tar: {folder}: Cannot {what}: {why}\ntar: Error is not recoverable: exiting now\n"), 2)
    };
    sys.complain(&text);
    Err(code)
}

fn extract(sys: &mut Sys<'_>, tar: &Tar) -> i32 {
    let busybox = sys.busybox();
    let failed = if busybox { 1 } else { 2 };
    let bytes = if tar.archive == "-" {
        sys.read_all(0)
    } else {
        match sys.open(&tar.archive, Flags::READ, 0) {
            Ok(fd) => {
                let all = sys.read_all(fd);
                sys.close(fd);
                all
            }
            Err(e) => return fatal(sys, &tar.archive, e),
        }
    };
    let mut bytes = bytes.unwrap_or_default();
    // Both look at the first bytes, whatever is asked for.
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes = super::gzip::unpack(&bytes).unwrap_or_default();
    } else if tar.packed {
        sys.complain(if busybox { "tar: invalid magic\ntar: short read\n" } else { "\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now\n" });
        return failed;
    }
    let Ok(members) = members(&bytes) else {
        sys.complain(if busybox { "tar: invalid tar magic\n" } else { "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n" });
        return failed;
    };
    if let Err(code) = enter(sys, tar, "open") {
        return code;
    }
    let mut code = 0;
    for m in &members {
        let named = |n: &String| {
            let n = n.trim_end_matches('/');
            m.name.trim_end_matches('/') == n || m.name.starts_with(&format!("{n}/"))
        };
        if !tar.names.is_empty() && !tar.names.iter().any(named) {
            continue;
        }
        if tar.mode == Mode::List {
            let line = if tar.verbose { long(m) } else { m.name.clone() };
            sys.print(&format!("{line}\n"));
            continue;
        }
        let name: Vec<&str> = m.name.split('/').skip(tar.strip).collect();
        let name = name.join("/");
        if name.is_empty() {
            continue;
        }
        if tar.to_stdout {
            sys.print_bytes(&m.content);
            continue;
        }
        if tar.verbose {
            sys.print(&format!("{}\n", m.name));
        }
        if let Err(e) = put(sys, m, &name) {
            let text = match (busybox, m.kind) {
                (true, b'5') => format!("tar: can't make dir {}: {}\n", name.trim_end_matches('/'), e.text()),
                (true, _) => format!("tar: can't open '{name}': {}\n", e.text()),
                (false, b'5') => format!("tar: {}: Cannot mkdir: {}\n", name.trim_end_matches('/'), e.text()),
                (false, _) => format!("tar: {name}: Cannot open: {}\n", e.text()),
            };
            sys.complain(&text);
            code = failed;
            if busybox {
                return code;
            }
        }
    }
    let missing: Vec<&String> = tar
        .names
        .iter()
        .filter(|n| {
            !members.iter().any(|m| {
                m.name.trim_end_matches('/') == n.trim_end_matches('/')
                    || m.name.starts_with(&format!("{}/", n.trim_end_matches('/')))
            })
        })
        .collect();
    for name in missing {
        let text = if busybox {
            format!("tar: {name}: not found in archive\n")
        } else {
            format!("tar: {name}: Not found in archive\n")
        };
        sys.complain(&text);
        code = failed;
    }
    if code != 0 && !busybox {
        sys.complain("tar: Exiting with failure status due to previous errors\n");
    }
    code
}

fn put(sys: &mut Sys<'_>, m: &Member, name: &str) -> Result<(), Errno> {
    let path = name.trim_end_matches('/');
    match m.kind {
        b'5' => match sys.mkdir(path, m.mode) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(e) => return Err(e),
        },
        b'2' => sys.symlink("symlink", &m.link, path)?,
        _ => {
            if let Some((dir, _)) = path.rsplit_once('/') {
                let mut made = String::new();
                for part in dir.split('/') {
                    made.push_str(part);
                    if sys.stat(&made).is_err() {
                        sys.mkdir(&made, 0o777)?;
                    }
                    made.push('/');
                }
            }
            let _ = sys.unlink("unlink", path);
            let flags = Flags { exclusive: true, ..Flags::CREATE };
            let fd = sys.open(path, flags, m.mode)?;
            let done = sys.write(fd, &m.content);
            sys.close(fd);
            done?;
        }
    }
    if sys.me().cred.uid == 0 {
        let _ = sys.chown("fchownat", path, Some(m.owner.0), Some(m.owner.1), false);
    }
    Ok(())
}
