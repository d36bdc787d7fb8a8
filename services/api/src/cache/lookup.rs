//! What a cache lookup finds, and how long it may take.

use super::tier::Tier;
use crate::cache_entry::CacheEntry;
use std::time::{Duration, Instant};

/// What a cache has for a key.
pub(crate) enum Lookup {
    /// An entry, fresh or expired, and the tier that had it.
    Found(CacheEntry, Tier),
    Absent,
    Unreachable,
}

/// How much time a request may still spend on Redis, whatever state it is in.
#[derive(Clone, Copy)]
pub(crate) struct TimeBudget {
    left: Duration,
    answer: bool,
}

impl TimeBudget {
    /// A little less than `whole`, so that with everything else the request takes no longer.
    pub(crate) fn new(whole: Duration) -> Self {
        Self { left: whole.mul_f64(0.96), answer: false }
    }

    /// The time that is left.
    pub(crate) fn left(self) -> Duration {
        self.left
    }

    /// Notes that Redis has answered in time.
    pub(crate) fn note_answer(&mut self) {
        self.answer = true;
    }

    /// Whether Redis has answered this request before.
    pub(crate) fn has_answer(self) -> bool {
        self.answer
    }

    /// The output of `job`, whose time counts.
    pub(crate) async fn track<T>(&mut self, job: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let output = job.await;
        self.left = self.left.saturating_sub(start.elapsed());
        output
    }
}
