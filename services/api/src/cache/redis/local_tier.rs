//! The local tier: copies of values that were read from Redis, kept while Redis reports their changes (client-side
//! caching, `CLIENT TRACKING`). A hit needs no round trip.

use crate::{cache::embedded::Embedded, cache_key::CacheKey, cached_result::CachedResult};
use redis::{PushInfo, PushKind, Value};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

pub(super) struct LocalTier {
    entries: Embedded,
    tracking: AtomicBool,
    /// The number of the current connection: messages of an earlier one may arrive late.
    connection: AtomicU64,
    /// Counts changes: a value that was read before a change and arrives after it is not kept.
    epoch: AtomicU64,
}

impl LocalTier {
    /// An empty tier that takes about `bytes` at most.
    pub(super) fn new(bytes: u64) -> Self {
        Self {
            entries: Embedded::new(bytes),
            tracking: AtomicBool::default(),
            connection: AtomicU64::default(),
            epoch: AtomicU64::default(),
        }
    }

    pub(super) fn find(&self, key: &CacheKey) -> Option<Arc<CachedResult>> {
        if self.tracking.load(Ordering::Acquire) { self.entries.find(key) } else { None }
    }

    /// The current epoch, to be taken before a value is read.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Keeps a value that was read in epoch `read_in`, unless anything has changed since.
    pub(super) fn keep(&self, key: &CacheKey, cached: &Arc<CachedResult>, read_in: u64) {
        if !self.tracking.load(Ordering::Acquire) || self.epoch() != read_in {
            return;
        }
        self.entries.keep(key, cached);
        // A change that arrived in between found nothing to remove.
        if self.epoch() != read_in {
            self.entries.forget(key.as_str());
        }
    }

    pub(super) fn forget(&self, key: &str) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.entries.forget(key);
    }

    /// The number of a new connection; messages of earlier ones are ignored from now on.
    pub(super) fn new_connection(&self) -> u64 {
        self.stop_tracking();
        self.connection.fetch_add(1, Ordering::AcqRel) + 1
    }

    pub(super) fn start_tracking(&self) {
        self.tracking.store(true, Ordering::Release);
    }

    /// Redis no longer reports changes: removes all copies.
    pub(super) fn stop_tracking(&self) {
        self.tracking.store(false, Ordering::Release);
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.entries.clear();
    }

    /// Handles a message that Redis sent on `connection`.
    pub(super) fn on_push(&self, push: &PushInfo, connection: u64) {
        if connection != self.connection.load(Ordering::Acquire) {
            return;
        }
        match (&push.kind, push.data.as_slice()) {
            (PushKind::Invalidate, [Value::Array(keys)]) => {
                for key in keys {
                    if let Value::BulkString(key) = key {
                        self.forget(&String::from_utf8_lossy(key));
                    }
                }
            }
            // After FLUSHDB or FLUSHALL: the message names no keys.
            (PushKind::Invalidate, _) => {
                self.epoch.fetch_add(1, Ordering::AcqRel);
                self.entries.clear();
            }
            (PushKind::Disconnection, _) => self.stop_tracking(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fetch::PageUrl;
    use std::time::Duration;

    fn key() -> CacheKey {
        CacheKey::of(&PageUrl::parse("http://a/").unwrap())
    }

    fn cached() -> Arc<CachedResult> {
        Arc::new(CachedResult::new(Err(fetch::FetchError::Dns), Duration::from_mins(1)))
    }

    fn invalidate(data: Value) -> PushInfo {
        PushInfo { kind: PushKind::Invalidate, data: vec![data] }
    }

    fn disconnection() -> PushInfo {
        PushInfo { kind: PushKind::Disconnection, data: vec![] }
    }

    fn tier() -> LocalTier {
        let tier = LocalTier::new(1_000_000);
        assert_eq!(tier.new_connection(), 1);
        tier.start_tracking();
        tier.keep(&key(), &cached(), tier.epoch());
        assert!(tier.find(&key()).is_some());
        tier
    }

    #[test]
    fn a_reported_change_removes_the_copy_of_its_key() {
        let tier = tier();
        let changed = Value::Array(vec![Value::BulkString(key().as_str().into())]);
        tier.on_push(&invalidate(Value::Array(vec![Value::BulkString(b"other".into())])), 1);
        assert!(tier.find(&key()).is_some());
        tier.on_push(&invalidate(changed), 1);
        assert!(tier.find(&key()).is_none());
    }

    #[test]
    fn a_flush_and_a_lost_connection_remove_all_copies() {
        let flushed = tier();
        flushed.on_push(&invalidate(Value::Nil), 1);
        assert!(flushed.find(&key()).is_none());
        let ended = tier();
        ended.on_push(&disconnection(), 1);
        ended.keep(&key(), &cached(), ended.epoch());
        assert!(ended.find(&key()).is_none());
    }

    #[test]
    fn the_late_end_of_an_earlier_connection_removes_nothing() {
        let tier = tier();
        assert_eq!(tier.new_connection(), 2);
        tier.start_tracking();
        tier.keep(&key(), &cached(), tier.epoch());
        tier.on_push(&disconnection(), 1);
        assert!(tier.find(&key()).is_some());
    }

    #[test]
    fn a_value_that_changes_while_it_is_read_is_not_kept() {
        let tier = tier();
        let epoch = tier.epoch();
        tier.forget(key().as_str());
        tier.keep(&key(), &cached(), epoch);
        assert!(tier.find(&key()).is_none());
    }
}
