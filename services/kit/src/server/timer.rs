//! Tracks whether a connection is waiting for its client or for us, and since when; used for idle and stall timeouts.

use crate::{Limits, send_queue::CutOff};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Bytes written over HTTP/1 that count as progress: the client must have read as much before.
const PROGRESS: u64 = 4 * 1024;
/// How long, in a drain, an idle HTTP/1 connection stays open for a request that is on its way.
const LINGER: Duration = Duration::from_millis(500);
/// How long a client may take to close its side after ours.
pub(super) const CLOSE: Duration = Duration::from_secs(1);

/// Written by a connection's socket, requests and bodies; read by [`ConnectionTimer::expired`]. It stands for hyper's
/// header timeout too, which covers neither HTTP/2 nor a connection whose version is still unknown.
pub(super) struct ConnectionTimer {
    /// For a client without a request, until the header of one is complete.
    idle: Duration,
    /// For a client during a response, until 4 KiB more of it are read; over HTTP/2, a frame.
    stall: Duration,
    /// Ends the connection at once: others need the memory that its responses hold.
    pub(super) cut_off: Arc<CutOff>,
    start: Instant,
    /// The last progress of the client, in milliseconds after `start`.
    progress: AtomicU64,
    /// Whether it is HTTP/2, which the first request decides; unset before.
    pub(super) http2: OnceLock<bool>,
    requests: AtomicUsize,
    /// Requests and response bodies that wait for the service.
    working: AtomicUsize,
    /// Bytes written over HTTP/1 since the last progress.
    written: AtomicU64,
    /// Whether the socket's buffer is full.
    pub(super) write_blocked: AtomicBool,
    closing: AtomicBool,
}

/// Why a connection has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// The client was idle or stalled for too long.
    Timeout,
    /// The server stops; requests in flight may finish.
    Drain,
}

impl ConnectionTimer {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            idle: limits.header_timeout,
            stall: limits.stall_timeout,
            cut_off: Arc::default(),
            start: Instant::now(),
            progress: AtomicU64::new(0),
            http2: OnceLock::new(),
            requests: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            written: AtomicU64::new(0),
            write_blocked: AtomicBool::new(false),
            closing: AtomicBool::new(false),
        }
    }

    /// The client made progress: its timeout begins anew.
    pub(super) fn progress(&self) {
        self.progress_at(Instant::now());
    }

    fn progress_at(&self, now: Instant) {
        let elapsed = now.duration_since(self.start).as_millis();
        self.progress.store(u64::try_from(elapsed).unwrap_or(u64::MAX), Relaxed);
    }

    /// The header of a request is complete.
    pub(super) fn request_begins(&self, http2: bool) {
        let _ = self.http2.set(http2);
        self.requests.fetch_add(1, Relaxed);
    }

    /// All of its response was handed to hyper, or it was given up.
    pub(super) fn request_ends(&self, now: Instant) {
        self.requests.fetch_sub(1, Relaxed);
        self.written.store(0, Relaxed);
        self.progress_at(now);
    }

    /// Until the result is dropped, a request or a response body waits for the service, not for the client.
    pub(super) fn work(self: &Arc<Self>) -> Work {
        self.working.fetch_add(1, Relaxed);
        Work(Arc::clone(self))
    }

    /// The socket took `bytes`. Counts for HTTP/1 only: over HTTP/2 they may be no response but answers to PING, as many
    /// as the client likes.
    pub(super) fn wrote(&self, bytes: usize) {
        if self.http2.get() != Some(&false) {
            return;
        }
        let written = self.written.load(Relaxed) + bytes as u64;
        self.written.store(written % PROGRESS, Relaxed);
        if written >= PROGRESS {
            self.progress();
        }
    }

    /// Our side is closed; what the client still sends is discarded.
    pub(super) fn close(&self) {
        if !self.closing.swap(true, Relaxed) {
            self.progress();
        }
    }

    /// Resolves when the connection has to end, by a timeout or because of `stop`.
    pub(super) async fn expired(&self, stop: &CancellationToken) -> Expiry {
        tokio::select! {
            () = self.timed_out() => return Expiry::Timeout,
            () = stop.cancelled() => {}
        }
        let linger = LINGER.min(self.idle);
        match self.http2.get() {
            // GOAWAY loses no request, so it can be sent at once.
            Some(true) => Expiry::Drain,
            // HTTP/1 clients learn of the drain from `Connection: close` in a response only: wait until they are idle.
            Some(false) => {
                self.progress();
                self.exceeded(linger).await;
                Expiry::Timeout
            }
            None => {
                tokio::time::sleep(linger).await;
                Expiry::Drain
            }
        }
    }

    /// Resolves when the client exceeds a timeout or is cut off.
    pub(super) async fn timed_out(&self) {
        self.exceeded(self.idle).await;
    }

    async fn exceeded(&self, idle: Duration) {
        // A state that begins during the sleep has at least this timeout.
        let max_sleep = idle.min(self.stall).min(CLOSE);
        let exceeded = async {
            while let Some(left) = self.left(idle) {
                tokio::time::sleep(left.min(max_sleep)).await;
            }
        };
        self.cut_off.token.run_until_cancelled(exceeded).await;
    }

    /// The time left to the client, if any.
    fn left(&self, idle: Duration) -> Option<Duration> {
        // No timeout runs while the service works; the caller looks again after this time.
        if self.working.load(Relaxed) > 0 {
            return Some(CLOSE);
        }
        let allowed = if self.closing.load(Relaxed) {
            CLOSE
        } else if self.has_request() {
            self.stall
        } else {
            idle
        };
        let left = allowed.saturating_sub(self.since_progress());
        (!left.is_zero()).then_some(left)
    }

    /// Whether there is neither a request nor a response, nor was for `pause`.
    pub(super) fn is_idle_for(&self, pause: Duration) -> bool {
        !self.has_request() && !self.closing.load(Relaxed) && self.since_progress() >= pause
    }

    /// Whether a request or its response is in flight.
    fn has_request(&self) -> bool {
        self.requests.load(Relaxed) > 0 || self.write_blocked.load(Relaxed)
    }

    fn since_progress(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.progress.load(Relaxed)))
    }
}

/// See [`ConnectionTimer::work`].
pub(super) struct Work(Arc<ConnectionTimer>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Relaxed);
        self.0.progress();
    }
}
