//! A client's socket: reports what it reads and writes, and closes so that the last response arrives.

use super::context::ConnectionContext;
use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Bytes that are discarded at the end; a client that sends more may miss the last response.
const DISCARD: usize = 4 * 1024 * 1024;
/// Bytes that are written as one slice: the copy costs less than what the system does for another slice.
const JOINED: usize = 4 * 1024;
/// Bytes that may wait in the kernel unsent: slow readers cost no more, and are seen to be slow.
const UNSENT: u32 = 128 * 1024;

/// A connection's socket.
pub(super) struct Socket {
    stream: TcpStream,
    client: Arc<ConnectionContext>,
    discarded: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, client: Arc<ConnectionContext>) -> Self {
        // Both are improvements only: a socket that refuses them works.
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
        Self { stream, client, discarded: 0 }
    }

    /// Waits for the client to send something, and tells whether it may be HTTP/2 (RFC 9113, section 3.4); `None` at its
    /// end.
    pub(super) async fn may_be_http2(&self) -> io::Result<Option<bool>> {
        let mut first = [0; 3];
        let length = self.stream.peek(&mut first).await?;
        Ok((length > 0).then(|| b"PRI".starts_with(&first[..length])))
    }

    /// Reads what the client still sends: closing a socket over unread bytes resets the connection, and the response that
    /// says what was wrong is lost.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 8 * 1024];
        while self.discarded < DISCARD {
            let mut buffer = ReadBuf::new(&mut scratch);
            let polled = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
            let more = self.discarded > 0 || self.client.body_unread.load(Relaxed);
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
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        this.client.raw_head.received(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); JOINED];
        let stream = Pin::new(&mut self.stream);
        let result = if slices.len() > 1 && slices.iter().map(|slice| slice.len()).sum::<usize>() <= JOINED {
            let mut joined = ReadBuf::uninit(&mut space);
            for slice in slices {
                joined.put_slice(slice);
            }
            stream.poll_write(context, joined.filled())
        } else {
            stream.poll_write_vectored(context, slices)
        };
        match result {
            Poll::Ready(Ok(bytes)) => self.client.timer.wrote(bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.client.timer.write_blocked.store(true, Relaxed),
        }
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Called when everything was written.
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.client.timer.write_blocked.store(false, Relaxed);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        this.client.timer.close();
        this.poll_discard(context)
    }
}
