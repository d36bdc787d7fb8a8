//! Where results are kept: one interface, an implementation in the process and one in Redis.

mod embedded;
mod redis;

pub(crate) use self::{
    embedded::Embedded,
    redis::{Lease, Redis},
};

use crate::{entry::Entry, page::CacheKey};
use futures_util::future::BoxFuture;
use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant},
};

/// A cache of results. It never fails: what cannot be asked has nothing, and keeps nothing.
pub(crate) trait Cache: Debug + Send + Sync {
    /// What metrics and checks call it.
    fn tier(&self) -> &'static str;

    /// The entry of `key`, while its life lasts.
    fn get<'a>(&'a self, key: &'a CacheKey, patience: &'a mut Patience) -> BoxFuture<'a, Lookup>;

    /// Keeps `entry` for the rest of its life; whether it was kept.
    fn put<'a>(
        &'a self,
        key: &'a CacheKey,
        entry: &'a Arc<Entry>,
        patience: &'a mut Patience,
    ) -> BoxFuture<'a, bool>;

    /// Asks for the right to fetch `key`, among all who share the cache. Who cannot be asked grants it.
    fn claim<'a>(&'a self, key: &'a CacheKey, patience: &'a mut Patience) -> BoxFuture<'a, Claim>;

    /// Waits until it is known whether the cache can be asked: about a second, at most.
    fn settled(&self) -> BoxFuture<'_, ()>;

    /// Whether it can be asked; why not, otherwise.
    fn state(&self) -> Result<(), String>;
}

/// How long one request still waits for caches, whatever is wrong with them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(Duration);

impl Patience {
    /// Of a request that has not waited yet: a little less than the 50 ms that are promised.
    pub(crate) const FULL: Self = Self(Duration::from_millis(45));

    /// `job`'s result, if it is there before patience runs out, and within `most`.
    pub(crate) async fn wait<T>(&mut self, most: Duration, job: impl Future<Output = T>) -> Option<T> {
        let start = Instant::now();
        let result = tokio::time::timeout(most.min(self.0), job).await;
        self.0 = self.0.saturating_sub(start.elapsed());
        result.ok()
    }
}

/// What a cache says of a key.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    /// This, and what metrics call the tier that had it.
    Found(Arc<Entry>, &'static str),
    /// It has nothing.
    Absent,
    /// It cannot be asked.
    Unreachable,
}

/// What a cache says to who wants to fetch.
#[derive(Debug)]
pub(crate) enum Claim {
    /// Go ahead; others wait while the lease is held.
    Granted(Option<Lease>),
    /// Another one is at it.
    Taken,
}
