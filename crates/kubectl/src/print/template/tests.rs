use gatehouse_model::{Value, json};

use super::Template;

fn data() -> Value {
    json!({
        "metadata": {"name": "web", "labels": {"app": "web", "app.io/n": "N"}},
        "items": [{"n": 1, "s": "a"}, {"n": 2, "s": "b"}],
        "spec": {"replicas": 3, "nothing": null, "on": true, "f": 0.5},
        "data": {"user": "YWRtaW4="},
    })
}

fn run(text: &str) -> Result<String, String> {
    let mut out = String::new();
    Template::parse(text)?.execute(&data(), &mut out).map(|()| out)
}

#[test]
fn runs() {
    for (template, expected) in [
        ("{{.metadata.name}}", "web"),
        ("a {{- \" b \" -}} c", "a b c"),
        ("{{/* nothing */}}x", "x"),
        ("{{range .items}}{{.n}}={{.s}}{{\"\\n\"}}{{end}}", "1=a\n2=b\n"),
        ("{{range $i, $x := .items}}{{$i}}:{{$x.s}} {{end}}", "0:a 1:b "),
        ("{{range $k, $v := .metadata.labels}}{{$k}}={{$v}} {{end}}", "app=web app.io/n=N "),
        ("{{range .none}}x{{else}}nothing{{end}}", "nothing"),
        ("{{if .spec.on}}yes{{else}}no{{end}}", "yes"),
        ("{{if eq .metadata.name \"db\" \"web\"}}yes{{end}}", "yes"),
        ("{{if .none}}a{{else if .spec.on}}b{{else}}c{{end}}", "b"),
        ("{{with .metadata}}{{.name}}{{end}}", "web"),
        ("{{with .none}}{{.name}}{{else}}none{{end}}", "none"),
        ("{{index .metadata.labels \"app.io/n\"}}", "N"),
        ("{{(index .items 1).s}}", "b"),
        ("{{len .items}}", "2"),
        ("{{.none}} {{.none.more}} {{.spec.nothing}}", "<no value> <no value> <no value>"),
        ("{{.spec}}", "map[f:0.5 nothing:<nil> on:true replicas:3]"),
        ("{{.items}}", "[map[n:1 s:a] map[n:2 s:b]]"),
        ("{{.data.user | base64decode}}", "admin"),
        (
            "{{printf \"%s-%d %q %5.1f|%-4v|\" .metadata.name .spec.replicas \"x\" .spec.f 7}}",
            "web-3 \"x\"   0.5|7   |",
        ),
        ("{{printf \"%d\" .metadata.name}}", "%!d(string=web)"),
        ("{{and .spec.on .metadata.name}} {{or .none \"d\"}} {{not .none}}", "web d true"),
        ("{{gt .spec.replicas 2}} {{le .spec.replicas 2}}", "true false"),
        ("{{$x := 1}}{{$x = 2}}{{$x}}", "2"),
        ("{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .metadata.name}}", "<web>"),
        ("{{range .items}}{{if eq .n 2}}{{break}}{{end}}{{.n}}{{end}}", "1"),
        ("{{html \"<a>\"}} {{urlquery \"a b&\"}} {{js \"it's\"}}", "&lt;a&gt; a+b%26 it\\'s"),
        ("{{slice .metadata.name 1 2}} {{println 1 2}}", "e 1 2\n"),
        ("{{exists .spec \"replicas\"}} {{exists .spec \"x\"}}", "true false"),
        ("{{range 2}}{{.}}{{end}}", "01"),
    ] {
        assert_eq!(run(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn refuses_in_gos_words() {
    for (template, expected) in [
        ("{{.metadata.name", "template: output:1: unclosed action"),
        ("{{nope .metadata.name}}", "template: output:1: function \"nope\" not defined"),
        ("{{}}", "template: output:1: missing value for command"),
        ("{{if}}x{{end}}", "template: output:1: missing value for if"),
        ("{{if .x}}", "template: output:1: unexpected EOF"),
        ("{{end}}", "template: output:1: unexpected {{end}}"),
        ("{{$x}}", "template: output:1: undefined variable \"$x\""),
        ("{{.a}\n}}", "template: output:1: bad character U+007D '}'"),
        ("{{\"x}}", "template: output:1: unterminated quoted string"),
        (
            "{{.metadata.name.x}}",
            "template: output:1:11: executing \"output\" at <.metadata.name.x>: can't evaluate field x in type interface {}",
        ),
        (
            "{{range .items}}{{.s.t}}{{end}}",
            "template: output:1:20: executing \"output\" at <.s.t>: can't evaluate field t in type interface {}",
        ),
        (
            "{{.spec.nothing.more}}",
            "template: output:1:7: executing \"output\" at <.spec.nothing.more>: nil pointer evaluating interface {}.more",
        ),
        (
            "{{index .items 7}}",
            "template: output:1:2: executing \"output\" at <index .items 7>: error calling index: index out of range: 7",
        ),
        (
            "{{.data.none | base64decode}}",
            "template: output:1:15: executing \"output\" at <base64decode>: invalid value; expected string",
        ),
        (
            "{{range .metadata.name}}{{end}}",
            "template: output:1:8: executing \"output\" at <.metadata.name>: range can't iterate over web",
        ),
    ] {
        assert_eq!(run(template), Err(expected.to_owned()), "{template}");
    }
}
