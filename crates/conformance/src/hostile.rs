//! Every parser that reads what a learner writes, as a target for hostile input.
//!
//! A target takes any text and must come back: no panic, no endless loop, no deep recursion, whatever it says of the
//! text. `tests/tests/hostile.rs` throws made-up input at all of them; `tests/fuzz` hands them to libFuzzer.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use gatehouse_core::Timestamp;
use gatehouse_core::effects::apparmor::{Glob, LoadMode, ParserVersion, Policy, PolicySet, Stock};
use gatehouse_core::effects::capabilities::NewPrivileges;
use gatehouse_core::effects::seccomp::start;
use gatehouse_lab::{KubeVersion, World};
use gatehouse_machine::regex::{Regex, Syntax};
use gatehouse_machine::shell::{self, ShellState, Streams};
use gatehouse_machine::{Alone, Machine};
use gatehouse_model::{FieldSelector, Quantity, Selector, json, time, yaml};

/// A parser under test.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What it is given; the result does not matter.
    pub run: fn(&str),
    /// Small valid inputs to start from.
    pub seeds: &'static [&'static str],
    /// Words worth putting in.
    pub words: &'static [&'static str],
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "json",
        run: |text| drop(json::parse(text)),
        seeds: &[r#"{"a":[1,2.5e3,null,true,"\u00e9\n"],"b":{"c":{}}}"#],
        words: &["{", "}", "[", "]", "\"", "\\u", "1e999", ":", ",", "-"],
    },
    Target {
        name: "yaml",
        run: |text| drop(yaml::parse_all(text)),
        seeds: &[
            "a: &x [1, {b: c}]\nd: *x\ne: |\n  text\n  more\n---\n- >-\n  folded\n- !!str 3\n",
            "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: \"y\"}}\nspec:\n  containers:\n  - name: c\n    image: \"i\"\n",
        ],
        words: &[
            "&a", "*a", "<<: *a", "- ", ": ", "|", ">", "---\n", "{", "[", "? ", "!!", "\t", "'", "\"",
            "%YAML",
        ],
    },
    Target {
        name: "seccomp",
        run: |text| {
            if let Ok(profile) = start::load("/p.json", Some(text)) {
                let filter = start::install(&profile, NewPrivileges::Forbidden);
                if let Ok(Some(filter)) = filter {
                    let _ = filter.decide_name("openat", &[1, 2, 3, 4, 5, 6]);
                }
            }
        },
        seeds: &[
            r#"{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["read","clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}]}]}"#,
        ],
        words: &[
            "SCMP_ACT_LOG",
            "SCMP_CMP_GE",
            "errnoRet",
            "18446744073709551615",
            "-1",
            "null",
            "[",
            "{",
            "names",
        ],
    },
    Target {
        name: "apparmor",
        run: |text| {
            for version in [ParserVersion::V4_1_0, ParserVersion::V3_0_8] {
                if let Ok(policy) = Policy::read("p", text, &Stock, version) {
                    let _ = PolicySet::new().load(&policy, LoadMode::Add);
                }
            }
        },
        seeds: &[
            "#include <tunables/global>\nprofile a /bin/{a,b}* flags=(attach_disconnected) {\n  #include <abstractions/base>\n  file,\n  deny /** w,\n  capability net_raw,\n  network inet stream,\n  mount options=(ro,bind) /a -> /b/,\n  ptrace (read) peer=b,\n  signal send set=(term),\n  owner @{HOME}/** rwkl,\n  /bin/sh px -> c,\n  profile c { /x r, }\n  ^hat { /y r, }\n}\n",
        ],
        words: &[
            "@{X}=",
            "@{X}+=@{X}",
            "{",
            "}",
            "(",
            ")",
            ",",
            "{a,",
            "[a-",
            "\\",
            "include <",
            "if defined $x {",
            "deny",
            "->",
            "**",
            "\"",
            "^",
        ],
    },
    Target {
        name: "glob",
        run: |text| {
            if let Ok(glob) = Glob::new(text) {
                let _ = glob.matches("/aaaaaaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaaaab");
                let mut budget = 10_000;
                let _ = glob.intersects(&glob, &mut budget);
            }
        },
        seeds: &["/a/{b,c{d,e}}*/**/[a-z]?", "/**a**a**a**a**b"],
        words: &["**", "*", "?", "{", ",", "}", "[", "^", "]", "-", "\\"],
    },
    Target {
        name: "gzip",
        run: |text| {
            // Behind a header that is right, so that what is packed is read.
            let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
            packed.extend(text.chars().map(|c| u32::from(c) as u8));
            let mut machine = machine();
            let mut state = ShellState::interactive("root");
            let _ = shell::run_with_input(
                &mut machine,
                &mut state,
                &mut Alone,
                Streams::Captured,
                &packed,
                "gunzip | wc -c; tar xzf - -C /tmp",
            );
        },
        seeds: &["\u{cb}H\u{cd}\u{c9}\u{c9}\u{e7}\u{2}\0 0:6\u{6}\0\0\0", "\u{1}\u{5}\0\u{fa}\u{ff}abcde"],
        words: &["\u{ff}\u{ff}\u{ff}", "\u{5}\u{c0}", "\u{4b}\u{4}\u{5}", "\0\0\0\0", "\u{ed}\u{c1}"],
    },
    Target {
        name: "shell",
        run: |text| {
            let mut machine = machine();
            let mut state = ShellState::interactive("root");
            let line = text.replace('\0', "");
            let _ =
                shell::run_with_input(&mut machine, &mut state, &mut Alone, Streams::Captured, b"", &line);
        },
        seeds: &[
            "x=1; for i in a b; do echo \"$i ${x:-y} $(( x + 2 ))\" | tr a b > /tmp/f; done; case $x in (1|2) echo y;; *) :;; esac",
            "x=a; while :; do x=$x$x; done",
            "while :; do :; done",
            "f() { f; }; f; f() { f | f; }; f; printf '%999999999d' 1; seq 9223372036854775806 9223372036854775807; echo {1..999999999}",
            "head -c 99999999999 /dev/zero | wc -c; yes | head -c 99999999999 | wc -c; echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b} | wc -c",
            "f() { local a=$1; if [ \"$a\" = b ]; then return 1; else cat <<E\n$a $(echo `echo z`)\nE\nfi; }; f q && ! f b || echo no; while false; do :; done",
        ],
        words: &[
            "$(",
            "${",
            "`",
            "((",
            "))",
            "<<E\n",
            "'",
            "\"",
            "&&",
            "|",
            ";;",
            "case x in",
            "if",
            "fi",
            "do",
            "done",
            "{",
            "}",
            "[[",
            ">",
            "&",
            "$",
            "*",
            "~",
        ],
    },
    Target {
        name: "arithmetic",
        run: |text| command("echo", &format!("$(({text}))")),
        seeds: &["1+2*(3-x)**2?4:5<<6", "a=b=3,c++"],
        words: &["(", ")", "**", "<<", "?", ":", "-", "!", "~", "0x", "9223372036854775807"],
    },
    Target {
        name: "jq",
        run: |text| program("jq", text),
        seeds: &[
            ".a[] | select(.b > 1) | {c: .d, e: [.f, (.g // 0)]}",
            "def f(x): x | map(. + 1); reduce .[] as $i (0; . + $i)",
            "[.[] | tostring] | join(\",\") | test(\"a+\"; \"x\")",
            "reduce range(64) as $i (\"a\"; . + .)",
            "[range(1e9)] | length, ([limit(1e9; repeat(1))] | length)",
            "def f: f; f",
            "-9223372036854775808 / -1, -9223372036854775808 % -1",
        ],
        words: &[
            ".",
            "[",
            "]",
            "(",
            ")",
            "|",
            "..",
            "recurse",
            "range(1e9)",
            "repeat(.)",
            "as $x",
            "def f: f;",
            "//",
            "?",
            "\"\\(",
            "limit(",
        ],
    },
    Target {
        name: "awk",
        run: |text| program("awk", text),
        seeds: &[
            "BEGIN { FS=\":\" } /a/ { n[$1]++; print $1, substr($2, 1, 3) } END { for (k in n) printf \"%s %d\\n\", k, n[k] }",
            "BEGIN { x = \"a\"; while (1) x = x x }",
            "BEGIN { for (i = 0; ; i++) y[i] = i }",
            "function f(x) { return f(x) } BEGIN { f(1); printf \"%999999999d\", 1 }",
            "function f(x) { return x * 2 } { gsub(/b+/, \"c\"); print f(NF) }",
        ],
        words: &[
            "{",
            "}",
            "(",
            "/",
            "while(1)",
            "for(;;)",
            "getline",
            "printf \"%*d\"",
            "$",
            "~",
            "!",
            "[",
            "function f(x){return f(x)}",
            "in",
        ],
    },
    Target {
        name: "sed",
        run: |text| program("sed", text),
        seeds: &["s/a\\(b*\\)c/\\1-&/gp;/x/,/y/d;$!N;P;D", "1i\\\nabc\n2{h;G;};:a;ta;b"],
        words: &[
            "s/",
            "\\(",
            "\\)*",
            "\\1",
            ":a",
            "ba",
            "{",
            "}",
            "y/ab/",
            "N",
            "\\{1,99999\\}",
            "[",
            "w /tmp/x",
        ],
    },
    Target {
        name: "grep",
        run: |text| program("grep", text),
        seeds: &["^a(b|c)*[[:alpha:]]+$", "a{2,5}b?\\w"],
        words: &["(", ")", "*", "+", "{1,30000}", "[", "]", "|", "\\b", "(a*)*", "(?:", "^", "$"],
    },
    Target {
        name: "find",
        run: |text| {
            command(
                "find",
                &format!(
                    "/etc {}",
                    text.replace(['\n', ';', '|', '&', '<', '>', '`', '$', '(', ')', '\'', '"'], " ")
                ),
            )
        },
        seeds: &["-name *.conf -o -type f ! -perm 644 -print"],
        words: &["-exec", "-o", "-a", "!", "-not", "-maxdepth", "-name", "-perm", "-"],
    },
    Target {
        name: "regex",
        run: |text| {
            for syntax in [Syntax::Basic, Syntax::Extended] {
                if let Ok(regex) = Regex::new(text, syntax, false) {
                    let _ = regex.is_match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
                }
            }
        },
        seeds: &["(a+)+$", "((a|b)*c){2,3}", "(a*)*b"],
        words: &["(", ")", "*", "+", "{1,1000}", "{9,}", "[^", "]", "|", "\\1", "a"],
    },
    Target {
        name: "cel",
        run: |text| {
            let environment = gatehouse_cel::Environment::default();
            if let Ok(program) = gatehouse_cel::compile(text, &environment) {
                let _ = program.evaluate(&BTreeMap::new(), &gatehouse_cel::NoHost);
            }
        },
        seeds: &[
            "[1, 2, 3].all(x, x > 0) && {'a': 1}.a == 1 ? 'b'.startsWith('c') : duration('1h') > duration('2m')",
            "size([[1],[2]].map(x, x.map(y, y + 1)).filter(z, true)) == 2",
        ],
        words: &[
            "(",
            "[",
            "{",
            "?",
            ":",
            ".map(x, x)",
            ".all(x, true)",
            "!",
            "-",
            "&&",
            "||",
            "'",
            "r'",
            "\"\"\"",
            "0x",
            "1e400",
            "matches('(a+)+')",
            "quantity('1')",
            "optional.of(",
        ],
    },
    Target {
        name: "quantity",
        run: |text| drop(Quantity::parse(text)),
        seeds: &["1.5Gi", "100m", "-3e6"],
        words: &["e", "E", "9", ".", "Ki", "m", "-", "+", "0000000"],
    },
    Target {
        name: "label-selector",
        run: |text| drop(Selector::parse(text)),
        seeds: &["a in (b, c),d notin (e),!f,g=h,i!=j"],
        words: &["in", "notin", "(", ")", ",", "!", "=", "==", ">", "<"],
    },
    Target {
        name: "field-selector",
        run: |text| drop(FieldSelector::parse(text)),
        seeds: &["metadata.name=a,status.phase!=Running"],
        words: &["=", "!=", ",", "\\", "==", "."],
    },
    Target {
        name: "time",
        run: |text| {
            let _ = time::parse_rfc3339(text);
            let _ = time::parse_duration(text);
        },
        seeds: &["2026-11-20T00:00:00.5Z", "1h2m3.5s"],
        words: &["T", "Z", "-", ":", "+", "h", "ms", "9999999999"],
    },
    Target {
        name: "jsonpath",
        run: |text| kubectl("jsonpath", text),
        seeds: &["{.items[*].metadata.name}{range .items[?(@.a==\"b\")]}{.c[0:2]}{\"\\n\"}{end}", "{..name}"],
        words: &["{", "}", "[", "]", "?(@", "..", "*", "range", "end", "'", "\"", ":", "-1", "&&"],
    },
    Target {
        name: "go-template",
        run: |text| kubectl("go-template", text),
        seeds: &[
            "{{range .items}}{{.metadata.name}}{{if eq .kind \"a\"}}x{{else}}y{{end}}{{end}}",
            "{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}{{with $x := 1}}{{printf \"%d\" $x}}{{end}}",
        ],
        words: &[
            "{{",
            "}}",
            "range",
            "if",
            "end",
            "template \"a\"",
            "define \"a\"",
            "|",
            "(",
            ")",
            "$x",
            ":=",
            "\"",
            "`",
            "/*",
            "-",
        ],
    },
    Target {
        name: "custom-columns",
        run: |text| kubectl("custom-columns", text),
        seeds: &["NAME:.metadata.name,X:.spec.a[*].b"],
        words: &[":", ",", ".", "[", "*", "]"],
    },
    Target {
        name: "manifest",
        run: |text| {
            let mut world = world().clone();
            world.write("f.yaml", text);
            let _ = world.run_fresh("kubectl apply --dry-run=server -f f.yaml");
        },
        seeds: &[
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: c, image: i, resources: {limits: {cpu: 1}}}\n",
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: n}\nspec:\n  podSelector: {}\n  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 80, endPort: 90}]}]\n",
        ],
        words: &[
            "- ",
            ": ",
            "{",
            "[",
            "null",
            "-1",
            "99999999999999999999",
            "\"\"",
            "kind: List\nitems:\n- ",
            "~",
        ],
    },
    Target {
        name: "nginx",
        run: |text| {
            let mut machine = machine();
            machine.write_file("/etc/nginx/nginx.conf", text, 0o644, (0, 0));
            let mut state = ShellState::interactive("root");
            let line = "nginx -v";
            let _ = shell::run_with_input(&mut machine, &mut state, &mut Alone, Streams::Captured, b"", line);
        },
        seeds: &["user nginx; http { server { listen 80; location / { return 200 \"x\"; } } }"],
        words: &["{", "}", ";", "\"", "'", "\\", "#", "listen", "server"],
    },
];

fn machine() -> Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| Machine::host("lab", "root", Timestamp(0))).clone()
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::bare(KubeVersion::V1_36))
}

/// A text as one word of the shell, as far as it can be one.
fn quoted(text: &str) -> String {
    shell::quoted(&text.replace('\0', ""))
}

fn command(program: &str, rest: &str) {
    let mut machine = machine();
    let mut state = ShellState::interactive("root");
    let line = format!("{program} {}", rest.replace('\0', ""));
    let _ = shell::run_with_input(&mut machine, &mut state, &mut Alone, Streams::Captured, b"", &line);
}

fn program(name: &str, text: &str) {
    let input = if name == "jq" { r#"{"a":[{"b":2,"d":1}],"f":[1,2]}"# } else { "a:b abbbc\nx y\ny\n" };
    let option = if name == "grep" { " -E" } else { "" };
    let mut machine = machine();
    let mut state = ShellState::interactive("root");
    let line = format!("{name}{option} -- {}", quoted(text))
        .replacen("jq -- ", "jq ", 1)
        .replacen("awk -- ", "awk ", 1);
    let line = line.replacen("sed -- ", "sed ", 1);
    let _ = shell::run_with_input(
        &mut machine,
        &mut state,
        &mut Alone,
        Streams::Captured,
        input.as_bytes(),
        &line,
    );
}

fn kubectl(format: &str, text: &str) {
    let mut world = world().clone();
    let _ = world.run_fresh(&format!("kubectl get namespaces -o {}", quoted(&format!("{format}={text}"))));
}
