//! Log lines as JSON objects: the time, the level, the members of the event, and its target.

use super::log_queue::LogQueue;
use serde::{Serialize, Serializer};
use std::{cell::Cell, fmt, io::Write, sync::Arc, time::SystemTime};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// Writes events to the queue. The layer of `tracing_subscriber` takes five times as long: it checks each piece of a line
/// for UTF-8 and makes strings on the way.
pub(super) struct JsonLines(pub(super) Arc<LogQueue>);

thread_local! {
    /// A buffer for a line. It is taken while it is in use, as an event's member may log something itself.
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = LINE.take();
        line.clear();
        let (time, metadata) = (humantime::format_rfc3339_micros(SystemTime::now()), event.metadata());
        // Writing to a vector cannot fail.
        let _ = write!(line, r#"{{"timestamp":"{time}","level":"{}""#, metadata.level());
        let mut members = Members(&mut line);
        event.record(&mut members);
        members.add("target", metadata.target());
        line.extend_from_slice(b"}\n");
        self.0.push(&line);
        LINE.set(line);
    }
}

struct Members<'a>(&'a mut Vec<u8>);

impl Members<'_> {
    fn add(&mut self, name: &str, value: impl Serialize) {
        // Names are words of the source, without anything to escape.
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
        // No value fails.
        let _ = serde_json::to_writer(&mut *self.0, &value);
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), Text(value));
    }
}

/// The text of a value, written without a string for it.
struct Text<'a>(&'a dyn fmt::Debug);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}
