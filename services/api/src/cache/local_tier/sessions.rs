//! Since when Redis has reported changes, and of which keys: what decides whether a copy is as current as Redis.

use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// Counters of changes. Keys share them: a change of one key only makes a value of another that is being read look
/// changed, too.
const COUNTERS: usize = 1024;

/// The sessions in which Redis has reported changes, numbered by odd numbers; between them the number is even.
pub(super) struct Sessions {
    number: AtomicU64,
    changes: Box<[AtomicU64; COUNTERS]>,
}

/// A moment in the reports about a key.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    session: u64,
    changes: u64,
}

impl Sessions {
    /// No session: the number of copies that were never verified.
    pub(super) const NEVER: u64 = 0;

    pub(super) fn start(&self) {
        let next = |number: u64| Some(number + 1 + number % 2);
        let _ = self.number.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    pub(super) fn stop(&self) {
        let even = |number: u64| Some(number + number % 2);
        let _ = self.number.fetch_update(Ordering::AcqRel, Ordering::Acquire, even);
    }

    /// Whether `session` is the one in which Redis reports changes now.
    pub(super) fn is_current(&self, session: u64) -> bool {
        session % 2 == 1 && session == self.number.load(Ordering::Acquire)
    }

    pub(super) fn change(&self, key: &str) {
        self.counter(key).fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn change_all(&self) {
        for counter in self.changes.iter() {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(super) fn mark(&self, key: &str) -> Mark {
        let session = self.number.load(Ordering::Acquire);
        Mark { session, changes: self.counter(key).load(Ordering::Acquire) }
    }

    /// Whether a change of `key` has been reported since `mark`.
    pub(super) fn has_changed(&self, key: &str, mark: Mark) -> bool {
        self.counter(key).load(Ordering::Acquire) != mark.changes
    }

    /// The session in which all changes since `mark` have been reported, or [`NEVER`](Self::NEVER).
    pub(super) fn verified_since(&self, mark: Mark) -> u64 {
        if self.is_current(mark.session) { mark.session } else { Self::NEVER }
    }

    fn counter(&self, key: &str) -> &AtomicU64 {
        let hash = usize::try_from(xxh3_64(key.as_bytes()) % COUNTERS as u64).unwrap_or_default();
        &self.changes[hash]
    }
}

impl Default for Sessions {
    fn default() -> Self {
        let changes = Box::new(std::array::from_fn(|_| AtomicU64::new(0)));
        Self { number: AtomicU64::new(0), changes }
    }
}
