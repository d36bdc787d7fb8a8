//! The bodies of a request and of its response, and the permit that both keep a request waiting for.

use super::{
    context::Client,
    request_log::RequestLog,
    send_queue::QueuedReader,
    timer::{ConnectionTimer, Work},
};
use crate::{Body, BoxError};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, ready},
};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::PollSemaphore;

/// Bytes of a frame: a large response is handed over in pieces, so that its end is near the client's end.
const PIECE: usize = 64 * 1024;
/// hyper may buffer this many bytes of a response.
const LAST: usize = 4 * PIECE;

/// The body that a service reads.
pub(super) struct RequestBody {
    body: Incoming,
    client: Arc<Client>,
    /// Held until the body ends.
    permit: Option<OwnedSemaphorePermit>,
    /// hyper never says of a chunked body that it is at its end.
    ended: bool,
}

impl RequestBody {
    pub(super) fn new(body: Incoming, client: Arc<Client>, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { body, client, permit, ended: false }
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        this.ended = frame.is_none() || this.body.is_end_stream();
        if this.ended || matches!(frame, Some(Err(_))) {
            this.permit = None;
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.ended {
            self.client.body_unread.store(true, Relaxed);
        }
    }
}

/// A permit to be among the requests at work. A streamed response has one while its source is asked for more, and none
/// while its client reads, so slow readers do not use up permits.
pub(super) enum RequestPermit {
    Held(OwnedSemaphorePermit),
    /// Given back, and needed again for the next frame.
    Released(PollSemaphore),
    /// Not needed.
    None,
}

impl RequestPermit {
    /// Resolves when the permit is held again, if it is needed. Waiting responses come before new requests.
    fn poll_acquire(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Self::Released(permits) = self {
            *self = ready!(permits.poll_acquire(context)).map_or(Self::None, Self::Held);
        }
        Poll::Ready(())
    }

    fn release(&mut self) {
        if let Self::Held(permit) = self {
            *self = Self::Released(PollSemaphore::new(permit.semaphore().clone()));
        }
    }
}

/// The body that hyper sends: counted, cut into pieces, and keeping the request's log open until its end.
pub(super) struct ResponseBody {
    body: Body,
    /// What is left of a frame that was too large.
    rest: Bytes,
    /// Counts the memory of that frame.
    queued: Option<QueuedReader>,
    /// Held while the body's source was asked and has nothing yet: then the client is not the slow side.
    waiting: Option<Work>,
    permit: RequestPermit,
    log: RequestLog,
}

impl ResponseBody {
    pub(super) fn new(body: Body, log: RequestLog, permit: RequestPermit) -> Self {
        let mut body = Self { body, rest: Bytes::new(), queued: None, waiting: None, permit, log };
        if body.is_end_stream() {
            body.log.complete = true;
            body.permit = RequestPermit::None;
        }
        body
    }

    fn next_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        if self.permit.poll_acquire(context).is_pending() {
            self.wait();
            return Poll::Pending;
        }
        let body = &mut self.body;
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(context))).ok();
        let waiting = matches!(polled, Some(Poll::Pending));
        if waiting {
            self.wait();
        } else {
            self.waiting = None;
        }
        let more = matches!(polled, Some(Poll::Ready(Some(Ok(_))))) && !self.body.is_end_stream();
        if more {
            self.permit.release();
        } else if !waiting {
            self.permit = RequestPermit::None;
        }
        match polled {
            None => Poll::Ready(Some(Err("the body panicked".into()))),
            Some(Poll::Ready(Some(Ok(frame)))) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => {
                    self.queued = {
                        let client = &self.log.client;
                        client.send_queue.push(&data, &client.cut_off)
                    };
                    self.rest = data;
                    self.piece()
                }
                Err(trailers) => trailers,
            }))),
            Some(other) => other,
        }
    }

    fn wait(&mut self) {
        self.waiting.get_or_insert_with(|| ConnectionTimer::work(&self.log.client));
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let last = self.rest.len() <= LAST;
        let mut piece = self.rest.split_to(self.rest.len().min(PIECE));
        // Copied, because a slice would keep the whole response in memory while hyper buffers it.
        if last && self.queued.is_some() {
            piece = Bytes::copy_from_slice(&piece);
        }
        self.log.bytes += piece.len() as u64;
        // HTTP/2 asks for more only when the client has opened its window.
        if !self.log.http1 {
            self.log.client.timer.progress();
        }
        Frame::data(piece)
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let polled = this.next_frame(context);
        match &polled {
            Poll::Ready(None) => this.log.complete = true,
            Poll::Ready(Some(Ok(_))) if this.is_end_stream() => this.log.complete = true,
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(request_id = this.log.id.as_str(), error, "an answer broke off");
            }
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
