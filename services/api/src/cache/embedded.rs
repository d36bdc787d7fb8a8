//! The cache in the process, bounded by bytes.

use crate::{cache_key::CacheKey, cached_result::CachedResult};
use moka::{Expiry, policy::EvictionPolicy, sync};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Bytes that an entry takes beside its key and value: two counters, and a node in each of moka's queues.
const OVERHEAD: usize = 256;

pub(crate) struct Embedded(sync::Cache<CacheKey, Arc<CachedResult>>);

impl Embedded {
    /// A cache of about `bytes` at most. The least recently used entry is evicted first: moka's default policy may
    /// refuse a new entry after `Cache-Status` has said that it is stored.
    pub(crate) fn new(bytes: u64) -> Self {
        let cache = sync::Cache::builder()
            .max_capacity(bytes)
            .weigher(weight)
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Remaining)
            .build();
        Self(cache)
    }

    pub(crate) fn find(&self, key: &CacheKey) -> Option<Arc<CachedResult>> {
        self.0.get(key)
    }

    /// Keeps `cached` if it fits; returns whether it does.
    pub(crate) fn keep(&self, key: &CacheKey, cached: &Arc<CachedResult>) -> bool {
        let fits = self.0.policy().max_capacity().is_none_or(|most| u64::from(weight(key, cached)) <= most);
        if fits {
            self.0.insert(key.clone(), Arc::clone(cached));
        }
        fits
    }

    pub(crate) fn forget(&self, key: &str) {
        self.0.invalidate(key);
    }

    pub(crate) fn clear(&self) {
        self.0.invalidate_all();
    }
}

fn weight(key: &CacheKey, cached: &Arc<CachedResult>) -> u32 {
    u32::try_from(OVERHEAD + key.as_str().len() + cached.weight()).unwrap_or(u32::MAX)
}

/// An entry expires at the end of its own lifetime.
struct Remaining;

impl Expiry<CacheKey, Arc<CachedResult>> for Remaining {
    fn expire_after_create(&self, _: &CacheKey, cached: &Arc<CachedResult>, _: Instant) -> Option<Duration> {
        Some(cached.remaining())
    }

    fn expire_after_update(
        &self,
        _: &CacheKey,
        cached: &Arc<CachedResult>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(cached.remaining())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cached_result::PageLinks;
    use bytes::Bytes;
    use fetch::PageUrl;

    fn key(number: usize) -> CacheKey {
        CacheKey::of(&PageUrl::parse(&format!("http://example.com/{number}")).unwrap())
    }

    fn cached(bytes: usize, lifetime: Duration) -> Arc<CachedResult> {
        let json = Bytes::from(vec![b' '; bytes]);
        let url = "http://example.com/".to_owned();
        let links = PageLinks { url, count: 0, unresolved: 0, approximate: false, hash: 0, json };
        Arc::new(CachedResult::new(Ok(links), lifetime))
    }

    #[test]
    fn the_cache_is_bounded_by_bytes_and_admits_every_new_entry() {
        let cache = Embedded::new(100_000);
        for number in 0..1_000 {
            assert!(cache.keep(&key(number), &cached(1_000, Duration::from_mins(1))));
            assert!(cache.find(&key(number)).is_some(), "{number}");
        }
        cache.0.run_pending_tasks();
        assert!(cache.0.weighted_size() <= 100_000);
        assert!(cache.0.entry_count() > 50);
        assert!(cache.find(&key(0)).is_none());
        assert!(!cache.keep(&key(1), &cached(100_000, Duration::from_mins(1))));
    }

    #[test]
    fn replacing_an_expired_entry_starts_a_new_lifetime() {
        let cache = Embedded::new(100_000);
        cache.keep(&key(1), &cached(1, Duration::ZERO));
        assert!(cache.find(&key(1)).is_none());
        cache.keep(&key(1), &cached(1, Duration::from_mins(1)));
        assert!(cache.find(&key(1)).is_some());
    }
}
