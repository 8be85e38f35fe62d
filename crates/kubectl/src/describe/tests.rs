use gatehouse_model::json;

use super::{Writer, pod_template};

#[test]
fn labels_and_annotations_stand_below_each_other() {
    let mut w = Writer::default();
    w.field(0, "Name", "x");
    w.labels("Labels", json!({"a": "1", "b": "2"}).entries());
    let long = "l".repeat(150);
    w.annotations("Annotations", json!({"k": "v", "long": long}).entries());
    let expected = format!(
        "Name:         x\nLabels:       a=1\n              b=2\nAnnotations:  k: v\n              long:\n                {}...\n",
        "l".repeat(138)
    );
    assert_eq!(w.finish(), expected);
}

#[test]
fn a_template_is_indented_as_kubectl_indents_it() {
    let template = json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "nginx", "image": "nginx:1.27", "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "resources": {"limits": {"memory": "64Mi"}}}]},
    });
    let mut w = Writer::default();
    pod_template(&mut w, Some(&template));
    let expected = "Pod Template:
  Labels:  app=web
  Containers:
   nginx:
    Image:      nginx:1.27
    Port:       80/TCP
    Host Port:  0/TCP
    Limits:
      memory:      64Mi
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
  Node-Selectors:  <none>
  Tolerations:     <none>
";
    assert_eq!(w.finish(), expected);
}
