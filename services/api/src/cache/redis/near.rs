//! A copy, in the process, of what was read from Redis, for as long as Redis tells when it changes there
//! (client-side caching, `CLIENT TRACKING`). A hit then costs no way to Redis and back.

use crate::{cache::Embedded, entry::Entry, page::CacheKey};
use redis::{PushInfo, PushKind, Value};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// The copies.
#[derive(Debug)]
pub(super) struct Near {
    entries: Embedded,
    /// Whether Redis tells of changes.
    told: AtomicBool,
    /// Which connection it tells them by: an earlier one may still have to say that it ended.
    line: AtomicU64,
    /// Counts changes: a value that was read before one and arrives after it is not kept.
    changes: AtomicU64,
}

/// A moment between two changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(u64);

impl Near {
    /// Room for about `bytes`.
    pub(super) fn new(bytes: u64) -> Self {
        let entries = Embedded::new(bytes);
        Self { entries, told: AtomicBool::new(false), line: AtomicU64::new(0), changes: AtomicU64::new(0) }
    }

    /// The copy of `key`.
    pub(super) fn find(&self, key: &CacheKey) -> Option<Arc<Entry>> {
        if self.told.load(Ordering::Acquire) { self.entries.find(key) } else { None }
    }

    /// Now: to be taken before Redis is asked.
    pub(super) fn moment(&self) -> Moment {
        Moment(self.changes.load(Ordering::Acquire))
    }

    /// Keeps what was read since `asked`, unless anything has changed since then.
    pub(super) fn keep(&self, key: &CacheKey, entry: &Arc<Entry>, asked: Moment) {
        if !self.told.load(Ordering::Acquire) || self.moment() != asked {
            return;
        }
        self.entries.keep(key, entry);
        // A change that came in between found nothing to forget.
        if self.moment() != asked {
            self.entries.forget(key.as_str());
        }
    }

    /// Forgets `key`.
    pub(super) fn forget(&self, key: &str) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.entries.forget(key);
    }

    /// The number of a new connection; what earlier ones tell counts no more.
    pub(super) fn line(&self) -> u64 {
        self.end();
        self.line.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// From now on Redis tells of changes.
    pub(super) fn begin(&self) {
        self.told.store(true, Ordering::Release);
    }

    /// Redis does not tell any more: nothing here can be relied on.
    pub(super) fn end(&self) {
        self.told.store(false, Ordering::Release);
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.entries.clear();
    }

    /// What Redis tells by connection `line`.
    pub(super) fn hear(&self, push: &PushInfo, line: u64) {
        if line != self.line.load(Ordering::Acquire) {
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
            // A flush, which names no keys.
            (PushKind::Invalidate, _) => {
                self.changes.fetch_add(1, Ordering::AcqRel);
                self.entries.clear();
            }
            (PushKind::Disconnection, _) => self.end(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Outcome;
    use fetch::PageUrl;
    use std::time::Duration;

    fn key() -> CacheKey {
        CacheKey::of(&PageUrl::parse("http://a/").unwrap())
    }

    fn entry() -> Arc<Entry> {
        Arc::new(Entry::new(Outcome::Failure(fetch::FetchError::Dns), Duration::from_mins(1)))
    }

    fn invalidate(data: Value) -> PushInfo {
        PushInfo { kind: PushKind::Invalidate, data: vec![data] }
    }

    fn end() -> PushInfo {
        PushInfo { kind: PushKind::Disconnection, data: vec![] }
    }

    fn near() -> Near {
        let near = Near::new(1_000_000);
        assert_eq!(near.line(), 1);
        near.begin();
        near.keep(&key(), &entry(), near.moment());
        assert!(near.find(&key()).is_some());
        near
    }

    #[test]
    fn changes_are_heard() {
        let near = near();
        let changed = Value::Array(vec![Value::BulkString(key().as_str().into())]);
        near.hear(&invalidate(Value::Array(vec![Value::BulkString(b"other".into())])), 1);
        assert!(near.find(&key()).is_some());
        near.hear(&invalidate(changed), 1);
        assert!(near.find(&key()).is_none());
    }

    #[test]
    fn a_flush_and_the_end_of_the_connection_forget_all() {
        let flushed = near();
        flushed.hear(&invalidate(Value::Nil), 1);
        assert!(flushed.find(&key()).is_none());
        let ended = near();
        ended.hear(&end(), 1);
        ended.keep(&key(), &entry(), ended.moment());
        assert!(ended.find(&key()).is_none());
    }

    #[test]
    fn an_earlier_connection_may_end_later() {
        let near = near();
        assert_eq!(near.line(), 2);
        near.begin();
        near.keep(&key(), &entry(), near.moment());
        near.hear(&end(), 1);
        assert!(near.find(&key()).is_some());
    }

    #[test]
    fn what_changed_while_it_was_read_is_not_kept() {
        let near = near();
        let asked = near.moment();
        near.forget(key().as_str());
        near.keep(&key(), &entry(), asked);
        assert!(near.find(&key()).is_none());
    }
}
