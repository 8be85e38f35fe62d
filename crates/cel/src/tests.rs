use super::*;

fn evaluated(source: &str) -> String {
    let program = match compile(source, &Environment::default().with("object", Type::Dyn)) {
        Ok(program) => program,
        Err(issues) => return issues.to_string(),
    };
    let object =
        gatehouse_model::json!({"metadata": {"name": "web", "labels": {"app": "web"}}, "list": [1, 2]});
    let variables = BTreeMap::from([("object".to_owned(), Value::of(&object))]);
    match program.evaluate(&variables, &NoHost) {
        Ok(value) => value.show(),
        Err(e) => format!("error: {e}"),
    }
}

#[test]
fn values_come_out_as_the_language_says() {
    for (source, value) in [
        ("1 + 2 * 3", "7"),
        ("-7 / 2", "-3"),
        ("\"a\" + 'b'", "ab"),
        ("object.list.map(x, x * 2)", "[2, 4]"),
        ("has(object.metadata.labels.nope) || object.metadata.name == 'web'", "true"),
        ("true || 1 / 0 == 0", "true"),
        ("object.metadata.labels['nope']", "error: no such key: nope"),
        ("{'a': 1}.?b.orValue(4)", "4"),
        ("'%s has %d'.format(['x', 3])", "x has 3"),
        ("quantity('1Gi').isGreaterThan(quantity('1G'))", "true"),
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3')", "true"),
        ("timestamp('2020-02-29T23:04:05Z').getDate('Europe/Berlin')", "1"),
        ("[1, 2, 3].exists_one(x, x > 2)", "true"),
        ("type(1) == int", "true"),
    ] {
        assert_eq!(evaluated(source), value, "{source}");
    }
}

#[test]
fn mistakes_are_pointed_at() {
    assert_eq!(
        evaluated("1 + 1.0"),
        "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, double)'\n | 1 + 1.0\n | ..^"
    );
    assert!(
        evaluated("foo").starts_with("ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')")
    );
    assert!(evaluated("[1,2").contains("Syntax error: mismatched input '<EOF>' expecting {']', ','}"));
}

/// What is said of an expression, without the lines that show it.
fn said(source: &str) -> String {
    let environment = ["object", "oldObject", "request", "namespaceObject"]
        .iter()
        .fold(Environment::default(), |e, name| e.with(name, Type::Dyn));
    let findings = |issues: &Issues| {
        let line = |i: &Issue| {
            let Some(at) = i.at else { return format!("-1:0: {}", i.message) };
            format!("1:{}: {}", at + 1, i.message)
        };
        issues.list.iter().map(line).collect::<Vec<_>>().join("⏎")
    };
    let program = match compile(source, &environment) {
        Err(issues) => return findings(&issues),
        Ok(program) => program,
    };
    if let Err(why) = program.instantiate() {
        return if program.result == Type::Bool {
            format!("program instantiation failed: {why}")
        } else {
            format!("never: {why}")
        };
    }
    let shown = format!("\"%s\".format([dyn({source})])");
    let program = match compile(&shown, &environment) {
        Err(issues) => return findings(&issues),
        Ok(program) => program,
    };
    let pod = gatehouse_model::json::parse(include_str!("tests/pod.json")).unwrap();
    let empty = Value::of(&gatehouse_model::json!({}));
    let variables = BTreeMap::from([
        ("object".to_owned(), Value::of(&pod)),
        ("oldObject".to_owned(), Value::Null),
        ("request".to_owned(), empty.clone()),
        ("namespaceObject".to_owned(), empty),
    ]);
    match program.evaluate(&variables, &NoHost) {
        Ok(value) => format!("value: {}", value.show()),
        Err(why) => format!("error: {why}"),
    }
}

#[test]
fn what_cel_go_says_is_said() {
    const START: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
    let lines: Vec<&str> = include_str!("tests/cel-go.txt").lines().skip(2).collect();
    let mut wrong = Vec::new();
    for pair in lines.chunks(2) {
        let (source, expected) = (pair[0], pair[1].trim_start().replace("START", START));
        let actual = said(source);
        if actual != expected {
            wrong.push(format!("{source}\n  expected {expected}\n  actual   {actual}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), lines.len() / 2, wrong.join("\n"));
}

/// A value as `tests/libraries.txt` writes it.
fn written(v: &Value) -> String {
    let quoted = |text: &str| gatehouse_model::json::print(&text.into());
    match v {
        Value::Null => "null".to_owned(),
        Value::String(s) => quoted(s),
        Value::Optional(None) => "optional.none".to_owned(),
        Value::Optional(Some(v)) => format!("optional({})", written(v)),
        Value::Timestamp(..) | Value::Duration(_) => format!("{}({})", v.type_name(), v.show()),
        Value::Bytes(b) => format!("b{}", quoted(&String::from_utf8_lossy(b))),
        Value::UInt(u) => format!("{u}u"),
        Value::Double(d) => format!("{}(double)", crate::value::double(*d)),
        Value::List(l) => format!("[{}]", l.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Int(_) | Value::Bool(_) => v.show(),
        Value::Type(name) => name.clone(),
        _ => "opaque".to_owned(),
    }
}

/// What is said of each expression of a file, `x` being this.
fn held_to(file: &str, x: Value) {
    let environment = Environment::default().with("x", Type::Dyn).with_patches();
    let variables = BTreeMap::from([("x".to_owned(), x)]);
    let said = |source: &str| match compile(source, &environment) {
        Err(issues) => {
            let line = |i: &Issue| match i.at {
                Some(at) => format!("1:{}: {}", at + 1, i.message),
                None => format!("-1:0: {}", i.message),
            };
            issues.list.iter().map(line).collect::<Vec<_>>().join("⏎")
        }
        Ok(program) => match program.instantiate() {
            Err(why) => format!("never: {why}"),
            Ok(()) => {
                let (value, cost) = program.evaluate_counting(&variables, &NoHost);
                let value = value.map_or_else(|why| format!("error: {why}"), |v| written(&v));
                format!("{cost} {} {value}", program.result)
            }
        },
    };
    let lines: Vec<&str> = file.lines().skip(2).collect();
    let mut wrong = Vec::new();
    for pair in lines.chunks(2) {
        let (source, expected) = (pair[0], pair[1].strip_prefix("    ").unwrap_or_default());
        let actual = said(source);
        if actual != expected {
            wrong.push(format!("{source}\n  expected {expected}\n  actual   {actual}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), lines.len() / 2, wrong.join("\n"));
}

#[test]
fn every_function_gives_what_it_gives_at_what_it_costs() {
    held_to(include_str!("tests/libraries.txt"), Value::Null);
}

#[test]
fn expressions_about_an_object_give_what_they_give_at_what_they_cost() {
    let pod = gatehouse_model::json::parse(include_str!("tests/pod.json")).unwrap();
    held_to(include_str!("tests/objects.txt"), Value::of(&pod));
}

#[test]
fn mutations_are_written_down_as_objects() {
    let environment = Environment::default().with("object", Type::Dyn).with_patches();
    let program = compile(
        "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b~c'), value: Object.spec{replicas: 2}}]",
        &environment,
    )
    .unwrap();
    assert_eq!(program.result.to_string(), "list(JSONPatch)");
    let value = program.evaluate(&BTreeMap::new(), &NoHost).unwrap();
    assert_eq!(
        gatehouse_model::json::print(&value.tree()),
        r#"[{"op":"add","path":"/metadata/labels/a~1b~0c","value":{"replicas":2}}]"#
    );
    let wrong = compile("JSONPatch{op: 1}", &environment).unwrap_err().to_string();
    assert!(wrong.contains("expected type of field 'op' is 'string' but provided type is 'int'"), "{wrong}");
    assert!(compile("Object{}", &Environment::default()).is_err());
}

#[test]
fn deep_expressions_are_refused_in_words() {
    let nested = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(evaluated(&nested), "ERROR: <input>:-1:0: expression recursion limit exceeded: 250");
    let chain = vec!["1"; 400].join(" + ");
    assert_eq!(evaluated(&chain), "ERROR: <input>:-1:0: expression recursion limit exceeded: 250");
    let long = format!("'{}'", "a".repeat(100_001));
    assert!(
        evaluated(&long).contains("expression code point size exceeds limit: size: 100003, limit 100000")
    );
}

#[test]
fn nothing_grows_without_bounds() {
    let costly = "error: operation cancelled: actual cost limit exceeded";
    assert_eq!(evaluated("lists.range(1000000000000).size()"), costly);
    let word = "a".repeat(40_000);
    assert_eq!(evaluated(&format!("'{word}'.replace('a', '{word}').size()")), costly);
    assert!(evaluated("'%.999999999f'.format([1.5])").contains("too large"));
    let doubling = (0..60).fold("'aaaaaaaaaaaaaaaa'".to_owned(), |s, _| format!("{s}.replace('a', 'aaaa')"));
    assert_eq!(evaluated(&doubling), costly);
}

#[test]
fn hostile_expressions_end() {
    let loops = "object.list.all(a, object.list.all(b, object.list.all(c, true)))";
    assert_eq!(evaluated(loops), "true");
    let long = format!("[{}]", vec!["0"; 300].join(","));
    let costly = format!("{long}.all(a, {long}.all(b, {long}.all(c, a + b + c == 0)))");
    assert_eq!(evaluated(&costly), "error: operation cancelled: actual cost limit exceeded");
}
