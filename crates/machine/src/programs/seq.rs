//! `seq`.

use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let (mut separator, mut equal) = ("\n".to_owned(), false);
    let mut numbers = Vec::new();
    let mut args = argv.iter().skip(1);
    while let Some(a) = args.next() {
        match a.as_str() {
            "-s" => separator = args.next().cloned().unwrap_or_default(),
            "-w" => equal = true,
            a => match a.parse::<i64>() {
                Ok(n) => numbers.push((n, a.len())),
                Err(_) => {
                    sys.complain(&format!("seq: invalid floating point argument: \u{2018}{a}\u{2019}\nTry 'seq --help' for more information.\n"));
                    return 1;
                }
            },
        }
    }
    let (from, step, to) = match numbers.as_slice() {
        [(to, _)] => (1, 1, *to),
        [(from, _), (to, _)] => (*from, 1, *to),
        [(from, _), (step, _), (to, _)] => (*from, *step, *to),
        _ => {
            sys.complain("seq: missing operand\nTry 'seq --help' for more information.\n");
            return 1;
        }
    };
    if step == 0 {
        sys.complain("seq: invalid Zero increment value: \u{2018}0\u{2019}\n");
        return 1;
    }
    let width = if equal { from.to_string().len().max(to.to_string().len()) } else { 0 };
    let mut out = Vec::new();
    let mut i = from;
    while (if step > 0 { i <= to } else { i >= to }) && out.len() < 1_000_000 {
        out.push(format!("{i:0width$}"));
        let Some(next) = i.checked_add(step) else { break };
        i = next;
    }
    if !out.is_empty() {
        sys.print(&(out.join(&separator) + "\n"));
    }
    0
}
