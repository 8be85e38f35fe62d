//! Changes of a Service: its addresses, families and balancer stay.
//!
//! Models `ValidateServiceUpdate`.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::check::Errors;
use super::{Rules, meta, service};

/// A change of a Service.
pub(super) fn update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    let external = |o: &Object| o.str_at(&["spec", "type"]) == "ExternalName";
    if !external(new) && !external(old) {
        stays(errors, new, old, &IPS);
        stays(errors, new, old, &FAMILIES);
    }
    let balancer = |o: &Object| o.str_at(&["spec", "type"]) == "LoadBalancer";
    let class = |o: &Object| o.at(&["spec", "loadBalancerClass"]).cloned().unwrap_or_default();
    if balancer(new) && balancer(old) && class(new) != class(old) {
        let path = FieldPath::new("spec.loadBalancerClass");
        errors.push(FieldError::invalid(path, &class(new), "may not change once set"));
    }
    service::balancer_class(errors, new);
    let checked = |o: &Object| balancer(o) && o.str_at(&["spec", "externalTrafficPolicy"]) == "Local";
    let port = |o: &Object| o.i64_at(&["spec", "healthCheckNodePort"]).unwrap_or(0);
    if checked(new) && checked(old) && port(new) != port(old) {
        errors.push(FieldError::forbidden(FieldPath::new("spec.healthCheckNodePort"), "field is immutable"));
    }
    service::service(errors, rules, new);
}

/// A list of which the first entry is fixed and a second may come and go.
struct Dual {
    field: &'static str,
    what: &'static str,
}

const IPS: Dual = Dual { field: "clusterIPs", what: "clusterIP" };
const FAMILIES: Dual = Dual { field: "ipFamilies", what: "ipFamily" };

fn stays(errors: &mut Errors, new: &Object, old: &Object, dual: &Dual) {
    let headless = |o: &Object| {
        let ips = o.list_at(&["spec", "clusterIPs"]);
        ips.len() == 1 && ips.iter().all(|ip| ip.as_str() == Some("None"))
    };
    let of_families = dual.field == FAMILIES.field;
    if (headless(new) && headless(old)) || (of_families && (headless(new) || headless(old))) {
        return;
    }
    let list = |o: &Object, field: &str| o.list_at(&["spec", field]).to_vec();
    let (now, before) = (list(new, dual.field), list(old, dual.field));
    let shown = |list: Vec<Value>| if list.is_empty() { Value::Null } else { Value::from(list) };
    let path = FieldPath::new("spec").child(dual.field);
    let changed =
        |i: usize, shown: Value| FieldError::invalid(path.index(i), &shown, "may not change once set");
    if now.len() == before.len() {
        for (i, _) in now.iter().zip(&before).enumerate().filter(|(_, (now, before))| now != before) {
            // Of families, the server always names the first.
            errors.push(changed(if of_families { 0 } else { i }, shown(now.clone())));
        }
        return;
    }
    if now.len() < before.len() && list(new, IPS.field).is_empty() {
        let why = format!("primary {} can not be unset", dual.what);
        errors.push(FieldError::invalid(path.index(0), &shown(now.clone()), why));
    }
    if let (Some(a), Some(b)) = (now.first(), before.first())
        && a != b
    {
        // The server shows the addresses here, whichever list it is.
        errors.push(changed(0, shown(list(new, IPS.field))));
    }
    let policy = new.at(&["spec", "ipFamilyPolicy"]).cloned().unwrap_or_default();
    if now.len() == 1 && before.len() > 1 && policy.as_str() != Some("SingleStack") {
        let why = format!("must be set to 'SingleStack' when releasing the secondary {}", dual.what);
        errors.push(FieldError::invalid(FieldPath::new("spec.ipFamilyPolicy"), &policy, why));
    }
}
