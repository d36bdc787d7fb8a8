//! The service's own figures; every label has a bounded set of values.

use links::Method;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
};
use std::time::Duration;

/// The figures.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    lookups: Family<LookupLabels, Counter>,
    jobs: Family<JobLabels, Counter>,
    /// Jobs under way: fetch, extraction, storing.
    pub(crate) jobs_in_flight: Gauge,
    /// Requests that got the result of a job another one had started.
    pub(crate) collapsed: Counter,
    fetch_seconds: Histogram,
    extractions: Family<MethodLabels, Counter>,
    extraction_seconds: Histogram,
    /// `href`s that did not resolve and were left out.
    pub(crate) unresolved: Counter,
    /// Lines that the extraction log could not take.
    pub(crate) log_lines_lost: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookupLabels {
    tier: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabels {
    method: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let histogram = |first| Histogram::new(exponential_buckets(first, 2.0, 14));
        Self {
            lookups: Family::default(),
            jobs: Family::default(),
            jobs_in_flight: Gauge::default(),
            collapsed: Counter::default(),
            fetch_seconds: histogram(0.002),
            extractions: Family::default(),
            extraction_seconds: histogram(0.000_05),
            unresolved: Counter::default(),
            log_lines_lost: Counter::default(),
        }
    }
}

impl Metrics {
    /// Shows the figures at `/metrics`.
    pub(crate) fn register(&self, registry: &mut kit::Metrics) {
        registry.register("cache_lookups", "Cache lookups by tier and result", self.lookups.clone());
        registry.register("jobs", "Jobs by outcome: ok, or the code of the error", self.jobs.clone());
        registry.register("jobs_in_flight", "Jobs under way", self.jobs_in_flight.clone());
        registry.register("collapsed", "Requests that shared another's job", self.collapsed.clone());
        registry.register("fetch_seconds", "Time to fetch a page", self.fetch_seconds.clone());
        registry.register(
            "extractions",
            "Pages by the way their links were found: streamed, tree (exact too), approximate (too costly)",
            self.extractions.clone(),
        );
        registry.register("extraction_seconds", "Time to find its links", self.extraction_seconds.clone());
        registry.register("unresolved_hrefs", "Links left out: they do not resolve", self.unresolved.clone());
        registry.register(
            "extraction_log_lines_lost",
            "Lines that the extraction log could not take",
            self.log_lines_lost.clone(),
        );
    }

    /// A lookup in `tier` with a `result` of `hit`, `miss`, `fault`.
    pub(crate) fn lookup(&self, tier: &'static str, result: &'static str) {
        self.lookups.get_or_create(&LookupLabels { tier, result }).inc();
    }

    /// A job ended with `code`.
    pub(crate) fn job(&self, code: &'static str) {
        self.jobs.get_or_create(&JobLabels { code }).inc();
    }

    /// A fetch took `time`.
    pub(crate) fn fetched(&self, time: Duration) {
        self.fetch_seconds.observe(time.as_secs_f64());
    }

    /// An extraction by `method` took `time`.
    pub(crate) fn extracted(&self, method: Method, time: Duration) {
        let method = match method {
            Method::Streamed => "streamed",
            Method::Tree => "tree",
            Method::Approximate => "approximate",
        };
        self.extractions.get_or_create(&MethodLabels { method }).inc();
        self.extraction_seconds.observe(time.as_secs_f64());
    }
}
