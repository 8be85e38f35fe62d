use super::Selector;
use crate::json;

#[test]
fn selects_and_prints() {
    let labels = json!({"app": "web", "tier": "front", "n": "5"});
    for (text, printed, matches) in [
        ("app=web", "app=web", true),
        ("app==web,tier!=back", "app==web,tier!=back", true),
        ("tier in (front, back),app", "app,tier in (back,front)", true),
        ("tier notin (front)", "tier notin (front)", false),
        ("!gone", "!gone", true),
        ("! app", "!app", false),
        ("n>4,n<6", "n>4,n<6", true),
        ("app=", "app=", false),
        ("missing!=x", "missing!=x", true),
        ("in in (in)", "in in (in)", false),
        ("", "", true),
        ("x in (,a)", "x in (,a)", false),
    ] {
        let s = Selector::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(s.to_string(), printed);
        assert_eq!(s.matches(labels.entries()), matches, "{text}");
    }
}

#[test]
fn errors_are_apimachinerys() {
    let label_key = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let label_value = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    for (text, message) in [
        ("app=web=x", "found '=', expected: ',' or 'end of string'".to_owned()),
        ("app web", "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt".to_owned()),
        ("app in web", "unable to parse requirement: found 'web' expected: '('".to_owned()),
        ("app in (web", "unable to parse requirement: found '', expected: ',' or ')'".to_owned()),
        ("app,", "found '', expected: identifier after ','".to_owned()),
        ("=x", "found '=', expected: !, identifier, or 'end of string'".to_owned()),
        ("a@b=c", format!("unable to parse requirement: <nil>: Invalid value: \"a@b\": {label_key}")),
        ("a=b@", format!("unable to parse requirement: values[0][a]: Invalid value: \"b@\": {label_value}")),
        ("n>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer".to_owned()),
    ] {
        assert_eq!(Selector::parse(text), Err(message), "{text}");
    }
}

#[test]
fn objects_select() {
    let labels = json!({"app": "web"});
    let of = |v: crate::Value| Selector::from_object(Some(&v));
    assert!(!Selector::from_object(None).expect("valid").matches(labels.entries()));
    assert!(of(json!({})).expect("valid").matches(labels.entries()));
    let s = of(json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "app", "operator": "In", "values": ["b", "web"]}, {"key": "x", "operator": "DoesNotExist"}]})).expect("valid");
    assert_eq!(s.to_string(), "app=web,app in (b,web),!x");
    assert!(s.matches(labels.entries()));
    assert_eq!(
        of(json!({"matchExpressions": [{"key": "a", "operator": "in"}]})),
        Err("\"in\" is not a valid label selector operator".to_owned())
    );
    let back = Selector::parse("app=web,x notin (a)").expect("valid").to_object().expect("plain");
    assert_eq!(
        back,
        json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["a"]}]})
    );
}
