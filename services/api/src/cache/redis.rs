//! The cache in Redis, shared by replicas.

mod connection;
mod lease;
mod local_tier;
mod nodes;

use self::{
    connection::{Fault, RedisConnection},
    lease::RedisLease,
    local_tier::LocalTier,
    nodes::Nodes,
};
use super::tier::{Cache, Claim, Lookup, TimeBudget};
use crate::{cache_key::CacheKey, cached_result::CachedResult};
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use kit::Secret;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How long a request waits for a read; the rest of its time is for storing the result.
const READ: Duration = Duration::from_millis(25);
/// How long a request waits for the right to fetch.
const CLAIM: Duration = Duration::from_millis(15);
/// Bytes of the largest value: all requests share one connection, and a larger value would delay the others.
const MAX_VALUE: usize = 16 * 1024 * 1024;

/// A cache in a Redis server or a Redis Cluster.
#[derive(Debug)]
pub(crate) struct Redis {
    connection: Arc<RedisConnection>,
    local: Arc<LocalTier>,
    /// Whether the last read, and the last write, was refused: logged once, not at every request.
    reads_refused: AtomicBool,
    writes_refused: AtomicBool,
}

impl Redis {
    /// A cache at `urls`, which is `redis_url` of the configuration. It connects in the background. The local tier takes
    /// about `bytes` at most. Errors do not show the URL: it may hold a password.
    pub(crate) fn new(urls: &Secret, bytes: u64) -> Result<Self, String> {
        let local = Arc::new(LocalTier::new(bytes));
        let connection = Arc::new(RedisConnection::new(Nodes::parse(urls)?, Arc::clone(&local)));
        Ok(Self {
            connection,
            local,
            reads_refused: AtomicBool::new(false),
            writes_refused: AtomicBool::new(false),
        })
    }

    /// Checks `urls` without connecting.
    pub(crate) fn check(urls: &Secret) -> Result<(), String> {
        Nodes::parse(urls).map(drop)
    }

    fn read<T>(&self, answer: Result<T, Fault>) -> Option<T> {
        note(&self.reads_refused, answer)
    }

    fn written<T>(&self, answer: Result<T, Fault>) -> Option<T> {
        note(&self.writes_refused, answer)
    }
}

fn note<T>(refused: &AtomicBool, answer: Result<T, Fault>) -> Option<T> {
    match answer {
        Ok(value) => {
            refused.store(false, Ordering::Relaxed);
            Some(value)
        }
        Err(Fault::Refused(error)) => {
            if !refused.swap(true, Ordering::Relaxed) {
                tracing::warn!(%error, "Redis refuses a command");
            }
            None
        }
        Err(Fault::Down | Fault::Slow) => None,
    }
}

impl Cache for Redis {
    fn tier(&self) -> &'static str {
        "redis"
    }

    fn get<'a>(&'a self, key: &'a CacheKey, time: &'a mut TimeBudget) -> BoxFuture<'a, Lookup> {
        async move {
            if let Some(cached) = self.local.find(key) {
                return Lookup::Found(cached, "near");
            }
            let epoch = self.local.epoch();
            let command = redis::cmd("GET").arg(key.as_str()).take();
            let Some(value) = self.read(self.connection.query::<Option<Bytes>>(&command, READ, time).await)
            else {
                return Lookup::Unreachable;
            };
            match value.as_ref().and_then(CachedResult::decode) {
                Some(cached) if !cached.remaining().is_zero() => {
                    let cached = Arc::new(cached);
                    self.local.keep(key, &cached, epoch);
                    Lookup::Found(cached, self.tier())
                }
                _ => Lookup::Absent,
            }
        }
        .boxed()
    }

    fn put<'a>(
        &'a self,
        key: &'a CacheKey,
        cached: &'a Arc<CachedResult>,
        time: &'a mut TimeBudget,
    ) -> BoxFuture<'a, bool> {
        async move {
            let lifetime = u64::try_from(cached.remaining().as_millis()).unwrap_or(u64::MAX);
            if lifetime == 0 || cached.weight() > MAX_VALUE || !self.connection.is_up() {
                return false;
            }
            let command =
                redis::cmd("SET").arg(key.as_str()).arg(cached.encode()).arg("PX").arg(lifetime).take();
            let stored =
                self.written(self.connection.query::<()>(&command, Duration::MAX, time).await).is_some();
            self.local.forget(key.as_str());
            stored
        }
        .boxed()
    }

    fn claim<'a>(&'a self, key: &'a CacheKey, time: &'a mut TimeBudget) -> BoxFuture<'a, Claim> {
        async move {
            match self.written(RedisLease::claim(&self.connection, key, CLAIM, time).await) {
                Some(Some(lease)) => Claim::Granted(Some(Box::new(lease))),
                Some(None) => Claim::Taken,
                None => Claim::Granted(None),
            }
        }
        .boxed()
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        self.connection.settled().boxed()
    }

    fn state(&self) -> Result<(), String> {
        if self.connection.is_up() { Ok(()) } else { Err("no connection to Redis".to_owned()) }
    }
}
