//! Where requests of one kind are counted: found once, as most requests on a connection are alike.

use prometheus_client::metrics::{counter::Counter, histogram::Histogram};

/// The counter and histogram of one method, route and status.
#[derive(Debug)]
pub(crate) struct Series {
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    pub(super) status: u16,
    pub(super) requests: Counter,
    pub(super) durations: Histogram,
}

impl Series {
    /// Whether requests of this kind belong here.
    pub(crate) fn is(&self, method: &'static str, route: &'static str, status: u16) -> bool {
        (self.status, self.method, self.route) == (status, method, route)
    }

    /// Counts a request that took `seconds`.
    pub(crate) fn observe(&self, seconds: f64) {
        self.requests.inc();
        self.durations.observe(seconds);
    }
}
