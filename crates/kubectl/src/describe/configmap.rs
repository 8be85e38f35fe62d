//! Config maps.

use gatehouse_model::{Object, Value, base64};

use super::Description;
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, map: &Object) -> Result<(), Error> {
    d.heading(map);
    d.labels_and_annotations(map);
    d.w.line(0, "\nData\n====");
    for (key, value) in map.map_at(&["data"]).iter() {
        d.w.line(0, format!("{key}:\n----"));
        d.w.line(0, Value::as_str(value).unwrap_or(""));
        if !d.w.old {
            d.w.line(0, "");
        }
    }
    d.w.line(0, "\nBinaryData\n====");
    for (key, value) in map.map_at(&["binaryData"]).iter() {
        let len = Value::as_str(value).map_or(0, |v| base64::decode(v).map_or(0, |b| b.len()));
        d.w.line(0, format!("{key}: {len} bytes"));
    }
    d.w.line(0, "");
    d.events(map);
    Ok(())
}
