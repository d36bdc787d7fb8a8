//! Traces: where a request stands in a trace (W3C Trace Context), and the spans that are recorded for it.
//!
//! Spans are made explicitly, and not by `tracing-opentelemetry` from spans of `tracing`: those would be made for every
//! request, recorded or not, where a request without a trace now costs one look at its headers. And those of a fetch are
//! made after it from its record, with the times that its log event and its metrics have.

mod collector;
mod exporter;
mod pipeline;
mod propagation;
mod settings;

pub(crate) use exporter::TraceExporter;
pub use pipeline::SpanPipeline;
pub use settings::{OTLP_VARIABLE, TraceSettings};

use http::HeaderMap;
use opentelemetry::{
    Context, KeyValue, Value,
    trace::{SpanBuilder, SpanKind, Status, TraceContextExt, Tracer},
};
use opentelemetry_sdk::trace::SdkTracer;
use std::{borrow::Cow, sync::Arc, time::SystemTime};

/// A request's place in a trace: nothing, the place of the caller, or a span that is recorded. Cheap to clone; a span ends
/// when its last clone is dropped.
#[derive(Clone, Default)]
#[must_use]
pub struct Trace(Option<Arc<TracePosition>>);

struct TracePosition {
    context: Context,
    /// Records the children; `None` where nothing is recorded.
    tracer: Option<SdkTracer>,
}

impl Trace {
    fn new(context: Context, tracer: Option<SdkTracer>) -> Self {
        Self(Some(Arc::new(TracePosition { context, tracer })))
    }

    /// Whether spans are recorded.
    pub fn is_recorded(&self) -> bool {
        self.recorder().is_some()
    }

    fn recorder(&self) -> Option<(&SdkTracer, &Context)> {
        let place = self.0.as_deref()?;
        place.tracer.as_ref().map(|tracer| (tracer, &place.context))
    }

    /// Begins a child span of work in this process; where nothing is recorded, the same place again.
    pub fn child(&self, name: &'static str) -> Self {
        self.begin(name, SpanKind::Internal)
    }

    /// Begins a child span of a request to another server; where nothing is recorded, the same place again.
    pub fn client(&self, name: &'static str) -> Self {
        self.begin(name, SpanKind::Client)
    }

    fn begin(&self, name: &'static str, kind: SpanKind) -> Self {
        self.recorder().map_or_else(
            || self.clone(),
            |(tracer, parent)| start(tracer, parent, SpanBuilder::from_name(name).with_kind(kind)),
        )
    }

    /// A child span that began at `start`; [`end_at`](Self::end_at) ends it.
    pub fn child_at(&self, name: &'static str, start_time: SystemTime) -> Self {
        self.begin_at(name, SpanKind::Internal, start_time)
    }

    /// As [`child_at`](Self::child_at), of a request to another server.
    pub fn client_at(&self, name: &'static str, start_time: SystemTime) -> Self {
        self.begin_at(name, SpanKind::Client, start_time)
    }

    fn begin_at(&self, name: &'static str, kind: SpanKind, start_time: SystemTime) -> Self {
        self.recorder().map_or_else(Self::default, |(tracer, parent)| {
            start(tracer, parent, SpanBuilder::from_name(name).with_kind(kind).with_start_time(start_time))
        })
    }

    /// Ends the span at `time`.
    pub fn end_at(&self, time: SystemTime) {
        if let Some((_, context)) = self.recorder() {
            context.span().end_with_timestamp(time);
        }
    }

    /// Gives the span an attribute; `value` is only made where there is a span.
    pub fn set<V: Into<Value>>(&self, key: &'static str, value: impl FnOnce() -> V) {
        if let Some((_, context)) = self.recorder() {
            context.span().set_attribute(KeyValue::new(key, value()));
        }
    }

    /// Marks the span as failed for the reason `code`, a stable word (`error.type`).
    pub fn fail(&self, code: impl Into<Cow<'static, str>>) {
        if let Some((_, context)) = self.recorder() {
            let span = context.span();
            span.set_attribute(KeyValue::new("error.type", code.into()));
            span.set_status(Status::error(""));
        }
    }

    /// Gives the span its name and ends it now, also if it has other clones.
    pub(crate) fn end(&self, name: impl FnOnce() -> String) {
        if let Some((_, context)) = self.recorder() {
            context.span().update_name(name());
            context.span().end();
        }
    }

    /// Adds the fields that make another server's spans children of this one: `traceparent` and `tracestate`.
    pub fn pass_on(&self, headers: &mut HeaderMap) {
        if let Some(place) = &self.0 {
            propagation::write(&place.context, headers);
        }
    }

    /// The trace's id for log lines: 32 hexadecimal digits.
    pub fn id(&self) -> Option<String> {
        self.0.as_ref().map(|place| place.context.span().span_context().trace_id().to_string())
    }
}

fn start(tracer: &SdkTracer, parent: &Context, span: SpanBuilder) -> Trace {
    let span = tracer.build_with_context(span, parent);
    Trace::new(parent.with_span(span), Some(tracer.clone()))
}
