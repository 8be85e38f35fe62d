//! `cmp`: where two files first differ.

use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "slbn:",
        &[("silent", 's'), ("quiet", 's'), ("verbose", 'l'), ("bytes", 'n')],
    ) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let busybox = sys.busybox();
    let (Some(a), b) = (opts.operands.first(), opts.operands.get(1).map_or("-", String::as_str)) else {
        sys.complain("cmp: missing operand after 'cmp'\ncmp: Try 'cmp --help' for more information.\n");
        return 2;
    };
    let mut read = Vec::new();
    for name in [a.as_str(), b] {
        let bytes = if name == "-" {
            sys.read_all(0)
        } else if busybox {
            super::read_plainly(sys, name, &["fstat"])
        } else {
            super::read_input(sys, name)
        };
        match bytes {
            Ok(bytes) => read.push(bytes),
            Err(e) => {
                if !opts.has('s') {
                    sys.complain(&format!("cmp: {name}: {}\n", e.text()));
                }
                return 2;
            }
        }
    }
    let [x, y] = read.as_slice() else { return 2 };
    let most = opts.value('n').and_then(super::dd::size).unwrap_or(usize::MAX);
    let (x, y) =
        (x.get(..most.min(x.len())).unwrap_or_default(), y.get(..most.min(y.len())).unwrap_or_default());
    if opts.has('l') {
        for (i, (p, q)) in x.iter().zip(y).enumerate().filter(|(_, (p, q))| p != q) {
            sys.print(&format!("{:4} {p:3o} {q:3o}\n", i + 1));
        }
    }
    let at = x.iter().zip(y).position(|(p, q)| p != q);
    match at {
        None if x.len() == y.len() => return 0,
        _ if opts.has('s') => {}
        Some(_) if opts.has('l') => {}
        Some(i) => {
            let line = x.iter().take(i).filter(|c| **c == b'\n').count() + 1;
            if !busybox {
                let _ = sys.call("newfstatat");
            }
            sys.print(&format!("{a} {b} differ: char {}, line {line}\n", i + 1));
        }
        None => {
            let (short, n) = if x.len() < y.len() { (a.as_str(), x.len()) } else { (b, y.len()) };
            sys.complain(&if n == 0 {
                format!("cmp: EOF on '{short}' which is empty\n")
            } else {
                format!(
                    "cmp: EOF on '{short}' after byte {n}, in line {}\n",
                    x.iter().take(n).filter(|c| **c == b'\n').count() + 1
                )
            });
        }
    }
    1
}
