//! The local tier: results in the process, bounded by bytes. It is always on; with Redis behind it, it also knows which
//! of its copies are as current as Redis.

mod sessions;

pub(crate) use self::sessions::Mark;

use self::sessions::Sessions;
use crate::{cache_entry::CacheEntry, cache_key::CacheKey};
use moka::{Expiry, notification::RemovalCause, policy::EvictionPolicy, sync};
use prometheus_client::metrics::counter::Counter;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Bytes that a copy takes beside its key and value: two counters, and a node in each of moka's queues.
const OVERHEAD: usize = 256;

/// The copies in this process.
///
/// Redis reports changes through [`start_tracking`](Self::start_tracking), [`invalidate`](Self::invalidate),
/// [`invalidate_all`](Self::invalidate_all) and [`unverify_all`](Self::unverify_all). None of them waits.
pub(crate) struct LocalTier {
    copies: sync::Cache<CacheKey, Arc<Copy>>,
    sessions: Sessions,
    /// Copies that were removed to make room for others.
    evictions: Counter,
}

/// A copy, and the session in which it was last the same as in Redis.
struct Copy {
    entry: CacheEntry,
    verified: AtomicU64,
}

/// What the tier has for a key.
pub(crate) enum Local {
    /// As current as Redis: a change would have been reported.
    Verified(CacheEntry),
    /// Redis may have something else, or nothing.
    Unverified(CacheEntry),
    Absent,
}

impl LocalTier {
    /// An empty tier that takes about `bytes` at most and keeps links for `grace` after they have expired. The least
    /// recently used copy is evicted first: moka's default policy may refuse a new one after `Cache-Status` has said that
    /// it is stored.
    pub(crate) fn new(bytes: u64, grace: Duration) -> Self {
        let evictions = Counter::default();
        let evicted = evictions.clone();
        let copies = sync::Cache::builder()
            .max_capacity(bytes)
            .weigher(weight)
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Remaining(grace))
            .eviction_listener(move |_, _, cause| {
                evicted.inc_by(u64::from(cause == RemovalCause::Size));
            })
            .build();
        Self { copies, sessions: Sessions::default(), evictions }
    }

    /// Adds its metrics. Reading them is work in proportion to what has changed since the last time.
    pub(super) fn register(self: &Arc<Self>, metrics: &mut kit::Metrics) {
        let help = "Results that left the local tier to make room for others";
        metrics.register("cache_local_evictions", help, self.evictions.clone());
        let tier = Arc::clone(self);
        metrics.gauge("cache_local_entries", "Results in the local tier", move || tier.held().0);
        let (tier, limit) = (Arc::clone(self), self.copies.policy().max_capacity().unwrap_or(u64::MAX));
        metrics.memory("cache_results", limit, move || tier.held().1);
    }

    /// The number of copies and their bytes.
    fn held(&self) -> (u64, u64) {
        self.copies.run_pending_tasks();
        (self.copies.entry_count(), self.copies.weighted_size())
    }

    /// What it has for the page whose URL is serialized as `url`, without a fragment.
    pub(super) fn find(&self, url: &str) -> Local {
        let Some(copy) = self.copies.get(url) else { return Local::Absent };
        let entry = copy.entry.clone();
        if self.sessions.is_current(copy.verified.load(Ordering::Acquire)) {
            Local::Verified(entry)
        } else {
            Local::Unverified(entry)
        }
    }

    /// The state of the reports about `key`, to be taken before Redis is asked for its value or given one.
    pub(super) fn mark(&self, key: &CacheKey) -> Mark {
        self.sessions.mark(key.as_str())
    }

    /// Keeps a value that Redis had after `mark`, unless a change of it has been reported since.
    pub(super) fn keep_read(&self, key: &CacheKey, entry: &CacheEntry, mark: Mark) {
        if self.sessions.has_changed(key.as_str(), mark) {
            return;
        }
        self.insert(key, entry, self.sessions.verified_since(mark));
        // A change that was reported in between found nothing to remove.
        if self.sessions.has_changed(key.as_str(), mark) {
            self.copies.invalidate(key);
        }
    }

    /// Keeps a new value, which Redis does not have yet; returns whether it fits.
    pub(super) fn keep_new(&self, key: &CacheKey, entry: &CacheEntry) -> bool {
        let most = self.copies.policy().max_capacity();
        let fits = most.is_none_or(|most| u64::from(weigh(key, entry)) <= most);
        if fits {
            self.insert(key, entry, Sessions::NEVER);
        }
        fits
    }

    /// Marks the copy of `entry` as the same as in Redis after `mark`, unless a change has been reported since. Returns
    /// whether it was not marked before.
    pub(super) fn verify(&self, key: &CacheKey, entry: &CacheEntry, mark: Mark) -> bool {
        let Some(copy) = self.copies.get(key).filter(|copy| copy.entry.fetched() == entry.fetched()) else {
            return false;
        };
        let session = self.sessions.verified_since(mark);
        if self.sessions.has_changed(key.as_str(), mark) || session == Sessions::NEVER {
            return false;
        }
        let before = copy.verified.swap(session, Ordering::AcqRel);
        // A change that was reported in between may have found the copy unverified, but it has removed it.
        before != session
    }

    /// Redis reports every change of a value from now on, its own tier's writes excepted. Copies of earlier sessions are
    /// unverified.
    pub(crate) fn start_tracking(&self) {
        self.sessions.start();
    }

    /// The value of `key` has changed in Redis, or is gone: removes its copy.
    pub(crate) fn invalidate(&self, key: &str) {
        self.sessions.change(key);
        self.copies.invalidate(CacheKey::url_in(key));
    }

    /// All values have changed or are gone, as after `FLUSHALL`: removes all copies.
    pub(crate) fn invalidate_all(&self) {
        self.sessions.change_all();
        self.copies.invalidate_all();
    }

    /// Redis no longer reports changes: the connection was lost, or the topology has changed. Copies stay, unverified.
    pub(crate) fn unverify_all(&self) {
        self.sessions.stop();
    }

    fn insert(&self, key: &CacheKey, entry: &CacheEntry, session: u64) {
        let copy = Copy { entry: entry.clone(), verified: AtomicU64::new(session) };
        self.copies.insert(key.clone(), Arc::new(copy));
    }
}

fn weight(key: &CacheKey, copy: &Arc<Copy>) -> u32 {
    weigh(key, &copy.entry)
}

fn weigh(key: &CacheKey, entry: &CacheEntry) -> u32 {
    u32::try_from(OVERHEAD + key.as_str().len() + entry.weight()).unwrap_or(u32::MAX)
}

/// A copy is removed when it is of no use any more.
struct Remaining(Duration);

impl Expiry<CacheKey, Arc<Copy>> for Remaining {
    fn expire_after_create(&self, _: &CacheKey, copy: &Arc<Copy>, _: Instant) -> Option<Duration> {
        Some(copy.entry.remaining(self.0))
    }

    fn expire_after_update(
        &self,
        _: &CacheKey,
        copy: &Arc<Copy>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(copy.entry.remaining(self.0))
    }
}

#[cfg(test)]
mod tests;
