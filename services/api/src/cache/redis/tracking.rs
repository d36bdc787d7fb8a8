//! Whether Redis reports changes to the local tier (client-side caching, `CLIENT TRACKING`): only while every server that
//! has keys does so.

use crate::cache::local_tier::LocalTier;
use redis::{Cmd, PushInfo, PushKind, Value};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

pub(super) struct Tracking {
    tier: Arc<LocalTier>,
    /// Whether the local tier relies on reports. The lock makes a look at all connections and its conclusion one step: a
    /// connection that ends in between would be overlooked.
    on: Mutex<bool>,
    changed: Notify,
}

impl Tracking {
    pub(super) fn new(tier: Arc<LocalTier>) -> Self {
        Self { tier, on: Mutex::default(), changed: Notify::new() }
    }

    /// The command that asks a server for reports of every change, also of keys that this connection has not read, but not
    /// of its own writes.
    pub(super) fn command() -> Cmd {
        let options = ["TRACKING", "ON", "BCAST", "PREFIX", "linkextractor:", "NOLOOP"];
        redis::cmd("CLIENT").arg(&options[..]).take()
    }

    /// Makes the local tier rely on reports if `all_report`.
    pub(super) fn start_if(&self, all_report: impl FnOnce() -> bool) {
        let mut on = self.on.lock().unwrap_or_else(PoisonError::into_inner);
        if !*on && all_report() {
            *on = true;
            self.tier.start_tracking();
        }
    }

    /// Reports may be missing from now on: a connection has ended, or keys are at other servers. To be called after the
    /// connection is marked as ended.
    pub(super) fn stop(&self) {
        let mut on = self.on.lock().unwrap_or_else(PoisonError::into_inner);
        *on = false;
        self.tier.unverify_all();
    }

    /// Says that a server reports changes now.
    pub(super) fn note_change(&self) {
        self.changed.notify_one();
    }

    /// Waits for [`note_change`](Self::note_change).
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Handles a message that a server sent by itself; returns whether the connection has ended.
    pub(super) fn on_push(&self, push: &PushInfo) -> bool {
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
            (PushKind::Disconnection, _) => return true,
            _ => {}
        }
        false
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

    /// Reports, and a tier with a verified copy.
    fn tracking() -> Tracking {
        let tracking = Tracking::new(Arc::new(LocalTier::new(1_000_000, Duration::ZERO)));
        tracking.start_if(|| true);
        let failure = CachedResult::new(Err(fetch::FetchError::Dns), Duration::from_mins(1));
        let entry = CacheEntry::of(&Arc::new(failure));
        tracking.tier.keep_read(&key(), &entry, tracking.tier.mark(&key()));
        assert!(matches!(tracking.tier.find(key().url()), Local::Verified(_)));
        tracking
    }

    #[test]
    fn a_reported_change_removes_the_copy_of_its_key() {
        let tracking = tracking();
        let changed = Value::Array(vec![Value::BulkString(key().as_str().into())]);
        tracking.on_push(&invalidate(Value::Array(vec![Value::BulkString(b"other".into())])));
        assert!(matches!(tracking.tier.find(key().url()), Local::Verified(_)));
        tracking.on_push(&invalidate(changed));
        assert!(matches!(tracking.tier.find(key().url()), Local::Absent));
    }

    #[test]
    fn a_flush_removes_all_copies_and_a_lost_connection_leaves_them_unverified() {
        let flushed = tracking();
        flushed.on_push(&invalidate(Value::Nil));
        assert!(matches!(flushed.tier.find(key().url()), Local::Absent));
        let ended = tracking();
        ended.stop();
        assert!(matches!(ended.tier.find(key().url()), Local::Unverified(_)));
    }

    #[test]
    fn the_late_end_of_an_earlier_connection_changes_nothing() {
        let tracking = tracking();
        assert!(tracking.on_push(&PushInfo { kind: PushKind::Disconnection, data: vec![] }));
        assert!(matches!(tracking.tier.find(key().url()), Local::Verified(_)));
    }

    #[test]
    fn copies_are_verified_only_while_all_servers_report() {
        let tracking = tracking();
        tracking.stop();
        tracking.start_if(|| false);
        let Local::Unverified(copy) = tracking.tier.find(key().url()) else { panic!("it stays") };
        tracking.tier.verify(&key(), &copy, tracking.tier.mark(&key()));
        assert!(matches!(tracking.tier.find(key().url()), Local::Unverified(_)));
        tracking.start_if(|| true);
        tracking.tier.verify(&key(), &copy, tracking.tier.mark(&key()));
        assert!(matches!(tracking.tier.find(key().url()), Local::Verified(_)));
        tracking.start_if(|| true);
        assert!(matches!(tracking.tier.find(key().url()), Local::Verified(_)), "still the same session");
    }
}
