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

/// How much time a request may still spend on caches, whatever state they are in.
#[derive(Clone, Copy)]
pub(crate) struct TimeBudget(Duration);

impl TimeBudget {
    /// The whole time: a little less than the 50 ms that are promised.
    pub(crate) const FULL: Self = Self(Duration::from_millis(45));

    /// The output of `job`, if it is there within `limit` and within the time that is left.
    pub(crate) async fn run<T>(&mut self, limit: Duration, job: impl Future<Output = T>) -> Option<T> {
        let start = Instant::now();
        let output = tokio::time::timeout(limit.min(self.0), job).await;
        self.0 = self.0.saturating_sub(start.elapsed());
        output.ok()
    }
}
