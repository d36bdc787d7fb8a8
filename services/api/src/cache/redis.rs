//! The cache in Redis, shared by replicas.

mod connection;
mod lease;
mod local_tier;
mod nodes;

pub(crate) use self::lease::Claim;

use self::{
    connection::{Fault, RedisConnection},
    lease::Lease,
    local_tier::LocalTier,
    nodes::Nodes,
};
use super::lookup::{Lookup, TimeBudget};
use crate::{cache_key::CacheKey, cached_result::CachedResult};
use bytes::Bytes;
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

pub(crate) struct Redis {
    pub(super) connection: Arc<RedisConnection>,
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
            reads_refused: AtomicBool::default(),
            writes_refused: AtomicBool::default(),
        })
    }

    /// Checks `urls` without connecting.
    pub(crate) fn check(urls: &Secret) -> Result<(), String> {
        Nodes::parse(urls).map(drop)
    }

    pub(super) async fn get(&self, key: &CacheKey, time: &mut TimeBudget) -> Lookup {
        if let Some(cached) = self.local.find(key) {
            return Lookup::Found(cached, "near");
        }
        let epoch = self.local.epoch();
        let command = redis::cmd("GET").arg(key.as_str()).take();
        let answer = self.connection.query::<Option<Bytes>>(&command, READ, time).await;
        let Some(value) = note(&self.reads_refused, answer) else { return Lookup::Unreachable };
        match value.as_ref().and_then(CachedResult::decode) {
            Some(cached) if !cached.remaining().is_zero() => {
                let cached = Arc::new(cached);
                self.local.keep(key, &cached, epoch);
                Lookup::Found(cached, "redis")
            }
            _ => Lookup::Absent,
        }
    }

    /// Stores `cached` for the rest of its lifetime; returns whether Redis has it.
    pub(super) async fn put(&self, key: &CacheKey, cached: &CachedResult, time: &mut TimeBudget) -> bool {
        let lifetime = u64::try_from(cached.remaining().as_millis()).unwrap_or(u64::MAX);
        if lifetime == 0 || cached.weight() > MAX_VALUE || !self.connection.is_up() {
            return false;
        }
        let command = redis::cmd("SET").arg(key.as_str()).arg(cached.encode()).arg("PX").arg(lifetime).take();
        let answer = self.connection.query::<()>(&command, Duration::MAX, time).await;
        self.local.forget(key.as_str());
        note(&self.writes_refused, answer).is_some()
    }

    /// Claims the right to fetch `key`, among all replicas; granted without a lease if Redis does not answer.
    pub(super) async fn claim(&self, key: &CacheKey, time: &mut TimeBudget) -> Claim {
        let answer = Lease::claim(&self.connection, key, CLAIM, time).await;
        note(&self.writes_refused, answer).unwrap_or(Claim::Granted(None))
    }
}

/// The value of `answer`. A refusal is logged unless `refused` says that the last answer was one, too.
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
        Err(Fault::Unreachable) => None,
    }
}
