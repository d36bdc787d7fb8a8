//! The metrics of the service; every label has a bounded set of values.

use crate::extraction::Extracted;
use links::Method;
use prometheus_client::metrics::{
    counter::Counter,
    family::Family,
    gauge::Gauge,
    histogram::{Histogram, exponential_buckets},
};

type Labels<const N: usize> = [(&'static str, &'static str); N];

const LOCAL_HIT: [(&str, &str); 2] = [("tier", "local"), ("result", "hit")];

#[derive(Clone)]
pub(crate) struct ApiMetrics {
    lookups: Family<Labels<2>, Counter>,
    /// The one of them that counts most often, found once.
    local_hits: Counter,
    jobs: Family<Labels<1>, Counter>,
    /// Running jobs: fetch, extract, store.
    pub(crate) jobs_in_flight: Gauge,
    /// Requests that shared a job that another one had started.
    pub(crate) collapsed: Counter,
    pub(crate) fetch_seconds: Histogram,
    extractions: Family<Labels<1>, Counter>,
    extraction_seconds: Histogram,
    unresolved: Counter,
    unparsed_chunks: Counter,
    /// Lines of the extraction log that were dropped or could not be written.
    pub(crate) log_lines_lost: Counter,
}

impl Default for ApiMetrics {
    fn default() -> Self {
        let histogram = |first| Histogram::new(exponential_buckets(first, 2.0, 14));
        let lookups: Family<Labels<2>, Counter> = Family::default();
        let local_hits = lookups.get_or_create(&LOCAL_HIT).clone();
        Self {
            lookups,
            local_hits,
            jobs: Family::default(),
            jobs_in_flight: Gauge::default(),
            collapsed: Counter::default(),
            fetch_seconds: histogram(0.002),
            extractions: Family::default(),
            extraction_seconds: histogram(0.000_05),
            unresolved: Counter::default(),
            unparsed_chunks: Counter::default(),
            log_lines_lost: Counter::default(),
        }
    }
}

impl ApiMetrics {
    pub(crate) fn register(&self, registry: &mut kit::Metrics) {
        registry.register("cache_lookups", "Cache lookups by tier and result", self.lookups.clone());
        registry.register("jobs", "Jobs by outcome: ok, or the code of the error", self.jobs.clone());
        registry.register("jobs_in_flight", "Running jobs", self.jobs_in_flight.clone());
        registry.register("collapsed", "Requests that shared the job of another", self.collapsed.clone());
        registry.register("fetch_seconds", "Time to fetch a page", self.fetch_seconds.clone());
        let help = "Pages by method of extraction: streamed, tree and xml (exact too), approximate (too costly for that)";
        registry.register("extractions", help, self.extractions.clone());
        registry.register("extraction_seconds", "Time to extract the links", self.extraction_seconds.clone());
        registry.register("unresolved_hrefs", "Links left out", self.unresolved.clone());
        let help = "Parts of pages that could not be parsed: their links are missing";
        registry.register("unparsed_chunks", help, self.unparsed_chunks.clone());
        let help = "Lines of the extraction log that were dropped or could not be written";
        registry.register("extraction_log_lines_lost", help, self.log_lines_lost.clone());
    }

    /// A lookup in `tier` with a `result` of `hit`, `stale`, `miss`, `fault`.
    pub(crate) fn lookup(&self, tier: &'static str, result: &'static str) {
        let labels = [("tier", tier), ("result", result)];
        if labels == LOCAL_HIT {
            self.local_hits.inc();
        } else {
            self.lookups.get_or_create(&labels).inc();
        }
    }

    pub(crate) fn job(&self, code: &'static str) {
        self.jobs.get_or_create(&[("code", code)]).inc();
    }

    pub(crate) fn extracted(&self, extracted: &Extracted) {
        let method = match extracted.method {
            Method::Streamed => "streamed",
            Method::Tree => "tree",
            Method::Xml => "xml",
            Method::Approximate => "approximate",
        };
        self.extractions.get_or_create(&[("method", method)]).inc();
        self.extraction_seconds.observe(extracted.time.as_secs_f64());
        self.unresolved.inc_by(extracted.links.unresolved as u64);
        self.unparsed_chunks.inc_by(extracted.unparsed_chunks as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cached_result::PageLinks;

    use std::time::Duration;

    #[test]
    fn parts_of_pages_that_could_not_be_parsed_are_counted() {
        let (metrics, mut registry) = (ApiMetrics::default(), kit::Metrics::default());
        metrics.register(&mut registry);
        metrics.extracted(&Extracted {
            links: PageLinks::of_json("[]"),
            method: Method::Streamed,
            unparsed_chunks: 2,
            time: Duration::ZERO,
        });
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert!(text.contains("\nunparsed_chunks_total 2\n"), "{text}");
    }
}
