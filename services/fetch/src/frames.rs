//! Limits of HTTP/2 that hyper and h2 do not have: the interim responses of a stream, and the frames that arrive while no
//! job uses the connection.

mod rules;

use self::rules::{FrameHeader, FrameRules};
use crate::traffic::{TrafficMeter, closed};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of HTTP/2 frames that are checked before h2 sees them. No read crosses the end of a frame, and after a header
/// block it waits once: h2 queues interim responses without a bound, and this lets the job take one before the next comes.
pub(crate) struct FrameGuard<T> {
    inner: T,
    meter: Arc<TrafficMeter>,
    rules: FrameRules,
    header: [u8; FrameHeader::LENGTH],
    /// How much of `header` has been read.
    read: usize,
    /// How much of the frame's payload is yet to be read.
    payload: usize,
    /// Whether a header block ends with this frame.
    ends_block: bool,
    yields: bool,
}

impl<T> FrameGuard<T> {
    /// Limits interim responses to `max_header_bytes` in all.
    pub(crate) fn new(inner: T, meter: Arc<TrafficMeter>, max_header_bytes: usize) -> Self {
        Self {
            inner,
            meter,
            rules: FrameRules::new(max_header_bytes),
            header: [0; FrameHeader::LENGTH],
            read: 0,
            payload: 0,
            ends_block: false,
            yields: false,
        }
    }

    /// Takes bytes that were read, none beyond the end of the frame or its header.
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.read < FrameHeader::LENGTH {
            self.header[self.read..self.read + bytes.len()].copy_from_slice(bytes);
            self.read += bytes.len();
            if self.read < FrameHeader::LENGTH {
                return Ok(());
            }
            let frame = FrameHeader::parse(self.header);
            if let Err(fault) = self.rules.check(frame, self.meter.is_idle()) {
                tracing::debug!(?frame, ?fault, "the origin sent what it may not");
                self.meter.fail(fault);
                return Err(closed());
            }
            (self.payload, self.ends_block) = (frame.length, frame.ends_header_block());
        } else {
            self.payload -= bytes.len();
        }
        if self.payload == 0 {
            (self.read, self.yields) = (0, self.ends_block);
        }
        Ok(())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for FrameGuard<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.yields) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let most =
            if self.read < FrameHeader::LENGTH { FrameHeader::LENGTH - self.read } else { self.payload };
        let space = buffer.initialize_unfilled_to(most.min(buffer.remaining()));
        let mut part = ReadBuf::new(space);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
        let length = part.filled().len();
        self.take(part.filled())?;
        buffer.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for FrameGuard<T> {
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
