//! A client's socket: listens without hyper until there is something to read, reports what moves, and closes so that the
//! last answer arrives.

use super::{activity::Activity, wire::Wire};
use bytes::{Buf, BytesMut};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
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

/// A connection's socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    /// What was read, but not yet by hyper.
    read: BytesMut,
    activity: Arc<Activity>,
    wire: Arc<Wire>,
    protocol: Option<Protocol>,
    discarded: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>, wire: Arc<Wire>) -> Self {
        // Both only improve matters: a socket that refuses them works.
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
        Self { stream, read: BytesMut::new(), activity, wire, protocol: None, discarded: 0 }
    }

    /// Waits for the client to say something, and tells in which protocol; nothing if it is done. Nothing at all, or half
    /// a preface, waits for as long as the caller lets it.
    pub(super) async fn listen(&mut self) -> io::Result<Option<Protocol>> {
        loop {
            self.stream.readable().await?;
            self.read.reserve(FIRST);
            let length = match self.stream.try_read_buf(&mut self.read) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                length => length?,
            };
            if length == 0 && self.read.is_empty() {
                return Ok(None);
            }
            let seen = self.read.len().min(PREFACE.len());
            let protocol = match self.protocol {
                None if length > 0 && self.read[..seen] == PREFACE[..seen] => {
                    if seen < PREFACE.len() {
                        continue;
                    }
                    Protocol::Http2
                }
                _ => Protocol::Http1,
            };
            if protocol == Protocol::Http1 {
                // Before it was known, it was not reported.
                let new = if self.protocol.is_none() { self.read.len() } else { length };
                self.wire.received(&self.read[self.read.len() - new..]);
            }
            self.protocol = Some(protocol);
            return Ok(Some(protocol));
        }
    }

    /// Takes the socket back from hyper, with what that had `read` of the next request.
    pub(super) fn rest(mut self, read: &[u8]) -> Self {
        // A copy, because hyper's buffer is large.
        self.read = [read, &self.read].concat().as_slice().into();
        self.wire.shrink();
        self
    }

    fn written(&self, result: &Poll<io::Result<usize>>) {
        match result {
            // Over HTTP/2 what is written may be no answer: a client makes us write PONGs for as long as it likes.
            Poll::Ready(Ok(bytes)) if self.protocol == Some(Protocol::Http1) => {
                self.activity.wrote(*bytes as u64);
            }
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
                this.read = BytesMut::new(); // gives the memory back
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        if this.protocol == Some(Protocol::Http1) {
            this.wire.received(&buffer.filled()[before..]);
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
