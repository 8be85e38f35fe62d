//! The events section.

use gatehouse_core::Timestamp;
use gatehouse_model::{Object, Value};

use super::Description;
use crate::error::Error;
use crate::tables::since;

const EVENTS: (&str, &str, &str) = ("", "v1", "events");

impl Description<'_, '_, '_> {
    /// The events about an object.
    pub(super) fn find_events(&mut self, o: &Object, kind: &str, uid: &str) -> Result<Vec<Object>, Error> {
        let mut fields = vec![
            format!("involvedObject.name={}", o.name()),
            format!("involvedObject.namespace={}", o.namespace()),
        ];
        if !kind.is_empty() {
            fields.push(format!("involvedObject.kind={kind}"));
        }
        if !uid.is_empty() {
            fields.push(format!("involvedObject.uid={uid}"));
        }
        gatehouse_model::order::sort(&mut fields);
        self.list(EVENTS, o.namespace(), "", &fields.join(","))
    }

    /// The section, for the events of an object of its own kind; silent where they cannot be read.
    pub(super) fn events(&mut self, o: &Object) {
        if self.show_events {
            let found = self.find_events(o, o.kind(), o.uid()).unwrap_or_default();
            self.write_events(found);
        }
    }

    /// The section.
    pub(super) fn write_events(&mut self, mut events: Vec<Object>) {
        if events.is_empty() {
            self.w.field(0, "Events", "<none>");
            return;
        }
        gatehouse_model::order::by(&mut events, |a, b| {
            a.str_at(&["lastTimestamp"]).cmp(b.str_at(&["lastTimestamp"]))
        });
        self.w.line(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage");
        self.w.line(1, "----\t------\t----\t----\t-------");
        let now = self.now();
        for e in &events {
            let mut source = e.str_at(&["source", "component"]);
            for other in ["reportingController", "reportingComponent"] {
                if source.is_empty() {
                    source = e.str_at(&[other]);
                }
            }
            let mut message = e.str_at(&["message"]).trim().to_owned();
            let field = e.str_at(&["involvedObject", "fieldPath"]);
            if !field.is_empty() && !self.w.old {
                message = format!("{field}: {message}");
            }
            let cells = [e.str_at(&["type"]), e.str_at(&["reason"]), &interval(e, now), source, &message];
            self.w.line(1, cells.join("\t"));
        }
    }
}

/// When an event happened, how often, and since when.
pub(crate) fn interval(e: &Value, now: Timestamp) -> String {
    let event_time = e.str_at(&["eventTime"]);
    let first = since(if event_time.is_empty() { e.str_at(&["firstTimestamp"]) } else { event_time }, now);
    let count = e.i64_at(&["count"]).unwrap_or(0);
    if let Some(series) = e.get("series").filter(|s| !s.is_null()) {
        let last = since(series.str_at(&["lastObservedTime"]), now);
        return format!("{last} (x{} over {first})", series.i64_at(&["count"]).unwrap_or(0));
    }
    if count > 1 {
        return format!("{} (x{count} over {first})", since(e.str_at(&["lastTimestamp"]), now));
    }
    first
}
