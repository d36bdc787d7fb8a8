//! Tracks whether a connection is waiting for its client or for us, and since when; used for idle and stall timeouts.

use super::context::Client;
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

/// How long a client may keep its connection waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// Without a request, until the header of one is complete.
    pub(super) idle: Duration,
    /// During a response, until 4 KiB more of it are read; over HTTP/2, a frame.
    pub(super) stall: Duration,
}

impl Timeouts {
    fn shortest(&self) -> Duration {
        self.idle.min(self.stall).min(CLOSE)
    }
}

/// What is known of a connection. Written by its socket, requests and bodies; read by [`ConnectionTimer::expired`].
///
/// hyper's header timeout is not used: it knows neither HTTP/2 nor a connection whose version is still unknown, so this
/// clock has to cover connections without a request anyway.
#[derive(Debug)]
pub(super) struct ConnectionTimer {
    start: Instant,
    /// The last progress of the client, in milliseconds after `start`.
    progress: AtomicU64,
    /// Whether it is HTTP/2; unset before the first request.
    http2: OnceLock<bool>,
    requests: AtomicUsize,
    /// Requests and response bodies that wait for the service.
    working: AtomicUsize,
    written: AtomicU64,
    write_blocked: AtomicBool,
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
    pub(super) fn new() -> Self {
        Self {
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
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.store(elapsed, Relaxed);
    }

    /// The header of a request is complete.
    pub(super) fn request_begins(&self, http2: bool) {
        let _ = self.http2.set(http2);
        self.requests.fetch_add(1, Relaxed);
    }

    /// All of its response was handed to hyper, or it was given up.
    pub(super) fn request_ends(&self) {
        self.requests.fetch_sub(1, Relaxed);
        self.progress();
    }

    /// Until the result is dropped, a request or a response body waits for the service, not for the client.
    pub(super) fn work(client: &Arc<Client>) -> Work {
        client.timer.working.fetch_add(1, Relaxed);
        Work(Arc::clone(client))
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

    /// Whether the socket's buffer is full.
    pub(super) fn set_write_blocked(&self, blocked: bool) {
        self.write_blocked.store(blocked, Relaxed);
    }

    /// Our side is closed; what the client still sends is discarded.
    pub(super) fn close(&self) {
        if !self.closing.swap(true, Relaxed) {
            self.progress();
        }
    }

    /// Resolves when the connection has to end, by a timeout or because of `stop`.
    pub(super) async fn expired(&self, timeouts: Timeouts, stop: &CancellationToken) -> Expiry {
        tokio::select! {
            () = self.timed_out(timeouts) => return Expiry::Timeout,
            () = stop.cancelled() => {}
        }
        let idle = LINGER.min(timeouts.idle);
        match self.http2.get() {
            // GOAWAY loses no request, so it can be sent at once.
            Some(true) => Expiry::Drain,
            // HTTP/1 clients learn of the drain from `Connection: close` in a response only: wait until they are idle.
            Some(false) => {
                self.progress();
                self.timed_out(Timeouts { idle, ..timeouts }).await;
                Expiry::Timeout
            }
            None => {
                tokio::time::sleep(idle).await;
                Expiry::Drain
            }
        }
    }

    /// Resolves when the client exceeds a timeout.
    pub(super) async fn timed_out(&self, timeouts: Timeouts) {
        while let Some(left) = self.left(timeouts) {
            // If the state changes meanwhile, the new deadline is at least `shortest` away, so this never sleeps past it.
            tokio::time::sleep(left.min(timeouts.shortest())).await;
        }
    }

    /// Whether a request came: its protocol is that of the whole connection.
    pub(super) fn has_had_requests(&self) -> bool {
        self.http2.get().is_some()
    }

    /// Whether there is neither a request nor a response, nor was for `pause`.
    pub(super) fn is_idle_for(&self, pause: Duration) -> bool {
        let busy =
            self.requests.load(Relaxed) > 0 || self.write_blocked.load(Relaxed) || self.closing.load(Relaxed);
        !busy && self.since_progress() >= pause
    }

    fn since_progress(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.progress.load(Relaxed)))
    }

    /// The time left to the client, if any.
    fn left(&self, timeouts: Timeouts) -> Option<Duration> {
        if self.working.load(Relaxed) > 0 {
            return Some(timeouts.shortest());
        }
        let allowed = if self.closing.load(Relaxed) {
            CLOSE
        } else if self.requests.load(Relaxed) == 0 && !self.write_blocked.load(Relaxed) {
            timeouts.idle
        } else {
            timeouts.stall
        };
        let left = allowed.saturating_sub(self.since_progress());
        (!left.is_zero()).then_some(left)
    }
}

/// See [`ConnectionTimer::work`].
pub(super) struct Work(Arc<Client>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.timer.working.fetch_sub(1, Relaxed);
        self.0.timer.progress();
    }
}
