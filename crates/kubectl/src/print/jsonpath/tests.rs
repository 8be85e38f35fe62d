use gatehouse_model::{Value, json};

use super::{JsonPath, relaxed};

fn data() -> Value {
    json!({
        "kind": "List", "n": null, "f": 1.5,
        "items": [
            {"name": "a", "x": 1, "labels": {"app.io/n": "A"}},
            {"name": "b", "x": 22, "ok": true},
            {"name": "c", "x": 3, "list": ["p", "q"]},
        ],
    })
}

fn run(template: &str) -> Result<String, String> {
    JsonPath::parse(template)?.execute(&data())
}

#[test]
fn finds_and_prints() {
    for (template, expected) in [
        ("{.kind}", "List"),
        ("kind", "kind"),
        ("{$.kind} and {.items[0].name}", "List and a"),
        ("{.items[*].name}", "a b c"),
        ("{.items[-1].name}", "c"),
        ("{.items[0:2].name}", "a b"),
        ("{.items[1:].name}", "b c"),
        ("{.items[::2].name}", "a c"),
        ("{.items[0,2].name}", "a c"),
        ("{.items[?(@.x>2)].name}", "b c"),
        ("{.items[?(@.name==\"b\")].x}", "22"),
        ("{.items[?(@.name=='b')].x}", "22"),
        ("{.items[?(@.ok)].name}", "b"),
        ("{.items[?(@.ok==true)].name}", "b"),
        ("{..name}", "a b c"),
        ("{.items[0].labels}", "{\"app.io/n\":\"A\"}"),
        ("{.items[0].labels.app\\.io/n}", "A"),
        ("{.items[0].labels['app\\.io/n']}", "A"),
        ("{.items[*]['name','x']}", "a b c 1 22 3"),
        ("{range .items[*]}{.name}={.x}{\"\\n\"}{end}.", "a=1\nb=22\nc=3\n."),
        ("{range .items[*]}{range .list[*]}{@},{end}{end}", "p,q,"),
        ("{.none.at.all}", ""),
        ("{.n}", "null"),
        ("{.f}", "1.5"),
        ("{.items[2].list}", "[\"p\",\"q\"]"),
        ("{.none[0]}", ""),
    ] {
        assert_eq!(run(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn refuses_in_client_gos_words() {
    for (template, expected) in [
        ("{.items[}", "unterminated array"),
        ("{.kind", "unclosed action"),
        ("{.items[a]}", "invalid array index a"),
        ("{.items[7]}", "array index out of bounds: index 7, length 3"),
        ("{.kind[0]}", "string is not array or slice"),
        ("{end}", "not in range, nothing to end"),
        ("{foo}", "unrecognized identifier foo"),
        ("{%}", "unrecognized character in action: U+0025 '%'"),
        ("{.items[?(@.name==1)]}", "incompatible types for comparison"),
        ("{\"x}", "unterminated quoted string"),
        ("{.items[?(@.x==1]}", "unterminated filter"),
    ] {
        assert_eq!(run(template), Err(expected.to_owned()), "{template}");
    }
    let strict = JsonPath::parse("{.none}").unwrap().allow_missing_keys(false);
    assert_eq!(strict.execute(&data()), Err("none is not found".to_owned()));
}

#[test]
fn prints_arrays_of_results_as_json() {
    let path = JsonPath::parse("{.items[*].name}").unwrap().output_json();
    assert_eq!(path.execute(&data()).unwrap(), "[\n    \"a\",\n    \"b\",\n    \"c\"\n]\n");
}

#[test]
fn completes_relaxed_paths() {
    for path in ["a.b", ".a.b", "{a.b}", "{.a.b}"] {
        assert_eq!(relaxed(path).as_deref(), Ok("{.a.b}"));
    }
    assert!(relaxed("{.a}{.b}").is_err());
}
