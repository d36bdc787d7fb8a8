//! A service's metrics, in a registry of its own, so that two services in one process do not mix.

mod close_reason;
mod process;
mod series;
mod text;

pub(crate) use close_reason::CloseReason;
pub(crate) use series::Series;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use std::sync::Arc;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Served {
    method: &'static str,
    route: &'static str,
}

/// The metrics of a service's requests and connections, and those of its own.
pub(crate) struct ServerMetrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Served, Histogram, fn() -> Histogram>,
    pub(crate) in_flight: Gauge,
    connections: Gauge,
    accepted: Counter,
    closed: Family<CloseReason, Counter>,
}

impl ServerMetrics {
    /// The server's metrics, to which `register` adds the service's own.
    pub(crate) fn new(register: impl FnOnce(&mut Registry)) -> Arc<Self> {
        let mut registry = Registry::default();
        let requests = Family::default();
        registry.register(
            "http_requests",
            "Requests answered; status 0: the client left before",
            requests.clone(),
        );
        let buckets: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_5, 2.5, 12));
        let durations = Family::new_with_constructor(buckets);
        registry.register(
            "http_request_duration_seconds",
            "From a request's whole header to its answer's last byte",
            durations.clone(),
        );
        let in_flight = Gauge::default();
        registry.register("http_requests_in_flight", "Requests being answered", in_flight.clone());
        let connections = Gauge::default();
        registry.register("http_connections", "Open connections", connections.clone());
        let accepted = Counter::default();
        registry.register("http_connections_accepted", "Connections accepted", accepted.clone());
        let closed = Family::default();
        registry.register("http_connections_ended", "Connections that are over, and why", closed.clone());
        registry.register_collector(Box::new(process::Process::new()));
        register(&mut registry);
        Arc::new(Self { registry, requests, durations, in_flight, connections, accepted, closed })
    }

    /// The counter and histogram for requests of this kind.
    pub(crate) fn series(&self, method: &'static str, route: &'static str, status: u16) -> Series {
        let requests = self.requests.get_or_create_owned(&Answered { method, route, status });
        let durations = self.durations.get_or_create_owned(&Served { method, route });
        Series { method, route, status, requests, durations }
    }

    /// Counts a connection that was closed.
    pub(crate) fn closed(&self, reason: CloseReason) {
        self.closed.get_or_create(&reason).inc();
    }

    /// Counts a connection until the result is dropped.
    pub(crate) fn connection(&self) -> impl Drop + use<> {
        self.accepted.inc();
        self.connections.inc();
        Open(self.connections.clone())
    }

    /// All metrics in the Prometheus text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("writing to a string cannot fail");
        text::prometheus(&text)
    }
}

struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
