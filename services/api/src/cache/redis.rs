//! The cache in Redis, shared by replicas.

mod change_reports;
mod connection;
mod lease;
mod nodes;

pub(crate) use self::lease::Claim;

use self::{
    change_reports::ChangeReports,
    connection::{Fault, RedisConnection},
    lease::Lease,
    nodes::Nodes,
};
use super::{local_tier::LocalTier, lookup::TimeBudget};
use crate::{cache_entry::CacheEntry, cache_key::CacheKey};
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

/// The value that Redis has for a key, if any.
pub(super) type Read = Result<Option<CacheEntry>, Unreachable>;

/// Redis could not be asked, or refused.
pub(super) struct Unreachable;

/// Knows nothing of the local tier except that changes are reported to it.
pub(crate) struct Redis {
    pub(super) connection: Arc<RedisConnection>,
    /// Whether the last read, and the last write, was refused: logged once, not at every request.
    reads_refused: AtomicBool,
    writes_refused: AtomicBool,
}

impl Redis {
    /// A cache at `urls`, which is `redis_url` of the configuration. It connects in the background, and reports changes to
    /// `local`. Errors do not show the URL: it may hold a password.
    pub(crate) fn new(urls: &Secret, local: Arc<LocalTier>) -> Result<Self, String> {
        let connection = Arc::new(RedisConnection::new(Nodes::parse(urls)?, ChangeReports::new(local)));
        Ok(Self { connection, reads_refused: AtomicBool::default(), writes_refused: AtomicBool::default() })
    }

    /// Checks `urls` without connecting.
    pub(crate) fn check(urls: &Secret) -> Result<(), String> {
        Nodes::parse(urls).map(drop)
    }

    pub(super) async fn get(&self, key: &CacheKey, time: &mut TimeBudget) -> Read {
        let command = redis::cmd("GET").arg(key.as_str()).take();
        let answer = self.connection.query::<Option<Bytes>>(&command, READ, time).await;
        let value = note(&self.reads_refused, answer).ok_or(Unreachable)?;
        Ok(value.as_ref().and_then(CacheEntry::decode))
    }

    /// Stores `entry` for `lifetime`; returns whether Redis has it.
    pub(super) async fn put(
        &self,
        key: &CacheKey,
        entry: &CacheEntry,
        lifetime: Duration,
        time: &mut TimeBudget,
    ) -> bool {
        let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        if lifetime == 0 || entry.weight() > MAX_VALUE || !self.connection.is_up() {
            return false;
        }
        let command = redis::cmd("SET").arg(key.as_str()).arg(entry.encode()).arg("PX").arg(lifetime).take();
        let answer = self.connection.query::<()>(&command, Duration::MAX, time).await;
        note(&self.writes_refused, answer).is_some()
    }

    /// Removes the value of `key`.
    pub(super) async fn remove(&self, key: &CacheKey, time: &mut TimeBudget) {
        let command = redis::cmd("DEL").arg(key.as_str()).take();
        note(&self.writes_refused, self.connection.query::<()>(&command, Duration::MAX, time).await);
    }

    /// Claims the right to fetch `key`, among all replicas, and reads its value after that; granted without a lease if
    /// Redis does not answer.
    pub(super) async fn claim(&self, key: &CacheKey, time: &mut TimeBudget) -> (Claim, Read) {
        let answer = Lease::claim(&self.connection, key, CLAIM, time).await;
        let claim = note(&self.writes_refused, answer).unwrap_or(Claim::Granted(None));
        (claim, self.get(key, time).await)
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
