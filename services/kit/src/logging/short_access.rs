//! Access lines for a person at a terminal: the service's short name, method, target, status and time.

use std::fmt;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Writer},
    },
    registry::LookupSpan,
};

/// Shortens lines of the access log; others are as they always are.
pub(super) struct ShortAccess(pub(super) Format<Full>);

impl<S, N> FormatEvent<S, N> for ShortAccess
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != "access" {
            return self.0.format_event(context, writer, event);
        }
        let mut line = AccessLine::default();
        event.record(&mut line);
        let AccessLine { service, method, uri, status, milliseconds } = line;
        // Programs of one product differ in the last part of their names.
        let service = service.rsplit('-').next().unwrap_or_default();
        writeln!(writer, "{service:>3} {method} {uri} {status} {milliseconds:.0} ms")
    }
}

#[derive(Default)]
struct AccessLine {
    service: String,
    method: String,
    uri: String,
    status: u64,
    milliseconds: f64,
}

impl Visit for AccessLine {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.status = value;
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "duration_ms" {
            self.milliseconds = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let member = match field.name() {
            "service" => &mut self.service,
            "method" => &mut self.method,
            "uri" => &mut self.uri,
            _ => return,
        };
        // A target must not act on the terminal.
        *member = value.replace(char::is_control, "\u{fffd}");
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
