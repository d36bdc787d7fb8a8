//! Whose turn it is on a connection, and since when.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// Written bytes that count as a move of the client: it must have taken those before.
const STRIDE: u64 = 4 * 1024;

/// Seen by a connection's socket and bodies, read by its watchdog. Times are milliseconds since its start.
#[derive(Debug)]
pub(crate) struct Activity {
    start: Instant,
    moved: AtomicU64,
    in_flight: AtomicUsize,
    working: AtomicUsize,
    written: AtomicU64,
    blocked: AtomicBool,
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
        }
    }

    /// Something happened: patience begins anew.
    pub(crate) fn touch(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(now, Relaxed);
    }

    /// A whole request header is here.
    pub(crate) fn request_begins(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    /// Its answer was handed over, or given up.
    pub(crate) fn request_ends(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
        self.touch();
    }

    /// It is our turn: the service thinks, or a body waits for its source.
    pub(crate) fn work_begins(&self) {
        self.working.fetch_add(1, Relaxed);
    }

    /// It is the client's turn.
    pub(crate) fn work_ends(&self) {
        self.working.fetch_sub(1, Relaxed);
        self.touch();
    }

    /// The socket took `bytes`.
    pub(super) fn wrote(&self, bytes: u64) {
        if self.written.fetch_add(bytes, Relaxed) + bytes >= STRIDE {
            self.written.store(0, Relaxed);
            self.touch();
        }
    }

    /// Whether the socket takes no more for now.
    pub(super) fn block(&self, blocked: bool) {
        self.blocked.store(blocked, Relaxed);
    }

    /// Resolves when the client has let its turn pass: `header` without a whole request, or `stall` without
    /// taking the answer.
    pub(super) async fn overdue(&self, header: Duration, stall: Duration) {
        loop {
            let idle = self.in_flight.load(Relaxed) == 0 && !self.blocked.load(Relaxed);
            let patience = if idle { header } else { stall };
            let deadline = self.start + Duration::from_millis(self.moved.load(Relaxed)) + patience;
            let now = Instant::now();
            if self.working.load(Relaxed) == 0 && deadline <= now {
                return;
            }
            // Any end of work moves the deadline to at least `header` from then, so looking again by then is exact.
            let wait = deadline.saturating_duration_since(now).min(header);
            let wait = if wait.is_zero() { header.min(stall) } else { wait };
            tokio::time::sleep(wait).await;
        }
    }
}
