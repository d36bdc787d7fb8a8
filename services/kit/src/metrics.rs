//! A service's metrics, in a registry of its own: two services in one process do not share any.

mod close_reason;
mod format;
mod process;
mod reading;
mod refusals;
mod registry;

pub(crate) use self::{
    close_reason::CloseReason,
    format::MetricsFormat,
    refusals::{RefusalReason, RequestRefusals},
};
pub use registry::Metrics;

use crate::ServerSettings;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};
use std::sync::{Arc, atomic::AtomicU64};

/// The upper bounds of the buckets for durations of requests, in seconds.
const DURATIONS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BuildLabels {
    service: &'static str,
    version: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DurationLabels {
    method: &'static str,
    route: &'static str,
}

/// The metrics of a service's requests and connections, and those of its own.
pub(crate) struct ServerMetrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<DurationLabels, Histogram, fn() -> Histogram>,
    pub(crate) in_flight: Gauge,
    connections: Gauge<u64, AtomicU64>,
    accepted: Counter,
    closed: Family<CloseReason, Counter>,
}

impl ServerMetrics {
    /// The metrics of a server with `settings`; `register` adds those of its limits and of the service itself.
    pub(crate) fn new(settings: &ServerSettings, register: impl FnOnce(&mut Metrics)) -> Arc<Self> {
        let durations: fn() -> Histogram = || Histogram::new(DURATIONS);
        let durations = Family::new_with_constructor(durations);
        let mut all = Metrics::default();
        let build = Family::<BuildLabels, Gauge>::default();
        build
            .get_or_create(&BuildLabels { service: settings.name, version: env!("CARGO_PKG_VERSION") })
            .set(1);
        all.register("build_info", "The program, as labels; always 1", build);
        let help = "Requests answered; status 0: the client left before";
        let requests = add(&mut all, "http_requests", help, Family::default());
        let help = "From the complete header of a request to the last byte of its response";
        let durations = add(&mut all, "http_request_duration_seconds", help, durations);
        let help = "Requests in progress, responses that are being sent included";
        let in_flight = add(&mut all, "http_requests_in_flight", help, Gauge::default());
        let connections = Gauge::<u64, AtomicU64>::default();
        let open = connections.clone();
        let most = settings.limits.connections as u64;
        all.limit("http_connections", "Open connections", most, move || open.get());
        let accepted = add(&mut all, "http_connections_accepted", "Connections accepted", Counter::default());
        let help = "Connections that were closed, and why";
        let closed = add(&mut all, "http_connections_closed", help, CloseReason::counters());
        register(&mut all);
        let limit = settings.process_memory;
        let help = "limits.memory of all services in the process";
        all.gauge("process_resident_memory_limit_bytes", help, move || limit);
        let registry = all.into_registry();
        Arc::new(Self { registry, requests, durations, in_flight, connections, accepted, closed })
    }

    /// The counter and histogram for requests of this kind.
    pub(crate) fn series(&self, method: &'static str, route: &'static str, status: u16) -> Series {
        let kind = RequestLabels { method, route, status };
        let requests = self.requests.get_or_create_owned(&kind);
        let durations = self.durations.get_or_create_owned(&DurationLabels { method, route });
        Series { kind, requests, durations }
    }

    /// Counts a connection that was closed.
    pub(crate) fn closed(&self, reason: CloseReason) {
        self.closed.get_or_create(&reason).inc();
    }

    /// Counts a connection until the result is dropped.
    pub(crate) fn connection(&self) -> impl Drop + use<> {
        self.accepted.inc();
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    /// All metrics in `format`.
    pub(crate) fn text(&self, format: MetricsFormat) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("writing to a string cannot fail");
        format.of_open_metrics(text)
    }
}

fn add<M: Metric + Clone>(metrics: &mut Metrics, name: &str, help: &str, metric: M) -> M {
    metrics.register(name, help, metric.clone());
    metric
}

struct OpenConnection(Gauge<u64, AtomicU64>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The counter and histogram of one kind of requests; a connection keeps them, as most of its requests are alike.
pub(crate) struct Series {
    kind: RequestLabels,
    requests: Counter,
    durations: Histogram,
}

impl Series {
    /// Whether this series is for requests of this kind.
    pub(crate) fn is(&self, method: &'static str, route: &'static str, status: u16) -> bool {
        self.kind == RequestLabels { method, route, status }
    }

    /// Counts a request that took `seconds`.
    pub(crate) fn observe(&self, seconds: f64) {
        self.requests.inc();
        self.durations.observe(seconds);
    }
}
