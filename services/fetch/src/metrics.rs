//! The metrics of a fetcher: its limits, and how much of them is in use.

use crate::{Fetcher, admission::MAX_WAITING, pool::MAX_IDLE};

impl Fetcher {
    /// Adds its metrics to those of the service that uses it.
    pub fn register(&self, metrics: &mut kit::Metrics) {
        let max_jobs = self.settings.max_jobs as u64;
        let jobs = self.admission.clone();
        let help = "Jobs that fetch a page";
        metrics.limit("fetch_jobs", help, max_jobs, move || jobs.load().running);
        let (jobs, limit) = (self.admission.clone(), max_jobs.saturating_mul(MAX_WAITING as u64));
        let help = "Jobs that wait for a permit, those of batches apart";
        metrics.limit("fetch_queue_length", help, limit, move || jobs.load().waiting);
        let jobs = self.admission.clone();
        let help = "Jobs of batches that wait for a permit; the batches bound their number";
        metrics.gauge("fetch_queue_batch_length", help, move || jobs.load().waiting_always);
        let pool = self.exchange.pool().clone();
        let help = "Idle connections to origins, kept for the next request";
        metrics.limit("fetch_idle_connections", help, MAX_IDLE as u64, move || pool.idle() as u64);
        self.budget.register(metrics);
    }
}
