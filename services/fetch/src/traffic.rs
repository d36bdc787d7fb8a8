//! Counts every byte that a connection receives against what its jobs may receive: TLS, framing, interim responses and
//! HTTP/2 frames of any kind included.

use crate::FetchSettings;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What each hop of a job may receive besides its header and body, in bytes: framing and TLS.
const HOP_OVERHEAD: u64 = 64 * 1024;
/// What a connection may receive between two jobs: control frames and session tickets.
const IDLE: u64 = 16 * 1024;

/// The bytes that one job may receive, on all its connections together.
#[derive(Clone, Debug)]
pub(crate) struct JobAllowance {
    all: u64,
    left: Arc<AtomicU64>,
}

/// Why a connection receives nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrafficFault {
    /// The origin sent more than it may.
    TooMuch,
    /// It does not speak the protocol.
    NotHttp,
}

/// Counts the bytes of one connection.
#[derive(Debug)]
pub(crate) struct TrafficMeter(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    /// Jobs that use the connection.
    open: u64,
    /// What they may receive in all.
    allowed: u64,
    /// What has been received and not been charged to a job.
    received: u64,
    /// The part of it that open jobs have read as their bodies.
    bodies: u64,
    fault: Option<TrafficFault>,
}

/// A job that uses a connection. When dropped, it is charged its body and an equal share of all else.
#[derive(Debug)]
pub(crate) struct OpenJob {
    meter: Arc<TrafficMeter>,
    allowance: JobAllowance,
    /// What the job could receive when it came to this connection.
    brought: u64,
    body: u64,
}

impl JobAllowance {
    pub(crate) fn new(settings: &FetchSettings) -> Self {
        let hop = settings.max_header_bytes.0.saturating_add(HOP_OVERHEAD);
        let hops = u64::from(settings.max_redirects).saturating_add(2).saturating_mul(hop);
        let all = settings.max_bytes.0.saturating_add(hops);
        Self { all, left: Arc::new(AtomicU64::new(all)) }
    }

    /// The bytes that have been received, but for those on connections that the job still uses.
    pub(crate) fn used(&self) -> u64 {
        self.all - self.left.load(Ordering::Relaxed)
    }
}

impl TrafficMeter {
    pub(crate) fn new() -> Arc<Self> {
        let counts = Counts { open: 0, allowed: IDLE, received: 0, bodies: 0, fault: None };
        Arc::new(Self(Mutex::new(counts)))
    }

    /// Lets the connection receive what the job may.
    pub(crate) fn open(self: &Arc<Self>, allowance: &JobAllowance) -> OpenJob {
        let brought = allowance.left.load(Ordering::Relaxed);
        let mut counts = self.counts();
        if counts.open == 0 {
            (counts.allowed, counts.received) = (0, 0);
        }
        counts.open += 1;
        counts.allowed = counts.allowed.saturating_add(brought);
        drop(counts);
        OpenJob { meter: Arc::clone(self), allowance: allowance.clone(), brought, body: 0 }
    }

    /// Ends the connection at its next read.
    pub(crate) fn fail(&self, fault: TrafficFault) {
        self.counts().fault.get_or_insert(fault);
    }

    pub(crate) fn fault(&self) -> Option<TrafficFault> {
        self.counts().fault
    }

    /// Whether no job uses the connection.
    pub(crate) fn is_idle(&self) -> bool {
        self.counts().open == 0
    }

    fn receive(&self, bytes: u64) -> io::Result<()> {
        let mut counts = self.counts();
        counts.received = counts.received.saturating_add(bytes);
        counts.judge();
        if counts.fault.is_some() { Err(closed()) } else { Ok(()) }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn judge(&mut self) {
        if self.received > self.allowed {
            self.fault.get_or_insert(TrafficFault::TooMuch);
        }
    }
}

impl OpenJob {
    pub(crate) fn meter(&self) -> &Arc<TrafficMeter> {
        &self.meter
    }

    /// Notes that the job has read `bytes` of its body.
    pub(crate) fn read_body(&mut self, bytes: usize) {
        self.body += bytes as u64;
        self.meter.counts().bodies += bytes as u64;
    }
}

impl Drop for OpenJob {
    fn drop(&mut self) {
        let mut counts = self.meter.counts();
        let shared = counts.received.saturating_sub(counts.bodies) / counts.open.max(1);
        let charge = self.body.saturating_add(shared).min(self.brought);
        self.allowance.left.store(self.brought - charge, Ordering::Relaxed);
        counts.open = counts.open.saturating_sub(1);
        counts.bodies = counts.bodies.saturating_sub(self.body);
        if counts.open == 0 {
            (counts.allowed, counts.received) = (IDLE, 0);
        } else {
            counts.allowed = counts.allowed.saturating_sub(self.brought);
            counts.received = counts.received.saturating_sub(charge);
            counts.judge();
        }
    }
}

/// A stream whose received bytes are counted. It fails when they are too many.
#[derive(Debug)]
pub(crate) struct Metered<T> {
    inner: T,
    meter: Arc<TrafficMeter>,
}

impl<T> Metered<T> {
    pub(crate) fn new(inner: T, meter: Arc<TrafficMeter>) -> Self {
        Self { inner, meter }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.meter.fault().is_some() {
            return Poll::Ready(Err(closed()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        Poll::Ready(self.meter.receive((buffer.filled().len() - before) as u64))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The error of a read after a fault.
pub(crate) fn closed() -> io::Error {
    io::Error::other("the origin sent what it may not")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytesize::ByteSize;

    fn allowance(bytes: u64) -> JobAllowance {
        JobAllowance { all: bytes, left: Arc::new(AtomicU64::new(bytes)) }
    }

    fn left(allowance: &JobAllowance) -> u64 {
        allowance.left.load(Ordering::Relaxed)
    }

    #[test]
    fn a_job_may_receive_its_body_and_a_header_with_overhead_for_each_hop() {
        let settings = FetchSettings {
            max_bytes: ByteSize(1000),
            max_header_bytes: ByteSize(100),
            max_redirects: 3,
            ..FetchSettings::default()
        };
        assert_eq!(left(&JobAllowance::new(&settings)), 1000 + 5 * (100 + 64 * 1024));
        let endless = FetchSettings { max_redirects: u32::MAX, max_bytes: ByteSize(u64::MAX), ..settings };
        assert_eq!(left(&JobAllowance::new(&endless)), u64::MAX);
    }

    #[test]
    fn a_job_alone_on_its_connections_is_charged_every_byte() {
        let job = allowance(1000);
        for spent in [400, 600] {
            let meter = TrafficMeter::new();
            let mut open = meter.open(&job);
            meter.receive(spent).unwrap();
            open.read_body(300);
        }
        assert_eq!(left(&job), 0);
        let meter = TrafficMeter::new();
        let _open = meter.open(&job);
        assert!(meter.receive(1).is_err() && meter.fault() == Some(TrafficFault::TooMuch));
    }

    #[test]
    fn a_shared_connection_may_receive_the_sum_of_its_open_jobs() {
        let meter = TrafficMeter::new();
        let jobs = [allowance(1000), allowance(1000)];
        let [mut first, second] = [meter.open(&jobs[0]), meter.open(&jobs[1])];
        meter.receive(1900).unwrap();
        first.read_body(700);
        drop(first);
        assert_eq!(left(&jobs[0]), 0, "700 of its own and half of 1200 would be more than it may receive");
        meter.receive(100).unwrap();
        assert!(meter.receive(1).is_err(), "what the closed job was charged does not count twice");
        drop(second);
    }

    #[test]
    fn a_job_does_not_pay_for_the_bodies_of_others() {
        let meter = TrafficMeter::new();
        let jobs = [allowance(1000), allowance(1000)];
        let [mut large, small] = [meter.open(&jobs[0]), meter.open(&jobs[1])];
        meter.receive(920).unwrap();
        large.read_body(900);
        drop(small);
        assert_eq!(left(&jobs[1]), 990);
    }

    #[test]
    fn an_idle_connection_may_receive_little() {
        let meter = TrafficMeter::new();
        drop(meter.open(&allowance(1 << 20)));
        assert!(meter.is_idle() && meter.receive(IDLE).is_ok());
        assert!(meter.receive(1).is_err());
    }
}
