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

#[test]
fn hostile_expressions_end() {
    let nested = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(evaluated(&nested).contains("recursion limit"));
    let loops = "object.list.all(a, object.list.all(b, object.list.all(c, true)))";
    assert_eq!(evaluated(loops), "true");
    let long = format!("[{}]", vec!["0"; 300].join(","));
    let costly = format!("{long}.all(a, {long}.all(b, {long}.all(c, a + b + c == 0)))");
    assert_eq!(evaluated(&costly), "error: operation cancelled: actual cost limit exceeded");
}
