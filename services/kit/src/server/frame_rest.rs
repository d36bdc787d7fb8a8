//! What is left of a response's frame: data that is handed over in pieces, and counted if it is much.

use super::request_log::RequestLog;
use crate::{
    Body, BoxError, SendRoom,
    body::NextFrame,
    send_queue::{PIECE_HTTP2, QueuedReader},
};
use bytes::Bytes;
use futures_util::{
    future::{BoxFuture, FutureExt},
    stream,
};
use http_body::Body as _;
use http_body_util::StreamBody;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Instant,
};

/// Bytes of a piece: a large response is handed over in pieces, so that its end is near the client's end.
const PIECE: usize = 64 * 1024;

/// The data that is left of a frame.
pub(super) enum FrameRest {
    /// Little, which is not counted.
    Small(Bytes),
    /// Much, which the send queue counts.
    Queued(QueuedReader),
    /// The number of bytes, for which there is no memory yet, as the service has not reserved any or another part came first.
    /// The request keeps its permit, which bounds how many wait.
    Waiting(usize, BoxFuture<'static, Result<QueuedReader, BoxError>>),
}

impl FrameRest {
    pub(super) fn none() -> Self {
        Self::Small(Bytes::new())
    }

    /// All of `data`.
    pub(super) fn of(data: Bytes, log: &RequestLog) -> Self {
        Self::queued(data, log).unwrap_or_else(|data| {
            let (queue, cut_off) = (&log.client.send_queue, &log.client.timer.cut_off);
            let room = SendRoom::new(queue, log.context.client.key(), cut_off, log.http1);
            Self::Waiting(data.len(), async move { room.push(data).await }.fuse().boxed())
        })
    }

    /// The data of a response that is there as a whole, taken from its body; `None` if there is no memory for it until its
    /// client has read it.
    pub(super) fn of_whole(body: &mut Body, log: &RequestLog) -> Option<Self> {
        if log.head || body.size_hint().exact().is_none() {
            return Some(Self::none());
        }
        match poll(body, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Self::queued(data, log).ok(),
                Err(_) => Some(Self::none()),
            },
            Poll::Ready(Some(Err(error))) => {
                *body = crate::boxed(StreamBody::new(stream::iter([Err(error)])));
                Some(Self::none())
            }
            // hyper polls it again, with its own waker.
            Poll::Ready(None) | Poll::Pending => Some(Self::none()),
        }
    }

    fn queued(data: Bytes, log: &RequestLog) -> Result<Self, Bytes> {
        if data.len() <= log.small {
            return Ok(Self::Small(data));
        }
        let (queue, connection) = (&log.client.send_queue, Arc::clone(&log.client.timer.cut_off));
        queue.push(data, log.context.client.key(), connection, log.http1, Instant::now()).map(Self::Queued)
    }

    /// The next piece, once the data is counted; an error if there was no memory for it for long, or the client is cut off.
    pub(super) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        log: &RequestLog,
    ) -> Poll<Result<Bytes, BoxError>> {
        let most = if log.http1 { PIECE } else { PIECE_HTTP2 };
        loop {
            match self {
                Self::Small(rest) => return Poll::Ready(Ok(rest.split_to(rest.len().min(most)))),
                Self::Queued(reader) => {
                    let (piece, is_last) =
                        reader.take(most, Instant::now()).ok_or("the client has taken nothing for long")?;
                    if is_last {
                        *self = Self::none();
                    }
                    return Poll::Ready(Ok(piece));
                }
                Self::Waiting(_, reader) => *self = Self::Queued(ready!(reader.as_mut().poll(context))?),
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Small(rest) => rest.len(),
            Self::Waiting(length, _) => *length,
            Self::Queued(reader) => reader.len(),
        }
    }

    /// Whether nothing is left; a client that was cut off has not had all.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Small(rest) if rest.is_empty())
    }
}

/// The next frame of `body`; a panic is an error.
pub(super) fn poll(body: &mut Body, context: &mut Context<'_>) -> NextFrame {
    catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(context)))
        .unwrap_or_else(|_| Poll::Ready(Some(Err("the body panicked".into()))))
}
