//! Counts the requests that the server itself refuses with 503, by the limit that was reached.

use super::Metrics;
use crate::request_permits::RefusedPermits;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family},
};

/// The limit that a request would have exceeded.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum RefusalReason {
    /// `limits.requests`.
    Requests,
    /// Half of it: the part for requests with bodies.
    Bodies,
    /// The share of one of these that a client may hold.
    Client,
    /// The memory for responses that wait for their clients.
    Memory,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusalLabels {
    reason: RefusalReason,
}

/// The counters by reason. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct RequestRefusals(Family<RefusalLabels, Counter>);

impl Default for RequestRefusals {
    /// With all counters at zero.
    fn default() -> Self {
        use RefusalReason::{Bodies, Client, Memory, Requests};
        let all = Self(Family::default());
        for reason in [Requests, Bodies, Client, Memory] {
            all.counter(reason);
        }
        all
    }
}

impl RequestRefusals {
    pub(crate) fn counter(&self, reason: RefusalReason) -> Counter {
        self.0.get_or_create_owned(&RefusalLabels { reason })
    }

    /// The counters of permits for requests; `reason` is that of refusals because all are in use.
    pub(crate) fn of_permits(&self, reason: RefusalReason) -> RefusedPermits {
        RefusedPermits { all: self.counter(reason), client: self.counter(RefusalReason::Client) }
    }

    pub(crate) fn register(&self, metrics: &mut Metrics) {
        let help = "Requests refused with 503 by the server, and the limit that was reached";
        metrics.register("http_requests_refused", help, self.0.clone());
    }
}

impl EncodeLabelValue for RefusalReason {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        let value = match self {
            Self::Requests => "requests",
            Self::Bodies => "bodies",
            Self::Client => "client",
            Self::Memory => "memory",
        };
        value.encode(encoder)
    }
}
