//! Decides which requests are recorded.

use super::{SpanPipeline, Trace, propagation, start};
use http::HeaderMap;
use opentelemetry::{
    Context,
    trace::{SpanBuilder, SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceState},
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer};

/// A service's part in traces.
#[derive(Debug)]
pub(crate) struct TraceExporter {
    recorder: Option<(SdkTracer, SpanPipeline)>,
    ratio: f64,
}

impl TraceExporter {
    /// An exporter for `service` that records a share of `ratio`, if there is a pipeline to a collector.
    pub(crate) fn new(service: &'static str, ratio: f64, pipeline: Option<SpanPipeline>) -> Self {
        Self { recorder: pipeline.map(|pipeline| (pipeline.tracer(service), pipeline)), ratio }
    }

    /// An exporter that records nothing.
    pub(crate) fn off() -> Self {
        Self { recorder: None, ratio: 1.0 }
    }

    /// Begins the span of a request with these headers. Whether its caller wants it to be recorded counts if the caller
    /// `is_trusted`; otherwise the ratio decides.
    pub(crate) fn begin(&self, headers: &HeaderMap, is_trusted: bool) -> Trace {
        let caller = propagation::read(headers);
        if caller.is_none() && self.recorder.is_none() {
            return Trace::default();
        }
        let is_wanted = match &caller {
            Some(caller) if is_trusted => caller.is_sampled(),
            // Whoever records decides, not a service that only passes a stranger's trace on.
            _ => self.recorder.is_some() && fastrand::f64() < self.ratio,
        };
        let parent = caller.map_or_else(Context::new, |caller| {
            let flags = if is_wanted { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
            let (trace, span, state) = (caller.trace_id(), caller.span_id(), caller.trace_state().clone());
            Context::new().with_remote_span_context(SpanContext::new(trace, span, flags, true, state))
        });
        match &self.recorder {
            Some((tracer, _)) if is_wanted => {
                start(tracer, &parent, SpanBuilder::from_name("request").with_kind(SpanKind::Server))
            }
            _ if parent.has_active_span() => Trace::new(parent, None),
            // Passed on, so that the next service does not decide anew.
            _ => Trace::new(Context::new().with_remote_span_context(unrecorded()), None),
        }
    }

    /// Says that the service has stopped; the last one of the process exports what is left.
    pub(crate) async fn finish(&self) {
        if let Some((_, pipeline)) = &self.recorder {
            pipeline.finish().await;
        }
    }
}

/// A place in a new trace that is not recorded.
fn unrecorded() -> SpanContext {
    let ids = RandomIdGenerator::default();
    let (trace, span) = (ids.new_trace_id(), ids.new_span_id());
    SpanContext::new(trace, span, TraceFlags::NOT_SAMPLED, false, TraceState::NONE)
}
