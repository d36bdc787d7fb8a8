//! The metrics of the service. Every label has a bounded set of values: none comes from a request or a page.

mod labels;

pub(crate) use labels::CacheUse;

use crate::extraction::Extracted;
use fetch::{JobRecord, Phase};
use labels::{CacheLabels, ExtractionLabels, ExtractionMethod, FetchLabels, PhaseLabels};
use prometheus_client::metrics::{counter::Counter, family::Family, histogram::Histogram};

/// The upper bounds of the buckets for the durations of fetches, in seconds.
const FETCH_DURATIONS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// The same for the phases of a fetch, some of which are short.
const PHASE_DURATIONS: [f64; 14] =
    [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// The same for extractions, most of which take less than a millisecond.
const EXTRACTION_DURATIONS: [f64; 13] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

/// Clones share the values.
#[derive(Clone)]
pub(crate) struct ApiMetrics {
    answers: Family<CacheLabels, Counter>,
    /// The counters of `answers` in the order of [`CacheUse::ALL`]: a cached hit looks nothing up.
    answers_by_use: [Counter; CacheUse::ALL.len()],
    fetches: Family<FetchLabels, Counter>,
    fetch_seconds: Histogram,
    phase_seconds: Family<PhaseLabels, Histogram, fn() -> Histogram>,
    received_bytes: Counter,
    decoded_bytes: Counter,
    extractions: Family<ExtractionLabels, Histogram, fn() -> Histogram>,
    unresolved: Counter,
    unparsed_chunks: Counter,
    /// Lines of the extraction log that were dropped or could not be written.
    pub(crate) log_lines_lost: Counter,
}

impl Default for ApiMetrics {
    fn default() -> Self {
        let answers = Family::<CacheLabels, Counter>::default();
        let phase_durations: fn() -> Histogram = || Histogram::new(PHASE_DURATIONS);
        let phase_seconds = Family::new_with_constructor(phase_durations);
        for phase in Phase::ALL {
            drop(phase_seconds.get_or_create(&PhaseLabels { phase: phase.name() }));
        }
        let extraction_durations: fn() -> Histogram = || Histogram::new(EXTRACTION_DURATIONS);
        let extractions = Family::new_with_constructor(extraction_durations);
        for method in ExtractionMethod::ALL {
            drop(extractions.get_or_create(&ExtractionLabels { method }));
        }
        Self {
            answers_by_use: CacheUse::ALL.map(|cache| answers.get_or_create_owned(&CacheLabels { cache })),
            answers,
            fetches: Family::default(),
            fetch_seconds: Histogram::new(FETCH_DURATIONS),
            phase_seconds,
            received_bytes: Counter::default(),
            decoded_bytes: Counter::default(),
            extractions,
            unresolved: Counter::default(),
            unparsed_chunks: Counter::default(),
            log_lines_lost: Counter::default(),
        }
    }
}

impl ApiMetrics {
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        let help = "Answers with a result, by how the cache served them";
        metrics.register("cache_answers", help, self.answers.clone());
        let help =
            "Fetches that have ended, by outcome (ok, or the code of the error), last phase, and cause";
        metrics.register("fetches", help, self.fetches.clone());
        let help = "Time of fetches, waiting and extraction included";
        metrics.register("fetch_duration_seconds", help, self.fetch_seconds.clone());
        let help = "Time of fetches in each phase, on all hops together";
        metrics.register("fetch_phase_duration_seconds", help, self.phase_seconds.clone());
        let help = "Bytes received from origins, TLS and framing included";
        metrics.register("fetch_received_bytes", help, self.received_bytes.clone());
        let help = "Bytes of complete pages, content codings decoded";
        metrics.register("fetch_decoded_bytes", help, self.decoded_bytes.clone());
        let help = "Time to extract the links of a page, by method";
        metrics.register("extraction_duration_seconds", help, self.extractions.clone());
        let help = "Links left out because they do not resolve or exceed a limit";
        metrics.register("unresolved_links", help, self.unresolved.clone());
        let help = "Parts of pages that could not be parsed: their links are missing";
        metrics.register("unparsed_chunks", help, self.unparsed_chunks.clone());
        let help = "Lines of the extraction log that were dropped or could not be written";
        metrics.register("extraction_log_lines_lost", help, self.log_lines_lost.clone());
    }

    /// An answer with a result.
    pub(crate) fn answered(&self, cache: CacheUse) {
        self.answers_by_use[cache as usize].inc();
    }

    /// A fetch that ended with `code`, or a request that waited in vain for one.
    pub(crate) fn ended(&self, code: &'static str, record: &JobRecord) {
        let cause = record.cause.as_ref().map_or("none", |cause| cause.kind.name());
        self.fetches.get_or_create(&FetchLabels { code, phase: record.phase().name(), cause }).inc();
    }

    /// A fetch that ended with `code`, and what it went through.
    pub(crate) fn fetched(&self, code: &'static str, record: &JobRecord) {
        self.ended(code, record);
        self.fetch_seconds.observe(record.duration().as_secs_f64());
        for phase in Phase::ALL {
            if let Some(time) = record.time_in(phase) {
                let labels = PhaseLabels { phase: phase.name() };
                self.phase_seconds.get_or_create(&labels).observe(time.as_secs_f64());
            }
        }
        self.received_bytes.inc_by(record.wire_bytes);
        self.decoded_bytes.inc_by(record.decoded_bytes.unwrap_or_default());
    }

    pub(crate) fn extracted(&self, extracted: &Extracted) {
        let labels = ExtractionLabels { method: ExtractionMethod(extracted.method) };
        self.extractions.get_or_create(&labels).observe(extracted.time.as_secs_f64());
        self.unresolved.inc_by(extracted.links.unresolved as u64);
        self.unparsed_chunks.inc_by(extracted.unparsed_chunks as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cached_result::PageLinks;
    use links::Method;
    use std::time::Duration;

    #[test]
    fn the_counters_of_answers_are_in_the_order_of_the_values() {
        for (index, cache) in CacheUse::ALL.into_iter().enumerate() {
            assert_eq!(cache as usize, index, "{cache:?}");
            let metrics = ApiMetrics::default();
            metrics.answered(cache);
            assert_eq!(metrics.answers.get_or_create(&CacheLabels { cache }).get(), 1, "{cache:?}");
        }
    }

    #[test]
    fn parts_of_pages_that_could_not_be_parsed_are_counted() {
        let metrics = ApiMetrics::default();
        metrics.extracted(&Extracted {
            converted: None,
            links: PageLinks::of_json("[]"),
            method: Method::Streamed,
            unparsed_chunks: 2,
            time: Duration::ZERO,
        });
        assert_eq!(metrics.unparsed_chunks.get(), 2);
    }
}
