//! How questions to the API ended, counted.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    code: &'static str,
}

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Answers(Family<Labels, Counter>);

impl Answers {
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        let help = "Questions to the API by outcome: ok, or the code of the error";
        metrics.register("api_answers", help, self.0.clone());
    }

    /// A question ended with `code`.
    pub(crate) fn count(&self, code: &'static str) {
        self.0.get_or_create(&Labels { code }).inc();
    }
}
