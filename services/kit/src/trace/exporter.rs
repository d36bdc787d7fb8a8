//! Decides which requests are recorded, and exports their spans by OTLP over HTTP.

use super::{Trace, TraceSettings, collector::Collector, propagation, start};
use http::HeaderMap;
use opentelemetry::{
    Context,
    trace::{SpanBuilder, SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceState, TracerProvider},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{IdGenerator, RandomIdGenerator, Sampler, SdkTracer, SdkTracerProvider},
};
use std::{env, time::Duration};

/// The variable for the whole URL of a collector, which stands over that of the settings.
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/// The time for the last spans when the service stops.
const LAST_EXPORT: Duration = Duration::from_secs(2);

/// A service's part in traces.
#[derive(Debug)]
pub(crate) struct TraceExporter {
    recorder: Option<(SdkTracer, SdkTracerProvider)>,
    ratio: f64,
}

impl TraceExporter {
    /// An exporter for `service`, which records nothing unless a collector is set. Needs a Tokio runtime.
    pub(crate) fn new(service: &'static str, settings: &TraceSettings) -> Result<Self, String> {
        let endpoint = env::var(TRACES_ENDPOINT).ok().filter(|url| !url.is_empty()).or(settings.endpoint());
        let recorder = endpoint.map(|endpoint| recorder(service, &endpoint)).transpose()?;
        Ok(Self { recorder, ratio: settings.ratio })
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

    /// Exports what is left.
    pub(crate) async fn finish(&self) {
        let Some((_, provider)) = self.recorder.clone() else { return };
        // It blocks its thread until the exporter's own is done.
        let last = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_EXPORT));
        let _ = last.await;
    }
}

/// A place in a new trace that is not recorded.
fn unrecorded() -> SpanContext {
    let ids = RandomIdGenerator::default();
    let (trace, span) = (ids.new_trace_id(), ids.new_span_id());
    SpanContext::new(trace, span, TraceFlags::NOT_SAMPLED, false, TraceState::NONE)
}

fn recorder(service: &'static str, endpoint: &str) -> Result<(SdkTracer, SdkTracerProvider), String> {
    let wrong = |error: &dyn std::fmt::Display| format!("tracing.otlp: found `{endpoint}` ({error})");
    let collector = Collector::new(service, endpoint).map_err(|error| wrong(&error))?;
    let exporter = SpanExporter::builder().with_http().with_http_client(collector).with_endpoint(endpoint);
    let exporter = exporter.build().map_err(|error| wrong(&error))?;
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOn)
        .with_resource(Resource::builder().with_service_name(service).build())
        .with_batch_exporter(exporter)
        .build();
    Ok((provider.tracer("linkextractor"), provider))
}
