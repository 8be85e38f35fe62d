use gatehouse_core::Timestamp;

use super::*;
use crate::outside::Alone;

struct Bench {
    machine: Machine,
}

impl Bench {
    fn new() -> Self {
        let mut machine = Machine::host("lab", "student", Timestamp::GENESIS);
        machine.make_dir("/work", 0o755, (1000, 1000));
        Self { machine }
    }

    fn output(&mut self, line: &str) -> Output {
        let mut session = ShellState::interactive("student");
        session.interactive = false;
        session.set("PWD", "/work");
        match run(&mut self.machine, &mut session, &mut Alone, line) {
            Outcome::Done(o) => o,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn out(&mut self, line: &str) -> String {
        let o = self.output(line);
        String::from_utf8(o.stdout).unwrap() + &String::from_utf8(o.stderr).unwrap()
    }
}

fn check(cases: &[(&str, &str)]) {
    for (line, want) in cases {
        assert_eq!(Bench::new().out(line), *want, "{line}");
    }
}

#[test]
fn words_and_quotes() {
    check(&[
        ("echo a   b 'c  d' \"e  $((1+2))\"", "a b c  d e  3\n"),
        ("x='a b'; echo $x \"$x\"; printf '%s|' $x \"$x\"", "a b a b\na|b|a b|"),
        ("x=abc; echo ${x#a} ${x%c} ${#x} ${y:-none} ${x/b/X} ${x:1:1} ${x^^}", "bc ab 3 none aXc b ABC\n"),
        ("echo {a,b}{1..3} x{y}", "a1 a2 a3 b1 b2 b3 x{y}\n"),
        ("echo $(echo a; echo b) `echo c`", "a b c\n"),
        ("set -- 1 '2 3'; for a in \"$@\"; do echo \"<$a>\"; done; echo $#", "<1>\n<2 3>\n2\n"),
        ("a=(x y z); echo ${a[1]} ${#a[@]} ${a[@]}", "y 3 x y z\n"),
        ("echo ~ ~root; echo '$HOME' \"\\$x\"", "/home/student /root\n$HOME $x\n"),
        ("echo $'a\\tb'", "a\tb\n"),
        ("x=; echo \"[$x]\" [${x:+set}] [${x-unset}]", "[] [] []\n"),
    ]);
}

#[test]
fn control_flow() {
    check(&[
        ("for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done", "1\n3\n"),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n"),
        ("if false; then echo a; elif true; then echo b; else echo c; fi", "b\n"),
        ("case x.yaml in *.json) echo j;; *.yaml|*.yml) echo y;; esac", "y\n"),
        ("f() { local v=$1; echo f:$v; return 3; }; f q; echo $?", "f:q\n3\n"),
        ("false || echo no; true && echo yes; ! true; echo $?", "no\nyes\n1\n"),
        ("(cd /; pwd); pwd", "/\n/work\n"),
        ("set -e; false; echo never", ""),
        ("[[ abc == a* && abc =~ ^(a)(b) ]] && echo ${BASH_REMATCH[2]}", "b\n"),
        ("false | true; echo $? ${PIPESTATUS[0]}", "0 1\n"),
        ("set -o pipefail; false | true; echo $?", "1\n"),
        ("printf 'a b\\nc d\\n' | while read x y; do echo $y-$x; done", "b-a\nd-c\n"),
        ("for ((i=0;i<2;i++)); do echo $i; done", "0\n1\n"),
    ]);
}

#[test]
fn redirections_and_heredocs() {
    check(&[
        ("echo hi > f; echo there >> f; cat f; wc -l < f", "hi\nthere\n2\n"),
        ("ls /nope 2>/dev/null; echo $?", "2\n"),
        ("{ echo out; echo err >&2; } > f 2>&1; cat f", "out\nerr\n"),
        ("x=1; cat <<EOF\na $x\n  b\nEOF\necho end", "a 1\n  b\nend\n"),
        ("cat <<'EOF'\n$x\nEOF", "$x\n"),
        ("cat <<-EOF\n\ta\n\tEOF", "a\n"),
        ("cat <<EOF | tr a-z A-Z\nabc\nEOF", "ABC\n"),
        ("cat <<< hello", "hello\n"),
        ("echo x | tee a b; cat a b", "x\nx\nx\n"),
        ("cat < nope", "bash: line 1: nope: No such file or directory\n"),
        ("nosuch", "bash: line 1: nosuch: command not found\n"),
        ("diff <(echo a) <(echo b)", "1c1\n< a\n---\n> b\n"),
    ]);
}

#[test]
fn the_tools_that_recordings_use() {
    check(&[
        ("printf 'b 2\\na 10\\n' | sort -k2 -n | head -1", "b 2\n"),
        ("echo -n secret | base64 | base64 -d", "secret"),
        ("printf 'a:b:c\\n' | cut -d: -f1,3", "a:c\n"),
        ("printf 'x\\nimage: n\\ny\\n' | grep -A1 image:", "image: n\ny\n"),
        ("echo 'aXbXc' | grep -o 'X[a-z]'", "Xb\nXc\n"),
        ("printf 'a\\nb\\nc\\n' | grep -v b | wc -l", "2\n"),
        ("printf 'one two\\n' | xargs -n1 echo got", "got one\ngot two\n"),
        ("printf 'a\\na\\nb\\n' | sort -u | tr '\\n' ' '", "a b "),
        ("echo image: nginx > p; sed -i 's/nginx/nginx:1.27/' p; cat p", "image: nginx:1.27\n"),
        ("mkdir -p d/e; touch d/e/f; find d -type f; ls d; rm -r d; ls", "d/e/f\ne\n"),
        ("echo 'not yaml: [' | cat -n", "     1\tnot yaml: [\n"),
        ("seq 3 | tail -n +2 | paste -sd,", "2,3\n"),
        ("ls /root 2>&1; echo $?", "ls: cannot open directory '/root': Permission denied\n2\n"),
        ("id -u; whoami; stat -c '%a %U' /etc/shadow", "1000\nstudent\n640 root\n"),
        ("echo x > /etc/passwd", "bash: line 1: /etc/passwd: Permission denied\n"),
        ("sh -c 'nosuch; echo $0 $1' a b 2>&1", "a: 1: nosuch: not found\na b\n"),
        ("printf '#!/bin/sh\\necho script $1\\n' > s; chmod +x s; ./s arg", "script arg\n"),
    ]);
}

#[test]
fn an_open_line_asks_for_more() {
    let s = ShellState::interactive("student");
    for open in [
        "echo 'a",
        "cat <<EOF",
        "if true; then",
        "for i in 1 2",
        "echo $(ls",
        "a |",
        "x &&",
        "f() {",
        "echo \\",
    ] {
        assert_eq!(readiness(&s, open), Readiness::Incomplete, "{open}");
    }
    for closed in ["echo a", "cat <<EOF\nx\nEOF\n", "if true; then echo; fi", ")"] {
        assert_eq!(readiness(&s, closed), Readiness::Complete, "{closed}");
    }
}

#[test]
fn a_session_remembers() {
    let mut machine = Machine::host("lab", "student", Timestamp::GENESIS);
    let mut s = ShellState::interactive("student");
    s.aliases.insert("ll".into(), "ls -1".into());
    let mut run = |line: &str| match super::run(&mut machine, &mut s, &mut Alone, line) {
        Outcome::Done(o) => {
            String::from_utf8_lossy(&o.stdout).into_owned() + &String::from_utf8_lossy(&o.stderr)
        }
        other => format!("{other:?}"),
    };
    assert_eq!(run("x=5; mkdir d; cd d; touch a b"), "");
    assert_eq!(run("pwd; echo $x; ll"), "/home/student/d\n5\na\nb\n");
    assert_eq!(run("nosuch"), "bash: nosuch: command not found\n");
    assert_eq!(run("sleep 5; date +%s"), "1795132805\n");
    assert!(run("vi note.txt").starts_with("NeedsEdit"));
    assert!(run("tail -f a").starts_with("Streaming"));
    assert_eq!(complete(&machine, &s, "cat no"), Vec::<String>::new());
    assert_eq!(complete(&machine, &s, "cat ../d/"), ["../d/a", "../d/b"]);
    assert_eq!(complete(&machine, &s, "ech"), ["echo"]);
}

#[test]
fn syntax_errors_read_as_bash_has_them() {
    check(&[
        (
            "echo a (",
            "bash: -c: line 1: syntax error near unexpected token `('\nbash: -c: line 1: `echo a ('\n",
        ),
        ("fi", "bash: -c: line 1: syntax error near unexpected token `fi'\nbash: -c: line 1: `fi'\n"),
        ("echo 'a", "bash: -c: line 1: unexpected EOF while looking for matching `''\n"),
    ]);
}
