//! Role bindings and cluster role bindings.

use gatehouse_model::Object;

use super::Description;
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, binding: &Object) -> Result<(), Error> {
    d.w.field(0, "Name", binding.name());
    d.labels_and_annotations(binding);
    let w = &mut d.w;
    w.line(0, "Role:");
    w.field(1, "Kind", binding.str_at(&["roleRef", "kind"]));
    w.field(1, "Name", binding.str_at(&["roleRef", "name"]));
    w.line(0, "Subjects:");
    w.line(1, "Kind\tName\tNamespace");
    w.line(1, "----\t----\t---------");
    for s in binding.list_at(&["subjects"]) {
        w.line(1, [s.str_at(&["kind"]), s.str_at(&["name"]), s.str_at(&["namespace"])].join("\t"));
    }
    Ok(())
}
