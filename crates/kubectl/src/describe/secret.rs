//! Secrets: how long their values are, never what they are, but for service account tokens.

use gatehouse_model::{Object, base64};

use super::Description;
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, secret: &Object) -> Result<(), Error> {
    d.heading(secret);
    d.labels_and_annotations(secret);
    let w = &mut d.w;
    let kind = secret.str_at(&["type"]);
    w.field(0, "\nType", kind);
    w.line(0, "\nData\n====");
    for (key, value) in secret.map_at(&["data"]).iter() {
        let bytes = base64::decode(value.as_str().unwrap_or("")).unwrap_or_default();
        if key == "token" && kind == "kubernetes.io/service-account-token" {
            w.field(0, key, String::from_utf8_lossy(&bytes));
        } else {
            w.field(0, key, format!("{} bytes", bytes.len()));
        }
    }
    Ok(())
}
