//! The cache in the process: bounded by bytes, each entry with a life of its own.

use super::{Cache, Claim, Lookup, Patience};
use crate::{entry::Entry, page::CacheKey};
use futures_util::{FutureExt, future::BoxFuture};
use moka::{Expiry, policy::EvictionPolicy, sync};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// What an entry costs beside itself and its key: two counters, a node in each of moka's queues.
const OVERHEAD: usize = 256;

/// A cache that lives and dies with the process.
#[derive(Debug)]
pub(crate) struct Embedded(sync::Cache<CacheKey, Arc<Entry>>);

impl Embedded {
    /// A cache that holds about `bytes` at most. Least recently used first out: unlike moka's default policy,
    /// it admits every new entry, so that an answer that says "stored" is true.
    pub(crate) fn new(bytes: u64) -> Self {
        let cache = sync::Cache::builder()
            .max_capacity(bytes)
            .weigher(weight)
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Remaining)
            .build();
        Self(cache)
    }

    pub(crate) fn find(&self, key: &CacheKey) -> Option<Arc<Entry>> {
        self.0.get(key)
    }

    /// Whether it fits.
    pub(crate) fn keep(&self, key: &CacheKey, entry: &Arc<Entry>) -> bool {
        let fits = self.0.policy().max_capacity().is_none_or(|most| u64::from(weight(key, entry)) <= most);
        if fits {
            self.0.insert(key.clone(), Arc::clone(entry));
        }
        fits
    }

    /// Removes the entry of `key`.
    pub(crate) fn forget(&self, key: &str) {
        self.0.invalidate(key);
    }

    /// Removes every entry.
    pub(crate) fn clear(&self) {
        self.0.invalidate_all();
    }
}

fn weight(key: &CacheKey, entry: &Arc<Entry>) -> u32 {
    u32::try_from(OVERHEAD + key.as_str().len() + entry.weight()).unwrap_or(u32::MAX)
}

impl Cache for Embedded {
    fn tier(&self) -> &'static str {
        "embedded"
    }

    fn get<'a>(&'a self, key: &'a CacheKey, _: &'a mut Patience) -> BoxFuture<'a, Lookup> {
        async { self.find(key).map_or(Lookup::Absent, |entry| Lookup::Found(entry, "embedded")) }.boxed()
    }

    fn put<'a>(
        &'a self,
        key: &'a CacheKey,
        entry: &'a Arc<Entry>,
        _: &'a mut Patience,
    ) -> BoxFuture<'a, bool> {
        async { self.keep(key, entry) }.boxed()
    }

    fn claim<'a>(&'a self, _: &'a CacheKey, _: &'a mut Patience) -> BoxFuture<'a, Claim> {
        async { Claim::Granted(None) }.boxed()
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }

    fn state(&self) -> Result<(), String> {
        Ok(())
    }
}

/// An entry leaves when its own life is over.
struct Remaining;

impl Expiry<CacheKey, Arc<Entry>> for Remaining {
    fn expire_after_create(&self, _: &CacheKey, entry: &Arc<Entry>, _: Instant) -> Option<Duration> {
        Some(entry.remaining())
    }

    fn expire_after_update(
        &self,
        _: &CacheKey,
        entry: &Arc<Entry>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.remaining())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Links, Outcome};
    use fetch::PageUrl;

    fn key(number: usize) -> CacheKey {
        CacheKey::of(&PageUrl::parse(&format!("http://example.com/{number}")).unwrap())
    }

    fn entry(bytes: usize, life: Duration) -> Arc<Entry> {
        let links = Links::new("http://example.com/".into(), vec![b' '; bytes].into());
        Arc::new(Entry::new(Outcome::Links(links), life))
    }

    #[test]
    fn is_bounded_by_bytes_and_admits_the_newest() {
        let cache = Embedded::new(100_000);
        for number in 0..1_000 {
            assert!(cache.keep(&key(number), &entry(1_000, Duration::from_mins(1))));
            assert!(cache.find(&key(number)).is_some(), "{number}");
        }
        cache.0.run_pending_tasks();
        assert!(cache.0.weighted_size() <= 100_000);
        assert!(cache.0.entry_count() > 50);
        assert!(cache.find(&key(0)).is_none());
        assert!(!cache.keep(&key(1), &entry(100_000, Duration::from_mins(1))));
    }

    #[test]
    fn a_new_entry_has_a_new_life() {
        let cache = Embedded::new(100_000);
        cache.keep(&key(1), &entry(1, Duration::ZERO));
        assert!(cache.find(&key(1)).is_none());
        cache.keep(&key(1), &entry(1, Duration::from_mins(1)));
        assert!(cache.find(&key(1)).is_some());
    }
}
