//! What page lookups need of a cache.

use crate::{cache_key::CacheKey, cached_result::CachedResult};
use futures_util::future::BoxFuture;
use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant},
};

/// A cache of results. It never fails: while it is unreachable it finds nothing and keeps nothing.
pub(crate) trait Cache: Debug + Send + Sync {
    /// Its name in metrics and readiness checks.
    fn tier(&self) -> &'static str;

    /// The result for `key`, unless it has expired.
    fn get<'a>(&'a self, key: &'a CacheKey, time: &'a mut TimeBudget) -> BoxFuture<'a, Lookup>;

    /// Keeps `cached` for the rest of its lifetime; returns whether it was kept.
    fn put<'a>(
        &'a self,
        key: &'a CacheKey,
        cached: &'a Arc<CachedResult>,
        time: &'a mut TimeBudget,
    ) -> BoxFuture<'a, bool>;

    /// Claims the right to fetch `key`, among all processes that share the cache. Granted if the cache is unreachable.
    fn claim<'a>(&'a self, key: &'a CacheKey, time: &'a mut TimeBudget) -> BoxFuture<'a, Claim>;

    /// Waits until it is known whether the cache is reachable, about a second at most.
    fn settled(&self) -> BoxFuture<'_, ()>;

    /// Whether it is reachable, or why not.
    fn state(&self) -> Result<(), String>;
}

/// How much time a request may still spend on caches, whatever state they are in.
#[derive(Clone, Copy, Debug)]
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

/// What a cache has for a key.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    /// A result, and the name in metrics of the tier that had it.
    Found(Arc<CachedResult>, &'static str),
    /// Nothing.
    Absent,
    /// The cache is unreachable.
    Unreachable,
}

/// The answer to [`Cache::claim`].
#[derive(Debug)]
pub(crate) enum Claim {
    /// The caller may fetch. Others wait while it holds the lease, which is released when it is dropped.
    Granted(Option<Box<dyn Lease>>),
    /// Another process fetches.
    Taken,
}

/// The right to fetch a page, until it is dropped.
pub(crate) trait Lease: Debug + Send {}
