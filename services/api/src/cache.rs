//! Where results are kept: in the process, or in Redis, which all replicas share.

mod embedded;
mod lookup;
mod redis;

pub(crate) use self::{
    lookup::{Lookup, TimeBudget},
    redis::{Claim, Redis},
};

use self::embedded::Embedded;
use crate::{cache_key::CacheKey, cached_result::CachedResult};
use kit::Secret;
use std::sync::Arc;

/// A cache of results. It never fails: while it is unreachable it finds nothing and keeps nothing.
pub(crate) enum Cache {
    Embedded(Embedded),
    Redis(Redis),
}

impl Cache {
    /// A cache of about `bytes` at most in the process, and in Redis if there is a `redis_url`.
    pub(crate) fn new(redis_url: Option<&Secret>, bytes: u64) -> Result<Self, String> {
        redis_url.map_or_else(
            || Ok(Self::Embedded(Embedded::new(bytes))),
            |urls| Redis::new(urls, bytes).map(Self::Redis),
        )
    }

    /// Its name in metrics and readiness checks.
    pub(crate) fn tier(&self) -> &'static str {
        match self {
            Self::Embedded(_) => "embedded",
            Self::Redis(_) => "redis",
        }
    }

    /// The result for `key`, unless it has expired.
    pub(crate) async fn get(&self, key: &CacheKey, time: &mut TimeBudget) -> Lookup {
        match self {
            Self::Embedded(cache) => {
                cache.find(key).map_or(Lookup::Absent, |cached| Lookup::Found(cached, self.tier()))
            }
            Self::Redis(cache) => cache.get(key, time).await,
        }
    }

    /// Keeps `cached` for the rest of its lifetime; returns whether it was kept.
    pub(crate) async fn put(
        &self,
        key: &CacheKey,
        cached: &Arc<CachedResult>,
        time: &mut TimeBudget,
    ) -> bool {
        match self {
            Self::Embedded(cache) => cache.keep(key, cached),
            Self::Redis(cache) => cache.put(key, cached, time).await,
        }
    }

    /// Claims the right to fetch `key`, among all processes that share the cache. Granted if the cache is unreachable.
    pub(crate) async fn claim(&self, key: &CacheKey, time: &mut TimeBudget) -> Claim {
        match self {
            Self::Embedded(_) => Claim::Granted(None),
            Self::Redis(cache) => cache.claim(key, time).await,
        }
    }

    /// Waits until it is known whether the cache is reachable, about a second at most.
    pub(crate) async fn settled(&self) {
        if let Self::Redis(cache) = self {
            cache.connection.settled().await;
        }
    }

    /// Whether it is reachable, or why not.
    pub(crate) fn state(&self) -> Result<(), String> {
        match self {
            Self::Redis(cache) if !cache.connection.is_up() => Err("no connection to Redis".to_owned()),
            _ => Ok(()),
        }
    }
}
