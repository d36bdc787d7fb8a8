//! A service's metrics, in a registry of its own: two services in one process do not share any.

mod close_reason;
mod process;
mod text;

pub(crate) use close_reason::CloseReason;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Metric, Registry},
};
use std::sync::Arc;

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
    connections: Gauge,
    accepted: Counter,
    closed: Family<CloseReason, Counter>,
}

impl ServerMetrics {
    /// The server's metrics, to which `register` adds the service's own.
    pub(crate) fn new(register: impl FnOnce(&mut Registry)) -> Arc<Self> {
        let buckets: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_5, 2.5, 12));
        let durations = Family::new_with_constructor(buckets);
        let mut all = Registry::default();
        let help = "Requests answered; status 0: the client left before";
        let requests = add(&mut all, "http_requests", help, Family::default());
        let help = "From a request's whole header to its answer's last byte";
        let durations = add(&mut all, "http_request_duration_seconds", help, durations);
        let in_flight = add(&mut all, "http_requests_in_flight", "Requests being answered", Gauge::default());
        let connections = add(&mut all, "http_connections", "Open connections", Gauge::default());
        let accepted = add(&mut all, "http_connections_accepted", "Connections accepted", Counter::default());
        let help = "Connections that are over, and why";
        let closed = add(&mut all, "http_connections_ended", help, Family::default());
        all.register_collector(Box::new(process::Process::new()));
        register(&mut all);
        Arc::new(Self { registry: all, requests, durations, in_flight, connections, accepted, closed })
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

    /// All metrics in the Prometheus text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("writing to a string cannot fail");
        text::prometheus(&text)
    }
}

fn add<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

struct OpenConnection(Gauge);

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
