//! The cache in Redis, shared by replicas.

mod lease;
mod link;
mod near;
mod nodes;

pub(crate) use self::lease::Lease;

use self::{
    link::{Fault, Link},
    near::Near,
    nodes::Nodes,
};
use super::{Cache, Claim, Lookup, Patience};
use crate::{entry::Entry, page::CacheKey};
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

/// How much of its patience a request spends on reading: some is left for keeping the result.
const READ: Duration = Duration::from_millis(25);
/// … and on asking for the right to fetch.
const CLAIM: Duration = Duration::from_millis(15);
/// A larger value would hold up everyone else's: Redis sends one at a time.
const MAX_VALUE: usize = 16 * 1024 * 1024;

/// A cache in Redis, or a Redis Cluster.
#[derive(Debug)]
pub(crate) struct Redis {
    link: Arc<Link>,
    near: Arc<Near>,
    /// Whether the last command to read, and the last to write, was refused: said once, not at every request.
    reads_refused: AtomicBool,
    writes_refused: AtomicBool,
}

impl Redis {
    /// A cache at `urls`: `redis://`, `rediss://`, `redis+unix://`; several nodes, with commas between, make a
    /// Cluster. It connects in the background. Copies of what it read take about `bytes` at most. An error says
    /// what is wrong, without showing the URL.
    pub(crate) fn new(urls: &Secret, bytes: u64) -> Result<Self, String> {
        let near = Arc::new(Near::new(bytes));
        let link = Arc::new(Link::new(Nodes::parse(urls)?, Arc::clone(&near)));
        Ok(Self { link, near, reads_refused: AtomicBool::new(false), writes_refused: AtomicBool::new(false) })
    }

    /// Whether `urls` could be a Redis.
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

    fn get<'a>(&'a self, key: &'a CacheKey, patience: &'a mut Patience) -> BoxFuture<'a, Lookup> {
        async move {
            if let Some(entry) = self.near.find(key) {
                return Lookup::Found(entry, "near");
            }
            let asked = self.near.moment();
            let command = redis::cmd("GET").arg(key.as_str()).take();
            let Some(value) = self.read(self.link.query::<Option<Bytes>>(&command, READ, patience).await)
            else {
                return Lookup::Unreachable;
            };
            match value.as_ref().and_then(Entry::decode) {
                Some(entry) if !entry.remaining().is_zero() => {
                    let entry = Arc::new(entry);
                    self.near.keep(key, &entry, asked);
                    Lookup::Found(entry, self.tier())
                }
                _ => Lookup::Absent,
            }
        }
        .boxed()
    }

    fn put<'a>(
        &'a self,
        key: &'a CacheKey,
        entry: &'a Arc<Entry>,
        patience: &'a mut Patience,
    ) -> BoxFuture<'a, bool> {
        async move {
            let life = u64::try_from(entry.remaining().as_millis()).unwrap_or(u64::MAX);
            if life == 0 || entry.weight() > MAX_VALUE || !self.link.is_up() {
                return false;
            }
            let command = redis::cmd("SET").arg(key.as_str()).arg(entry.encode()).arg("PX").arg(life).take();
            let stored =
                self.written(self.link.query::<()>(&command, Duration::MAX, patience).await).is_some();
            self.near.forget(key.as_str());
            stored
        }
        .boxed()
    }

    fn claim<'a>(&'a self, key: &'a CacheKey, patience: &'a mut Patience) -> BoxFuture<'a, Claim> {
        async move {
            match self.written(Lease::ask(&self.link, key, CLAIM, patience).await) {
                Some(Some(lease)) => Claim::Granted(Some(lease)),
                Some(None) => Claim::Taken,
                None => Claim::Granted(None),
            }
        }
        .boxed()
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        self.link.settled().boxed()
    }

    fn state(&self) -> Result<(), String> {
        if self.link.is_up() { Ok(()) } else { Err("no connection to Redis".to_owned()) }
    }
}
