//! The metrics of the requests to the API.

use crate::error::WebErrorKind;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};
use std::time::Duration;

/// The upper bounds of the buckets for the durations of requests to the API, in seconds.
const DURATIONS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The code is `ok` or one of `errors.json`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ApiOutcome {
    code: &'static str,
}

/// The metrics of the requests to the API.
#[derive(Debug)]
pub(crate) struct WebMetrics {
    api_requests: Family<ApiOutcome, Counter>,
    api_seconds: Histogram,
}

impl Default for WebMetrics {
    /// With the codes of success and of the API's own failures at zero.
    fn default() -> Self {
        use WebErrorKind::{ApiAnswer, ApiTimeout, ApiUnreachable, Overloaded};
        let metrics = Self { api_requests: Family::default(), api_seconds: Histogram::new(DURATIONS) };
        let failures = [ApiUnreachable, ApiTimeout, ApiAnswer, Overloaded].map(WebErrorKind::code);
        for code in failures.into_iter().chain(["ok"]) {
            drop(metrics.api_requests.get_or_create(&ApiOutcome { code }));
        }
        metrics
    }
}

impl WebMetrics {
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        let help = "Requests to the API, by outcome: ok, or the code of the error page";
        metrics.register("web_api_requests", help, self.api_requests.clone());
        let help = "Time until the answer of the API is complete";
        metrics.register("web_api_request_duration_seconds", help, self.api_seconds.clone());
    }

    /// Counts a request to the API that ended with `code`, its answer processed.
    pub(crate) fn count(&self, code: &'static str) {
        self.api_requests.get_or_create(&ApiOutcome { code }).inc();
    }

    /// A request to the API took `time`.
    pub(crate) fn api_took(&self, time: Duration) {
        self.api_seconds.observe(time.as_secs_f64());
    }
}
