//! A client's socket: gives back what was read to tell the protocol, reports what moves, and closes so that the
//! last answer arrives.

use super::{activity::Activity, wire::Wire};
use bytes::{Buf, Bytes, BytesMut};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// What every HTTP/2 connection begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes to read at first.
const FIRST: usize = 512;
/// Bytes that are discarded at the end; whoever sends more may miss the last answer.
const DISCARD: usize = 4 * 1024 * 1024;
/// Bytes that may wait in the kernel, not sent: slow readers cost no more, and are seen to be slow.
const UNSENT: u32 = 128 * 1024;

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// A socket whose first bytes were read already.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    read: Bytes,
    activity: Arc<Activity>,
    /// For HTTP/1.
    wire: Option<Arc<Wire>>,
    discarded: usize,
}

impl Socket {
    /// Waits for the first bytes. Nothing at all, or half a preface, waits for as long as the caller lets it.
    pub(super) async fn open(
        mut stream: TcpStream,
        activity: Arc<Activity>,
        wire: Arc<Wire>,
    ) -> io::Result<(Self, Protocol)> {
        // Both only improve matters: a socket that refuses them works.
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
        let mut read = BytesMut::new();
        let protocol = loop {
            let seen = read.len().min(PREFACE.len());
            if read[..seen] != PREFACE[..seen] {
                break Protocol::Http1;
            }
            if seen == PREFACE.len() {
                break Protocol::Http2;
            }
            stream.readable().await?;
            read.reserve(FIRST);
            if stream.read_buf(&mut read).await? == 0 {
                break Protocol::Http1;
            }
        };
        let wire = (protocol == Protocol::Http1).then_some(wire);
        if let Some(wire) = &wire {
            wire.received(&read);
        }
        Ok((Self { stream, read: read.freeze(), activity, wire, discarded: 0 }, protocol))
    }

    fn written(&self, result: &Poll<io::Result<usize>>) {
        match result {
            // Over HTTP/2 what is written may be no answer: a client makes us write PONGs for as long as it likes.
            Poll::Ready(Ok(bytes)) if self.wire.is_some() => self.activity.wrote(*bytes as u64),
            Poll::Ready(_) => {}
            Poll::Pending => self.activity.block(true),
        }
    }

    /// Reads to the client's end: a socket closed over unread bytes resets the connection, and the answer that says
    /// what was wrong is lost.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 8 * 1024];
        while self.discarded < DISCARD {
            let mut buffer = ReadBuf::new(&mut scratch);
            let polled = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
            let more = self.discarded > 0 || self.activity.left_unread();
            match polled {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.discarded += buffer.filled().len(),
                Poll::Pending if more => return Poll::Pending,
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.read.is_empty() {
            let length = this.read.len().min(buffer.remaining());
            buffer.put_slice(&this.read[..length]);
            this.read.advance(length);
            if this.read.is_empty() {
                this.read = Bytes::new(); // gives the memory back
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        if let Some(wire) = &this.wire {
            wire.received(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Called when everything was written.
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.activity.block(false);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        this.activity.close();
        this.poll_discard(context)
    }
}
