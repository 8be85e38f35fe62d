//! CustomResourceDefinitions.
//!
//! Models apiextensions `pkg/apis/apiextensions/v1/defaults.go`.

use gatehouse_model::Value;

use super::fill;

/// Names and the conversion strategy.
pub(super) fn definition(object: &mut Value) {
    let kind = object.str_at(&["spec", "names", "kind"]).to_owned();
    if !kind.is_empty() {
        fill::text(object, &["spec", "names", "singular"], &kind.to_lowercase());
        fill::text(object, &["spec", "names", "listKind"], &format!("{kind}List"));
    }
    fill::pointer(object, &["spec", "conversion", "strategy"], "None");
    fill::inside(object, &["spec", "conversion", "webhook", "clientConfig", "service"], |s| {
        fill::pointer(s, &["port"], 443);
    });
}
