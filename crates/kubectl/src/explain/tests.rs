use gatehouse_model::{GroupVersion, KubeVersion, json, schema};

use super::wrap::wrap;
use super::{Heading, Node, explain, heading};

fn pod() -> Node<'static> {
    let ty = schema::for_kind(KubeVersion::V1_36, &GroupVersion::parse("v1"), "Pod").unwrap();
    Node::Builtin { ty, via: None }
}

#[test]
fn fields_have_types() {
    let text = explain(pod(), &["spec", "containers"], false).unwrap();
    assert!(text.starts_with("FIELD: containers <[]Container>\n\n\nDESCRIPTION:\n"), "{text}");
    assert_eq!(
        heading(&Heading { group: "", version: "v1", kind: "Pod" }),
        "KIND:       Pod\nVERSION:    v1\n\n"
    );
    assert!(text.contains("\n  name\t<string> -required-\n"), "{text}");
    assert!(text.contains("\n  env\t<[]EnvVar>\n"), "{text}");
    assert_eq!(explain(pod(), &["spec", "nope"], false).unwrap_err(), "error: field \"nope\" does not exist");
}

#[test]
fn scalars_have_descriptions_of_their_own() {
    let text = explain(pod(), &["spec", "containers", "ports"], false).unwrap();
    assert!(!text.contains("IntOrString"), "{text}");
    let text = explain(pod(), &["spec", "containers", "livenessProbe", "tcpSocket", "port"], false).unwrap();
    assert!(
        text.contains("\n    IntOrString is a type that can hold an int32 or a string.  When used in JSON\n")
    );
    let text = explain(pod(), &["spec", "containers", "resources", "limits"], false).unwrap();
    assert!(
        text.contains("\n    Quantity is a fixed-point representation of a number. It provides convenient\n")
    );
}

#[test]
fn recursion_ends() {
    let text = explain(pod(), &["spec"], true).unwrap();
    assert!(text.contains("\n  containers\t<[]Container> -required-\n    args\t<[]string>\n"), "{text}");
}

#[test]
fn custom_resources_explain_themselves() {
    let schema = json!({"description": "A backup.", "properties": {
        "spec": {"type": "object", "description": "What.", "required": ["schedule"], "properties": {
            "schedule": {"type": "string", "description": "When."}, "tags": {"type": "array", "items": {"type": "string"}}}}}});
    let metadata = gatehouse_model::schema::builtin()
        .named(KubeVersion::V1_36, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    let root = Node::Custom { schema: &schema, metadata, embeds: None };
    let of = Heading { group: "stable.example.com", version: "v1", kind: "Backup" };
    assert_eq!(heading(&of), "GROUP:      stable.example.com\nKIND:       Backup\nVERSION:    v1\n\n");
    assert_eq!(
        explain(root, &["spec"], false).unwrap(),
        "FIELD: spec <Object>\n\n\nDESCRIPTION:\n    What.\n    \nFIELDS:\n  schedule\t<string> -required-\n    When.\n\n  tags\t<[]string>\n    <no description>\n\n\n"
    );
}

#[test]
fn text_wraps_at_spaces() {
    assert_eq!(wrap(10, "one two three four"), "one two\nthree four");
    assert_eq!(wrap(5, "a\n\nlongerthanfive b"), "a\n\nlongerthanfive\nb");
}
