//! `awk`: patterns, fields, arrays, `printf`, the usual functions.

mod parse;
mod run;

use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse_leading(sys, argv, "F:v:f:", &[]) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let mut operands = opts.operands.clone();
    let text = match opts.value('f') {
        Some(f) => match sys.slurp(f) {
            Ok(t) => t,
            Err(e) => {
                sys.complain(&format!("awk: cannot open {f} ({})\n", e.text()));
                return 2;
            }
        },
        None if operands.is_empty() => {
            sys.complain("Usage: awk [POSIX or GNU style options] -f progfile [--] file ...\n");
            return 2;
        }
        None => operands.remove(0),
    };
    let program = match parse::parse(&text) {
        Ok(p) => p,
        Err(e) => {
            let first = text.lines().next().unwrap_or("");
            sys.complain(&format!("awk: cmd. line:1: {first}\nawk: cmd. line:1: ^ {e}\n"));
            return 1;
        }
    };
    let mut run = run::Run::new(sys, &program);
    if let Some(f) = opts.value('F') {
        let f = if f == "t" { "\t".to_owned() } else { super::escapes(f, super::Escapes::Format).0 };
        run.set("FS", f.into());
    }
    for (_, assignment) in opts.given.iter().filter(|(l, _)| *l == 'v') {
        if let Some((n, v)) = assignment.split_once('=') {
            run.set(n, run::Value::Input(super::escapes(v, super::Escapes::Format).0));
        }
    }
    run.all(&operands)
}

#[cfg(test)]
mod tests {
    use gatehouse_core::Timestamp;

    use crate::shell::{self, ShellState};
    use crate::{Alone, Machine, Outcome};

    #[test]
    fn programs_run() {
        let mut machine = Machine::host("lab", "root", Timestamp::GENESIS);
        for (line, want) in [
            ("printf 'a b c\\nd e f\\n' | awk '{print $2,$NF}'", "b c\ne f\n"),
            ("echo a.b.c | awk -F. '{print NF}'", "3\n"),
            ("printf '1\\n2\\n3\\n' | awk '{s+=$1} END {print s, NR, s/NR}'", "6 3 2\n"),
            ("printf 'x 1\\ny 2\\n' | awk '$2>1 {print $1}'", "y\n"),
            ("printf 'x 1\\ny 2\\n' | awk '/^x/ {printf \"%s-%03d\\n\", $1, $2}'", "x-001\n"),
            ("printf 'a\\nb\\na\\n' | awk '{c[$1]++} END {for (k in c) print k, c[k]}' | sort", "a 2\nb 1\n"),
            (
                "awk 'BEGIN {for(i=0;i<3;i++) if (i!=1) print i; x=\"ab\" \"cd\"; print length(x), substr(x,2,2), toupper(x)}'",
                "0\n2\n4 bc ABCD\n",
            ),
            ("echo 'a:b' | awk -F: -v OFS=- '{$1=$1; print}'", "a-b\n"),
            (
                "echo 'foo bar' | awk '{gsub(/o/,\"0\"); print; n=split($0,p,\" \"); print n, p[2]}'",
                "f00 bar\n2 bar\n",
            ),
            ("printf 'NAME X\\na 1\\n' | awk 'NR>1{print $1}'", "a\n"),
            ("printf 'a b\\n' | awk '{print $1 > \"/tmp/o\"}'; cat /tmp/o", "a\n"),
            ("printf '3\\n10\\n' | awk '$1==10 || $1 ~ /^3$/ {print \"hit\", $1}'", "hit 3\nhit 10\n"),
            ("awk 'function f(a) { return a*2 } BEGIN { print f(4); exit 3 }'; echo $?", "8\n3\n"),
            (
                "echo x | awk '{ print NR==1 ? \"one\" : \"more\"; print !0, -2^2, 7%4, 1e3 }'",
                "one\n1 -4 3 1000\n",
            ),
        ] {
            let mut s = ShellState::script(shell::Dialect::Bash, "bash");
            match shell::run(&mut machine, &mut s, &mut Alone, line) {
                Outcome::Done(o) => assert_eq!(
                    String::from_utf8_lossy(&o.stdout) + &*String::from_utf8_lossy(&o.stderr),
                    want,
                    "{line}"
                ),
                other => panic!("{other:?}"),
            }
        }
    }
}
