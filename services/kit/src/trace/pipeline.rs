//! The way of spans to a collector: one queue, one thread and one connection for all services of a process.

use super::{TraceSettings, collector::Collector};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Sampler, SdkTracer, SdkTracerProvider, SpanData, SpanExporter},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

/// The time for the last spans when the last service stops.
const LAST_EXPORT: Duration = Duration::from_secs(2);

/// The way of the spans of all services of a process to a collector. Clones share it.
#[derive(Clone, Debug)]
pub struct SpanPipeline {
    provider: SdkTracerProvider,
    /// The services that have not stopped.
    services: Arc<AtomicUsize>,
}

impl SpanPipeline {
    /// A pipeline for these `services`; `None` if no collector is set. Needs a Tokio runtime; an error says why the
    /// collector cannot be used.
    pub fn new(services: &[&'static str], settings: &TraceSettings) -> Result<Option<Self>, String> {
        let Some(endpoint) = settings.endpoint()? else { return Ok(None) };
        let wrong = |error: &dyn std::fmt::Display| format!("the collector of traces: {error}");
        let collector = Collector::new(&endpoint).map_err(|error| wrong(&error))?;
        let exporter = |service: &&'static str| {
            let exporter = OtlpExporter::builder().with_http().with_http_client(collector.clone());
            let mut exporter = exporter.with_endpoint(&endpoint).build().map_err(|error| wrong(&error))?;
            exporter.set_resource(&Resource::builder().with_service_name(*service).build());
            Ok((*service, exporter))
        };
        let exporters = services.iter().map(exporter).collect::<Result<_, String>>()?;
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOn)
            .with_batch_exporter(ExporterByService(exporters))
            .build();
        Ok(Some(Self { provider, services: Arc::new(AtomicUsize::new(services.len())) }))
    }

    /// Records the spans of `service`, one of those of the pipeline.
    pub(super) fn tracer(&self, service: &'static str) -> SdkTracer {
        self.provider.tracer(service)
    }

    /// Says that a service has stopped; after the last one, exports what is left.
    pub(super) async fn finish(&self) {
        if self.services.fetch_sub(1, Relaxed) == 1 {
            let provider = self.provider.clone();
            // It blocks its thread until the exporter's own is done.
            let last = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_EXPORT));
            let _ = last.await;
        }
    }
}

/// Exports the spans of each service with its own `service.name`. A span's scope has the name of its service.
#[derive(Debug)]
struct ExporterByService(Vec<(&'static str, OtlpExporter)>);

impl SpanExporter for ExporterByService {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let (mut batch, mut result) = (batch, Ok(()));
        for (service, exporter) in &self.0 {
            let is_own = |span: &SpanData| span.instrumentation_scope.name() == *service;
            let (own, others): (Vec<_>, Vec<_>) = batch.into_iter().partition(is_own);
            batch = others;
            if !own.is_empty() {
                result = result.and(exporter.export(own).await);
            }
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.iter().try_for_each(|(_, exporter)| exporter.shutdown_with_timeout(timeout))
    }
}
