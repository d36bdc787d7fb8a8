//! Log lines as JSON objects: the time, the level, the members of the event, and its target.

use super::log_queue::LogQueue;
use serde::{Serialize, Serializer};
use std::{
    cell::Cell,
    fmt,
    io::Write,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// Writes events to the queue. The layer of `tracing_subscriber` takes five times as long: it checks each piece of a line
/// for UTF-8 and makes strings on the way.
pub(super) struct JsonLines(pub(super) Arc<LogQueue>);

thread_local! {
    /// It is taken while it is in use, as an event's member may log something itself.
    static LINE: Cell<LineBuffer> = Cell::default();
}

/// A buffer for a line, and the date and time of the last one, which the next one mostly has, too.
#[derive(Default)]
struct LineBuffer {
    line: Vec<u8>,
    /// Seconds since the epoch.
    second: u64,
    /// The same as RFC 3339 has it, without a fraction and the `Z`.
    date_time: String,
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (mut buffer, metadata) = (LINE.take(), event.metadata());
        buffer.line.clear();
        buffer.line.extend_from_slice(b"{\"timestamp\":\"");
        buffer.add_time(SystemTime::now());
        buffer.line.extend_from_slice(b"\",\"level\":\"");
        buffer.line.extend_from_slice(metadata.level().as_str().as_bytes());
        buffer.line.push(b'"');
        let mut members = Members(&mut buffer.line);
        event.record(&mut members);
        members.add_text("target", metadata.target());
        buffer.line.extend_from_slice(b"}\n");
        self.0.push(&buffer.line);
        LINE.set(buffer);
    }
}

impl LineBuffer {
    /// Adds `time` with microseconds (RFC 3339).
    fn add_time(&mut self, time: SystemTime) {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        if since.as_secs() != self.second || self.date_time.is_empty() {
            let second = UNIX_EPOCH + Duration::from_secs(since.as_secs());
            self.second = since.as_secs();
            self.date_time = humantime::format_rfc3339_seconds(second).to_string();
            self.date_time.pop();
        }
        let mut fraction = *b".000000Z";
        let mut rest = since.subsec_micros();
        for digit in fraction[1..7].iter_mut().rev() {
            *digit = b"0123456789"[(rest % 10) as usize];
            rest /= 10;
        }
        self.line.extend_from_slice(self.date_time.as_bytes());
        self.line.extend_from_slice(&fraction);
    }
}

struct Members<'a>(&'a mut Vec<u8>);

impl Members<'_> {
    fn add(&mut self, name: &str, value: impl Serialize) {
        self.add_name(name);
        // No value fails.
        let _ = serde_json::to_writer(&mut *self.0, &value);
    }

    fn add_text(&mut self, name: &str, text: &str) {
        if !is_plain(text.as_bytes()) {
            return self.add(name, text);
        }
        self.add_name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
    }

    /// Names are words of the source, without anything to escape.
    fn add_name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

/// Whether JSON needs no escapes for `text`. Looks at all bytes, which takes less time than to stop at the first that does.
fn is_plain(text: &[u8]) -> bool {
    let is_escaped = |byte: &u8| u8::from(*byte < b' ') | u8::from(*byte == b'"') | u8::from(*byte == b'\\');
    text.iter().fold(0, |escaped, byte| escaped | is_escaped(byte)) == 0
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
        self.add_text(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let before = self.0.len();
        self.add_name(field.name());
        self.0.push(b'"');
        let start = self.0.len();
        // Writing to a vector cannot fail.
        let _ = write!(self.0, "{value:?}");
        if is_plain(&self.0[start..]) {
            self.0.push(b'"');
        } else {
            self.0.truncate(before);
            self.add(field.name(), DebugText(value));
        }
    }
}

/// The text of a value, written without a string for it.
struct DebugText<'a>(&'a dyn fmt::Debug);

impl Serialize for DebugText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::File,
        io::{Read, Seek},
    };
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn times_are_those_of_rfc_3339() {
        let mut buffer = LineBuffer::default();
        for micros in [0, 1, 999_999, 1_000_000, 1_000_010, 1_796_000_000_123_456, 1_796_000_000_999_999] {
            let time = UNIX_EPOCH + Duration::from_micros(micros);
            buffer.line.clear();
            buffer.add_time(time);
            let expected = humantime::format_rfc3339_micros(time).to_string();
            assert_eq!(String::from_utf8_lossy(&buffer.line), expected);
        }
    }

    #[test]
    fn every_text_is_a_json_string() {
        let output = tempfile::tempfile().unwrap();
        let (queue, guard) = LogQueue::start(output.try_clone().unwrap(), true).unwrap();
        let texts = [
            "",
            "plain",
            "\u{e9}\u{7f}",
            "a \"b\"",
            "\\",
            "\n",
            "\u{1f}",
            "0123456789012345678901234567890\t",
        ];
        tracing::subscriber::with_default(tracing_subscriber::registry().with(JsonLines(queue)), || {
            for text in texts {
                tracing::info!(text, shown = %text, debug = ?text, number = 1.5, "message");
            }
        });
        drop(guard);
        let lines = read(output);
        assert_eq!(lines.lines().count(), texts.len());
        for (line, text) in lines.lines().zip(texts) {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!((&line["text"], &line["shown"]), (&text.into(), &text.into()));
            assert_eq!((&line["debug"], &line["number"]), (&format!("{text:?}").into(), &1.5.into()));
        }
    }

    fn read(mut file: File) -> String {
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text
    }
}
