use super::{emit, parse, parse_all, parse_document};
use crate::json;
use crate::value::{Map, Value};

fn read(text: &str) -> String {
    json::print(&parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}")))
}

fn error(text: &str) -> String {
    parse(text).expect_err(text).bare().to_owned()
}

#[test]
fn words_and_numbers_of_yaml_1_1() {
    for (yaml, json) in [
        ("[yes, No, on, OFF, y, n, true, 'yes']", r#"[true,false,true,false,true,false,true,"yes"]"#),
        ("{on: 1, n: 2, 80: 3, 1.5: 4}", r#"{"1.5":4,"80":3,"false":2,"true":1}"#),
        ("[01000, 0o17, 0x1F, 0b11, 1_000, -07, 08, +5]", "[512,15,31,3,1000,-7,8,5]"),
        ("[1.0, 1.5, 1e3, .5, 1e21]", "[1,1.5,1000,0.5,1e+21]"),
        ("[~, null, '', Null, ]", r#"[null,null,"",null]"#),
        ("a:\nb: ", r#"{"a":null,"b":null}"#),
        ("2001-01-02: 2001-01-02T10:00:00Z", r#"{"2001-01-02":"2001-01-02T10:00:00Z"}"#),
        ("[1:30, 10:00, v1.0, 1.2.3, 0o8, 1__]", r#"["1:30","10:00","v1.0","1.2.3","0o8",1]"#),
        ("[!!str 5, !!int \"5\", !!binary aGk=]", r#"["5",5,"hi"]"#),
        ("a: |\n  x\n   y\n\nb: >-\n  p\n  q\n", r#"{"a":"x\n y\n","b":"p q"}"#),
        (
            "a: &x {k: 1}\nb: *x\nc: {<<: *x, j: 2}\nd: {<<: [{k: 5}, {k: 6, l: 7}]}",
            r#"{"a":{"k":1},"b":{"k":1},"c":{"j":2,"k":1},"d":{"k":5,"l":7}}"#,
        ),
        ("18446744073709551615", "18446744073709552000"),
    ] {
        assert_eq!(read(yaml), json, "{yaml}");
    }
}

#[test]
fn documents_are_parted_at_lines_and_recovered() {
    let text = "# nothing\n---\na: 1\n---\nb: [\n--- # third\nc: 3\n---\n---bad\nd: 4\n";
    let docs = parse_all(text);
    let shown: Vec<_> = docs
        .iter()
        .map(|d| match d {
            Ok(d) => format!("{}@{}", json::print(&d.value), d.first_line),
            Err(e) => format!("{e}@{}", e.line),
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"{"a":1}@3"#,
            "error converting YAML to JSON: yaml: line 1: did not find expected node content@6",
            r#"{"c":3}@7"#,
            "invalid Yaml document separator: bad@9",
            r#"{"d":4}@10"#,
        ]
    );
}

#[test]
fn errors_are_go_yamls() {
    let mut wrong = Vec::new();
    for (yaml, message) in [
        ("a: b: c", "yaml: mapping values are not allowed in this context"),
        ("x: 1\na: b: c\n", "yaml: line 2: mapping values are not allowed in this context"),
        ("not yaml: [\n", "yaml: line 1: did not find expected node content"),
        ("a:\n\tb: c\n", "yaml: line 2: found character that cannot start any token"),
        ("a: b\n\tc: d\n", "yaml: line 2: found a tab character that violates indentation"),
        ("a: {b: c}\n\td: e\n", "yaml: line 2: found character that cannot start any token"),
        ("a: 1\nb: 'open\nc: 2\n", "yaml: line 4: found unexpected end of stream"),
        ("metadata:\n  name: x\n labels: y\n", "yaml: line 2: did not find expected key"),
        ("a:\n- b\n c: 1\n", "yaml: line 3: mapping values are not allowed in this context"),
        ("a: *nope\n", "yaml: unknown anchor 'nope' referenced"),
        ("a: &x [*x]", "yaml: anchor 'x' value contains itself"),
        (
            "a: {{ .Values.x }}",
            r#"yaml: invalid map key: map[interface {}]interface {}{".Values.x":interface {}(nil)}"#,
        ),
        ("<<: 1", "yaml: map merge requires map or sequence of maps as the value"),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("a: !!int x", "yaml: cannot decode !!str `x` as a !!int"),
        ("a: b\nnocolon\nc: d\n", "yaml: line 3: could not find expected ':'"),
        ("a: [1, 2\nb: 3\n", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: [1, 2\n", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: {b: 1\n", "yaml: line 1: did not find expected ',' or '}'"),
        ("x: y\na: {b: 1]\n", "yaml: line 1: did not find expected ',' or '}'"),
        ("x: y\na: [1]]\n", "yaml: line 1: did not find expected key"),
        ("a:b\nc: d\n", "yaml: line 2: mapping values are not allowed in this context"),
        ("x: y\na: - b\n", "yaml: line 2: block sequence entries are not allowed in this context"),
        ("a: \u{7f}", "yaml: control characters are not allowed"),
        ("a: @x", "yaml: found character that cannot start any token"),
        ("a: \"\\q\"", "yaml: found unknown escape character"),
    ] {
        if error(yaml) != message {
            wrong.push((yaml, error(yaml), message));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for i in 1..9 {
        let refs = vec![format!("*a{}", i - 1); 10].join(",");
        text.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
    }
    assert_eq!(error(&text), "yaml: document contains excessive aliasing");
}

#[test]
fn a_long_text_without_aliases_is_harmless() {
    for (text, count) in [
        (format!("a:\n{}", "- x\n".repeat(17_000)), 17_000),
        (format!("a:\n{}", (0..17_000).map(|i| format!("  k{i}: x\n")).collect::<String>()), 17_000),
        (format!("b: &b x\na:\n{}", "- *b\n- x\n- x\n".repeat(6_000)), 18_000),
    ] {
        let value = parse_document(&text).expect("harmless").value;
        let list = value.get("a").expect("there");
        assert_eq!(list.items().len() + list.entries().len(), count);
    }
}

#[test]
fn the_way_back_into_the_text() {
    let text = "kind: Pod\nmetadata:\n  labels: {a.b/c: d}\nspec:\n  containers:\n  - name: c\n    image: nginx\n    image: busybox\n";
    let doc = parse_document(text).expect("valid");
    let place = doc.source.get("spec.containers[0].image").expect("there");
    assert_eq!((place.value.line, place.value.column), (8, 12));
    assert_eq!(text.get(place.value.range.clone()), Some("busybox"));
    assert_eq!(place.key.as_ref().map(|k| (k.line, k.column)), Some((8, 5)));
    assert_eq!(doc.source.get("metadata.labels[a.b/c]").map(|p| p.value.line), Some(3));
    assert_eq!(doc.source.nearest("spec.containers[0].ports[1].name").map(|p| p.value.line), Some(6));
    assert_eq!(
        doc.source.field_at(text.find("name: c").expect("there") + 6),
        Some("spec.containers[0].name")
    );
    let [dup] = doc.duplicates.as_slice() else { panic!("one duplicate") };
    assert_eq!((dup.path.as_str(), dup.lost.value.line, dup.kept.line), ("spec.containers[0].image", 7, 8));
}

#[test]
fn emits_as_sigs_yaml() {
    let v = crate::json!({
        "list": [1, {"a": [], "b": {}}, ["x", ["y"]], "", null],
        "quoted": ["yes", "n", "1", "1.5", "null", "~", "0x1", "1:30", "2001-01-02", "a: b", " a", "#x", "*", "- a", "a\tb", "=", "it's", "'x", "a #b", "x:", "{}", "😀", "é", "-", "!a", "1_000", "<<"],
        "multi": "a\nb\n", "strip": "a\nb", "keep": "a\n\n", "lead": " a\nb\n", "trail": "a \nb\n", "tab": "a\n\tb\n",
        "k10": 1.5, "k9": 1e21, "true": true,
    });
    assert_eq!(
        emit(&v),
        "k9: 1e+21\nk10: 1.5\nkeep: |+\n  a\n\nlead: |2\n   a\n  b\nlist:\n- 1\n- a: []\n  b: {}\n- - x\n  - - \"y\"\n- \"\"\n- null\n\
         multi: |\n  a\n  b\nquoted:\n- \"yes\"\n- \"n\"\n- \"1\"\n- \"1.5\"\n- \"null\"\n- \"~\"\n- \"0x1\"\n- \"1:30\"\n- \"2001-01-02\"\n\
         - 'a: b'\n- ' a'\n- '#x'\n- '*'\n- '- a'\n- \"a\\tb\"\n- =\n- it's\n- '''x'\n- 'a #b'\n- 'x:'\n- '{}'\n- \"\\U0001F600\"\n- é\n- '-'\n- '!a'\n- \"1_000\"\n- \"<<\"\n\
         strip: |-\n  a\n  b\ntab: \"a\\n\\tb\\n\"\ntrail: \"a \\nb\\n\"\n\"true\": true\n"
    );
    let long = "k".repeat(129);
    let keys = crate::json!({"m": {"a\nb": 1, (long.as_str()): "v"}});
    assert_eq!(emit(&keys), format!("m:\n  ? |-\n    a\n    b\n  : 1\n  ? {long}\n  : v\n"));
    assert_eq!(parse(&emit(&keys)).as_ref(), Ok(&keys));
    assert_eq!(emit(&crate::json!({})), "{}\n");
    assert_eq!(emit(&crate::json!("x")), "x\n");
    assert_eq!(emit(&crate::json!({"d": {"f": "x\ny\n"}})), "d:\n  f: |\n    x\n    y\n");
}

#[test]
fn long_lines_go_on_below() {
    let words = "seven_c".repeat(11);
    assert_eq!(words.len(), 77);
    // Only a line that is longer than eighty ends, and only at a single space inside the text.
    assert_eq!(emit(&crate::json!({"a": (format!("{words} b"))})), format!("a: {words} b\n"));
    assert_eq!(emit(&crate::json!({"a": (format!("{words}d b"))})), format!("a: {words}d\n  b\n"));
    assert_eq!(emit(&crate::json!({"a": (format!("{words}d  b"))})), format!("a: {words}d  b\n"));
    assert_eq!(emit(&crate::json!([(format!("{words}dd b"))])), format!("- {words}dd\n  b\n"));
    assert_eq!(
        emit(&crate::json!({"a": {"b": [(format!("'{words} b"))]}})),
        format!("a:\n  b:\n  - '''{words}\n    b'\n")
    );
    assert_eq!(
        emit(&crate::json!({"a": (format!("\t{words}  b "))})),
        format!("a: \"\\t{words}\n  \\ b \"\n")
    );
}

/// A small linear congruential generator: the same objects on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn text(&mut self) -> String {
        const PIECES: &[&str] = &[
            "a", "B", "7", "0", " ", "\n", ":", "-", "#", "'", "\"", "é", "\t", "y", "no", ".", "{", "]",
            "😀", "\\", "|", "+", "1e3", "~", "\r", "---\n",
        ];
        // Some are longer than a line.
        let pieces = if self.roll(8) == 0 { 120 } else { 6 };
        (0..self.roll(pieces)).map(|_| PIECES[self.roll(PIECES.len() as u64) as usize]).collect()
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.roll(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => Value::Bool(self.roll(2) == 0),
            2 => Value::Int(self.roll(1 << 30) as i64 - (1 << 29)),
            3 => Value::Float(self.roll(1000) as f64 + 0.25),
            4 => Value::from(self.text()),
            5 => (0..self.roll(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                Value::from((0..self.roll(4)).map(|_| (self.text(), self.value(depth - 1))).collect::<Map>())
            }
        }
    }
}

#[test]
fn what_is_emitted_reads_back() {
    let mut dice = Dice(42);
    for round in 0..3000 {
        let v = dice.value(4);
        let text = emit(&v);
        let back = parse(&text).unwrap_or_else(|e| panic!("round {round}: {e}\n{v:?}\n{text}"));
        assert_eq!(back, v, "round {round}\n{text}");
    }
}

#[test]
fn json_is_yaml() {
    let mut dice = Dice(7);
    for _ in 0..1000 {
        let v = dice.value(4);
        let text = json::print(&v);
        assert_eq!(parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}")), v, "{text}");
    }
}
