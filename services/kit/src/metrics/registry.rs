//! Where a service registers its metrics: all names get one prefix, and limits are shown beside their current use.

use super::{
    process::Process,
    reading::{BudgetReading, BudgetReadings, GaugeReading},
};
use crate::ByteBudget;
use prometheus_client::registry::{Metric, Registry};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What the names of all metrics begin with; an underscore follows.
const PREFIX: &str = "linkextractor";

/// The metrics of one service, shown at `/metrics`. Two services in one process do not share any.
///
/// Names are given without prefix; that of a counter also without `_total`. Help texts have no full stop.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    budgets: Vec<BudgetReading>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { registry: Registry::with_prefix(PREFIX), budgets: Vec::new() }
    }
}

impl Metrics {
    /// Adds a metric that keeps its own value.
    pub fn register(&mut self, name: &str, help: &str, metric: impl Metric) {
        self.registry.register(name, help, metric);
    }

    /// Adds a gauge whose value is read for each scrape.
    pub fn gauge(&mut self, name: &str, help: &str, read: impl Fn() -> u64 + Send + Sync + 'static) {
        self.registry.register(name, help, GaugeReading::new(read));
    }

    /// Adds two gauges: what is `used` of something now, as `name`, and its limit, as `name_limit`.
    pub fn limit(
        &mut self,
        name: &str,
        help: &str,
        limit: u64,
        used: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        self.gauge(name, help, used);
        self.gauge(&format!("{name}_limit"), &format!("The most that {name} can be"), move || limit);
    }

    /// Adds two gauges for the permits of a semaphore, as [`limit`](Self::limit) does.
    pub fn permits(&mut self, name: &str, help: &str, permits: &Arc<Semaphore>, limit: usize) {
        let (permits, limit) = (Arc::clone(permits), limit as u64);
        let used = move || limit.saturating_sub(permits.available_permits() as u64);
        self.limit(name, help, limit, used);
    }

    /// Adds a part of `limits.memory`, as [`memory`](Self::memory) does.
    pub fn budget(&mut self, name: &'static str, budget: &ByteBudget) {
        let (limit, used, refused) = (budget.limit(), budget.clone(), budget.clone());
        self.budgets.push(BudgetReading {
            budget: name,
            limit,
            used: Box::new(move || used.used()),
            refused: Some(Box::new(move || refused.refused())),
        });
    }

    /// Adds a part of `limits.memory`: what is `used` of it now, and its limit, in bytes.
    pub fn memory(
        &mut self,
        budget: &'static str,
        limit: u64,
        used: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        self.budgets.push(BudgetReading { budget, limit, used: Box::new(used), refused: None });
    }

    /// The registry with all of them, and with the metrics of the process.
    pub(super) fn into_registry(mut self) -> Registry {
        self.registry.register_collector(Box::new(BudgetReadings(self.budgets)));
        self.registry.register_collector(Box::new(Process::new()));
        self.registry
    }
}
