//! Changes that Redis reports to the local tier (client-side caching, `CLIENT TRACKING`).

use crate::cache::local_tier::LocalTier;
use redis::{Cmd, PushInfo, PushKind, Value};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Passes the reports of the current connection on.
pub(super) struct ChangeReports {
    tier: Arc<LocalTier>,
    /// The number of the current connection: messages of an earlier one may arrive late.
    connection: AtomicU64,
}

impl ChangeReports {
    pub(super) fn new(tier: Arc<LocalTier>) -> Self {
        Self { tier, connection: AtomicU64::default() }
    }

    /// The number of a new connection; messages of earlier ones are ignored from now on.
    pub(super) fn new_connection(&self) -> u64 {
        self.stop();
        self.connection.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The command that asks for reports of every change, also of keys that this connection has not read, but not of its
    /// own writes.
    pub(super) fn command() -> Cmd {
        let options = ["TRACKING", "ON", "BCAST", "PREFIX", "linkextractor:", "NOLOOP"];
        redis::cmd("CLIENT").arg(&options[..]).take()
    }

    /// Redis has accepted the command.
    pub(super) fn start(&self) {
        self.tier.start_tracking();
    }

    pub(super) fn stop(&self) {
        self.tier.unverify_all();
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
                        self.tier.invalidate(&String::from_utf8_lossy(key));
                    }
                }
            }
            // After FLUSHDB or FLUSHALL: the message names no keys.
            (PushKind::Invalidate, _) => self.tier.invalidate_all(),
            (PushKind::Disconnection, _) => self.stop(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::local_tier::Local, cache_entry::CacheEntry, cache_key::CacheKey, cached_result::CachedResult,
    };
    use fetch::PageUrl;
    use std::time::Duration;

    fn key() -> CacheKey {
        CacheKey::of(&PageUrl::parse("http://a/").unwrap())
    }

    fn invalidate(data: Value) -> PushInfo {
        PushInfo { kind: PushKind::Invalidate, data: vec![data] }
    }

    fn disconnection() -> PushInfo {
        PushInfo { kind: PushKind::Disconnection, data: vec![] }
    }

    /// Reports of connection 1, and a tier with a verified copy.
    fn reports() -> ChangeReports {
        let reports = ChangeReports::new(Arc::new(LocalTier::new(1_000_000, Duration::ZERO)));
        assert_eq!(reports.new_connection(), 1);
        reports.start();
        let failure = CachedResult::new(Err(fetch::FetchError::Dns), Duration::from_mins(1));
        let entry = CacheEntry::of(&Arc::new(failure));
        reports.tier.keep_read(&key(), &entry, reports.tier.mark(&key()));
        assert!(matches!(reports.tier.find(&key()), Local::Verified(_)));
        reports
    }

    #[test]
    fn a_reported_change_removes_the_copy_of_its_key() {
        let reports = reports();
        let changed = Value::Array(vec![Value::BulkString(key().as_str().into())]);
        reports.on_push(&invalidate(Value::Array(vec![Value::BulkString(b"other".into())])), 1);
        assert!(matches!(reports.tier.find(&key()), Local::Verified(_)));
        reports.on_push(&invalidate(changed), 1);
        assert!(matches!(reports.tier.find(&key()), Local::Absent));
    }

    #[test]
    fn a_flush_removes_all_copies_and_a_lost_connection_leaves_them_unverified() {
        let flushed = reports();
        flushed.on_push(&invalidate(Value::Nil), 1);
        assert!(matches!(flushed.tier.find(&key()), Local::Absent));
        let ended = reports();
        ended.on_push(&disconnection(), 1);
        assert!(matches!(ended.tier.find(&key()), Local::Unverified(_)));
    }

    #[test]
    fn the_late_end_of_an_earlier_connection_changes_nothing() {
        let reports = reports();
        assert_eq!(reports.new_connection(), 2);
        reports.start();
        let Local::Unverified(copy) = reports.tier.find(&key()) else { panic!("it stays") };
        reports.tier.verify(&key(), &copy, reports.tier.mark(&key()));
        reports.on_push(&disconnection(), 1);
        assert!(matches!(reports.tier.find(&key()), Local::Verified(_)));
    }
}
