//! Where results are kept: always in the process, and with `redis_url` also in Redis, which all replicas share.

mod local_tier;
mod lookup;
mod redis;
mod tier;

pub use self::redis::RedisSettings;

pub(crate) use self::{
    lookup::{Lookup, TimeBudget},
    redis::{Claim, Redis},
    tier::Tier,
};

use self::{
    local_tier::{Local, LocalTier, Mark},
    redis::Read,
};
use crate::{cache_entry::CacheEntry, cache_key::CacheKey, single_flight::SingleFlight};
use kit::{CpuPool, Secret};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Copies that are written back to Redis at once, after it has lost them.
const WRITE_BACKS: usize = 8;

/// A cache of results. It never fails: without Redis the local tier goes on.
pub(crate) struct Cache {
    local: Arc<LocalTier>,
    redis: Option<Arc<Redis>>,
    /// Looks into Redis that have no answer yet, whether Redis has answered, and the moments before them.
    reads: SingleFlight<(Read, bool, Mark)>,
    write_backs: Arc<Semaphore>,
    grace: Duration,
    /// How long a request waits for Redis.
    timeout: Duration,
}

/// What a cache may hold, and how long.
#[derive(Clone, Copy)]
pub(crate) struct CacheLimits {
    /// About how many bytes in the process.
    pub(crate) bytes: u64,
    /// How many bytes on their way to Redis.
    pub(crate) writes: u64,
    /// About how long links are fresh.
    pub(crate) ttl: Duration,
    /// How long links are kept after they have expired.
    pub(crate) grace: Duration,
}

impl Cache {
    /// A cache in the process, and in Redis if there is a `redis_url`. Large values for Redis are encoded and decoded on
    /// `pool`.
    pub(crate) fn new(
        redis_url: Option<&Secret>,
        settings: &RedisSettings,
        limits: CacheLimits,
        pool: &CpuPool,
    ) -> Result<Self, String> {
        let CacheLimits { bytes, writes, ttl, grace } = limits;
        let local = Arc::new(LocalTier::new(bytes, grace));
        let connect = |urls| Redis::new(urls, settings, ttl, writes, pool, Arc::clone(&local));
        let redis = redis_url.map(connect).transpose()?.map(Arc::new);
        let write_backs = Arc::new(Semaphore::new(WRITE_BACKS));
        Ok(Self {
            local,
            redis,
            reads: SingleFlight::default(),
            write_backs,
            grace,
            timeout: settings.timeout,
        })
    }

    /// The time that a request may spend on Redis before it fetches.
    pub(crate) fn time(&self) -> TimeBudget {
        TimeBudget::new(self.timeout)
    }

    /// Adds the metrics of its tiers.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        self.local.register(metrics);
        if let Some(redis) = &self.redis {
            redis.register(metrics);
        }
    }

    /// Its last tier: the name in metrics and readiness checks.
    pub(crate) fn tier(&self) -> Tier {
        if self.redis.is_some() { Tier::Redis } else { Tier::Local }
    }

    /// The entry in the process for the page whose URL is serialized as `url`, if Redis need not be asked.
    pub(crate) fn current_copy(&self, url: &str) -> Option<CacheEntry> {
        match self.local.find(url) {
            Local::Verified(copy) => Some(copy),
            Local::Unverified(copy) if self.redis.is_none() => Some(copy),
            Local::Unverified(_) | Local::Absent => None,
        }
    }

    /// The entry for `key`, fresh or expired. Requests for it at the same time ask Redis once.
    pub(crate) async fn get(&self, key: &CacheKey, time: &mut TimeBudget) -> Lookup {
        let copy = match self.local.find(key.url()) {
            Local::Verified(copy) => return Lookup::Found(copy, Tier::Local),
            Local::Unverified(copy) => Some(copy),
            Local::Absent => None,
        };
        let Some(redis) = &self.redis else { return local(copy, Lookup::Absent) };
        let ask = |()| {
            let (redis, key, mark, mut time) = (Arc::clone(redis), key.clone(), self.local.mark(key), *time);
            async move {
                let read = redis.get(&key, &mut time).await;
                (read, time.has_answer(), mark)
            }
        };
        let reading = self.reads.join(key, ask).result;
        let Some((read, answered, mark)) = time.track(reading).await else {
            return local(copy, Lookup::Unreachable);
        };
        if answered {
            time.note_answer();
        }
        self.compare(key, copy, read, mark)
    }

    /// Claims the right to fetch `key`, among all processes that share the cache, and looks for a result that another
    /// process has stored since the last look. Granted if Redis is unreachable.
    pub(crate) async fn claim(&self, key: &CacheKey, time: &mut TimeBudget) -> (Claim, Lookup) {
        let copy = match self.local.find(key.url()) {
            Local::Verified(copy) | Local::Unverified(copy) => Some(copy),
            Local::Absent => None,
        };
        let Some(redis) = &self.redis else { return (Claim::Granted(None), local(copy, Lookup::Absent)) };
        let mark = self.local.mark(key);
        let (claim, read) = redis.claim(key, time).await;
        (claim, self.compare(key, copy, read, mark))
    }

    /// Keeps `entry` as long as it may be of use; returns whether all processes that share the cache can read it.
    pub(crate) async fn put(&self, key: &CacheKey, entry: &CacheEntry, time: &mut TimeBudget) -> bool {
        let mark = self.local.mark(key);
        let kept = self.local.keep_new(key, entry);
        let Some(redis) = &self.redis else { return kept };
        let stored = redis.put(key, entry, entry.remaining(self.grace), time).await;
        if stored {
            self.local.verify(key, entry, mark);
        }
        stored
    }

    /// Removes the entry for `key` from all tiers.
    pub(crate) async fn remove(&self, key: &CacheKey, time: &mut TimeBudget) {
        self.local.invalidate(key.as_str());
        if let Some(redis) = &self.redis {
            redis.remove(key, time).await;
        }
    }

    /// Waits until it is known whether Redis is reachable, two seconds at most.
    pub(crate) async fn settled(&self) {
        if let Some(redis) = &self.redis {
            redis.settled().await;
        }
    }

    /// Whether all tiers are reachable, or why not.
    pub(crate) fn state(&self) -> Result<(), String> {
        self.redis.as_ref().map_or(Ok(()), |redis| redis.state())
    }

    /// Chooses between the local `copy` and what was `read` from Redis after `mark`. The later time of fetch decides; what
    /// Redis does not have is written back.
    fn compare(&self, key: &CacheKey, copy: Option<CacheEntry>, read: Read, mark: Mark) -> Lookup {
        let Ok(read) = read else { return local(copy, Lookup::Unreachable) };
        let value = read.filter(|value| !value.remaining(self.grace).is_zero());
        match (copy, value) {
            (None, None) => Lookup::Absent,
            (Some(copy), Some(value)) if copy.fetched() == value.fetched() => {
                self.local.verify(key, &copy, mark);
                Lookup::Found(copy, Tier::Local)
            }
            (Some(copy), value) if value.as_ref().is_none_or(|value| copy.fetched() > value.fetched()) => {
                if self.local.verify(key, &copy, mark) {
                    self.write_back(key, &copy);
                }
                Lookup::Found(copy, Tier::Local)
            }
            (_, Some(value)) => {
                self.local.keep_read(key, &value, mark);
                Lookup::Found(value, Tier::Redis)
            }
            (Some(copy), None) => Lookup::Found(copy, Tier::Local),
        }
    }

    fn write_back(&self, key: &CacheKey, copy: &CacheEntry) {
        let Some(redis) = self.redis.clone() else { return };
        let (key, copy, write_backs) = (key.clone(), copy.clone(), Arc::clone(&self.write_backs));
        let (grace, mut time) = (self.grace, self.time());
        tokio::spawn(async move {
            let _permit = write_backs.acquire_owned().await;
            redis.put(&key, &copy, copy.remaining(grace), &mut time).await;
        });
    }
}

/// The local `copy`, or `otherwise`.
fn local(copy: Option<CacheEntry>, otherwise: Lookup) -> Lookup {
    copy.map_or(otherwise, |copy| Lookup::Found(copy, Tier::Local))
}

#[cfg(test)]
mod tests {
    use super::{redis::Unreachable, *};
    use crate::cached_result::CachedResult;
    use fetch::{FetchError, PageUrl};
    use std::time::Duration;

    fn found(lookup: Lookup) -> Option<(u64, Tier)> {
        if let Lookup::Found(entry, tier) = lookup { Some((entry.fetched(), tier)) } else { None }
    }

    #[test]
    fn the_later_fetch_replaces_an_unverified_copy() {
        let cache = Cache::new(
            None,
            &RedisSettings::default(),
            CacheLimits {
                bytes: 1_000_000,
                writes: 1_000_000,
                ttl: Duration::from_mins(1),
                grace: Duration::ZERO,
            },
            &CpuPool::new(1).unwrap(),
        )
        .unwrap();
        cache.local.start_tracking();
        let key = CacheKey::of(&PageUrl::parse("http://a/").unwrap());
        let of = |ago| {
            let cached = CachedResult::new(Err(FetchError::Dns), Duration::from_mins(1));
            CacheEntry::of(&Arc::new(cached.created_earlier(Duration::from_millis(ago))))
        };
        let (old, copy, new) = (of(9), of(6), of(3));
        let keep = || {
            cache.local.keep_new(&key, &copy);
            (Some(copy.clone()), cache.local.mark(&key))
        };
        let verified = || {
            if let Local::Verified(copy) = cache.local.find(key.url()) { Some(copy.fetched()) } else { None }
        };
        for (read, time, tier) in [
            (Some(old.clone()), copy.fetched(), Tier::Local),
            (Some(copy.clone()), copy.fetched(), Tier::Local),
            (None, copy.fetched(), Tier::Local),
            (Some(new.clone()), new.fetched(), Tier::Redis),
        ] {
            let (copy, mark) = keep();
            assert_eq!(verified(), None);
            assert_eq!(found(cache.compare(&key, copy, Ok(read), mark)), Some((time, tier)));
            assert_eq!(verified(), Some(time));
        }
        let (copy, mark) = keep();
        let unreachable = cache.compare(&key, copy, Err(Unreachable), mark);
        assert_eq!((found(unreachable).map(|(_, tier)| tier), verified()), (Some(Tier::Local), None));
    }
}
