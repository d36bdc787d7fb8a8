//! Whose turn it is on a connection, and since when.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Written bytes of HTTP/1 that count as a move of the client: it must have taken those before.
const STRIDE: u64 = 4 * 1024;
/// What a client may think between two requests before its connection rests.
const REST: Duration = Duration::from_millis(100);

/// Seen by a connection's socket and bodies, read by its watchdog.
#[derive(Debug)]
pub(crate) struct Activity {
    start: Instant,
    /// The last move, in milliseconds after `start`.
    moved: AtomicU64,
    in_flight: AtomicUsize,
    working: AtomicUsize,
    written: AtomicU64,
    blocked: AtomicBool,
    unread: AtomicBool,
    closing: AtomicBool,
    leaving: AtomicBool,
    cut_off: AtomicBool,
    /// Told of that.
    cut: Notify,
}

/// How long a client may take for its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// To send a whole request header.
    pub(super) header: Duration,
    /// To take 4 KiB of an answer; over HTTP/2, a frame of it.
    pub(super) stall: Duration,
    /// To close its side after ours.
    pub(super) close: Duration,
}

impl Patience {
    fn shortest(&self) -> Duration {
        self.header.min(self.stall).min(self.close)
    }
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            moved: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            written: AtomicU64::new(0),
            blocked: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            cut_off: AtomicBool::new(false),
            cut: Notify::new(),
        }
    }

    /// Something happened: patience begins anew.
    pub(crate) fn touch(&self, now: Instant) {
        let moved = now.saturating_duration_since(self.start).as_millis();
        self.moved.store(u64::try_from(moved).unwrap_or(u64::MAX), Relaxed);
    }

    /// A whole request header is here.
    pub(crate) fn request_begins(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    /// Its answer was handed over, or given up.
    pub(crate) fn request_ends(&self, now: Instant) {
        self.in_flight.fetch_sub(1, Relaxed);
        self.touch(now);
    }

    /// It is our turn: the service thinks, or a body waits for its source.
    pub(crate) fn work_begins(&self) {
        self.working.fetch_add(1, Relaxed);
    }

    /// It is the client's turn.
    pub(crate) fn work_ends(&self) {
        self.working.fetch_sub(1, Relaxed);
        self.touch(Instant::now());
    }

    /// The socket took `bytes` of answers.
    pub(super) fn wrote(&self, bytes: u64) {
        if self.written.fetch_add(bytes, Relaxed) + bytes >= STRIDE {
            self.written.store(0, Relaxed);
            self.touch(Instant::now());
        }
    }

    /// Whether the socket takes no more for now.
    pub(super) fn block(&self, blocked: bool) {
        self.blocked.store(blocked, Relaxed);
    }

    /// A request's body was not read to its end: more of it may come.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    pub(super) fn left_unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    /// Our side is closed; what the client still sends is discarded.
    pub(super) fn close(&self) {
        if !self.closing.swap(true, Relaxed) {
            self.touch(Instant::now());
        }
    }

    /// We stop: the client's last turn begins now, whoever says so how often.
    pub(super) fn leave(&self) {
        if !self.leaving.swap(true, Relaxed) {
            self.touch(Instant::now());
        }
    }

    /// The client's turn is over, whatever it does: others need what it holds.
    pub(super) fn cut_off(&self) {
        self.cut_off.store(true, Relaxed);
        self.cut.notify_one();
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.cut_off.load(Relaxed)
    }

    /// Resolves when the client has let its turn pass.
    pub(super) async fn overdue(&self, patience: Patience) {
        while !self.is_cut_off() {
            let Some(left) = self.left(patience) else { return };
            // A turn that ends meanwhile moves the deadline to `shortest` after now at least: looking again by then is exact.
            let _ = tokio::time::timeout(left.min(patience.shortest()), self.cut.notified()).await;
        }
    }

    /// Resolves when nothing is in flight, nor was for a while.
    pub(super) async fn rests(&self) {
        // Many clients ask once. Who asks more is looked at less often.
        let mut pause = REST;
        loop {
            tokio::time::sleep(pause).await;
            if self.at_rest() {
                return;
            }
            pause = 10 * REST;
        }
    }

    fn at_rest(&self) -> bool {
        let busy = self.blocked.load(Relaxed) || self.unread.load(Relaxed) || self.closing.load(Relaxed);
        let moved = self.start + Duration::from_millis(self.moved.load(Relaxed));
        self.in_flight.load(Relaxed) == 0 && !busy && moved.elapsed() >= REST
    }

    /// What is left of the client's turn, if not nothing.
    fn left(&self, patience: Patience) -> Option<Duration> {
        if self.working.load(Relaxed) > 0 {
            return Some(patience.shortest());
        }
        let allowed = if self.closing.load(Relaxed) {
            patience.close
        } else if self.in_flight.load(Relaxed) == 0 && !self.blocked.load(Relaxed) {
            patience.header
        } else {
            patience.stall
        };
        let deadline = self.start + Duration::from_millis(self.moved.load(Relaxed)) + allowed;
        let left = deadline.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}
