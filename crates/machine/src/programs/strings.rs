//! `strings`: runs of printable letters in a file.

use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "an:ft:e:", &[("all", 'a'), ("bytes", 'n')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let least = opts.value('n').and_then(|n| n.parse::<usize>().ok()).unwrap_or(4).max(1);
    let files = if opts.operands.is_empty() { vec!["-".to_owned()] } else { opts.operands.clone() };
    let mut code = 0;
    for file in files {
        let read = if file == "-" { sys.read_all(0) } else { sys.slurp_bytes(&file) };
        let Ok(bytes) = read else {
            sys.complain(&format!("strings: '{file}': No such file\n"));
            code = 1;
            continue;
        };
        let mut run = String::new();
        for b in bytes.iter().chain([&0]) {
            if (0x20..0x7f).contains(b) || *b == b'\t' {
                run.push(char::from(*b));
                continue;
            }
            if run.len() >= least {
                sys.print(&format!("{run}\n"));
            }
            run.clear();
        }
    }
    code
}
