//! The metrics of the connection to Redis.

use super::fault::Fault;
use prometheus_client::metrics::{
    counter::Counter,
    family::Family,
    gauge::Gauge,
    histogram::{Histogram, exponential_buckets},
};
use std::time::Duration;

type CommandLabels = [(&'static str, &'static str); 2];

/// Clones share the values.
#[derive(Clone)]
pub(crate) struct RedisMetrics {
    /// The number of servers that are connected.
    pub(super) connections: Gauge,
    /// Connections that have ended.
    pub(super) lost: Counter,
    up: Gauge,
    commands: Family<CommandLabels, Histogram>,
    failed_writes: Counter,
}

impl Default for RedisMetrics {
    fn default() -> Self {
        // From 0.1 ms to 1.6 s.
        let histogram = || Histogram::new(exponential_buckets(0.000_1, 2.0, 15));
        Self {
            connections: Gauge::default(),
            lost: Counter::default(),
            up: Gauge::default(),
            commands: Family::new_with_constructor(histogram),
            failed_writes: Counter::default(),
        }
    }
}

impl RedisMetrics {
    pub(crate) fn register(&self, registry: &mut kit::Metrics) {
        let help = "Whether all servers of Redis that are needed are connected: 1 or 0";
        registry.register("redis_up", help, self.up.clone());
        registry.register("redis_connections", "Open connections to Redis", self.connections.clone());
        let help = "Connections to Redis that have ended, each followed by attempts to connect again";
        registry.register("redis_connections_lost", help, self.lost.clone());
        let help =
            "Time of commands to Redis by kind (get, claim, set) and result (ok, late, refused, unreachable)";
        registry.register("redis_command_seconds", help, self.commands.clone());
        let help = "Results that could not be stored in Redis";
        registry.register("redis_failed_writes", help, self.failed_writes.clone());
    }

    pub(super) fn set_up(&self, up: bool) {
        self.up.set(i64::from(up));
    }

    /// A `command` that took `time`.
    pub(super) fn command<T>(&self, command: &'static str, time: Duration, answer: &Result<T, Fault>) {
        let result = match answer {
            Ok(_) => "ok",
            Err(Fault::Late) => "late",
            Err(Fault::Refused(_)) => "refused",
            Err(Fault::Unreachable | Fault::Elsewhere(_)) => "unreachable",
        };
        let labels = [("command", command), ("result", result)];
        self.commands.get_or_create(&labels).observe(time.as_secs_f64());
    }

    pub(super) fn failed_write(&self) {
        self.failed_writes.inc();
    }
}
