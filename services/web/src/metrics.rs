//! Counts the requests to the API by outcome.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ApiOutcome {
    code: &'static str,
}

/// The metrics of this service.
#[derive(Debug, Default)]
pub(crate) struct WebMetrics {
    api_answers: Family<ApiOutcome, Counter>,
}

impl WebMetrics {
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        let help = "Requests to the API by outcome: ok, or the code of the error";
        metrics.register("api_answers", help, self.api_answers.clone());
    }

    /// Counts a request to the API that ended with `code`.
    pub(crate) fn count(&self, code: &'static str) {
        self.api_answers.get_or_create(&ApiOutcome { code }).inc();
    }
}
