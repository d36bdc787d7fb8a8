//! The bodies of a request and of its response, with the permits that they hold.

use super::{context::ConnectionContext, request_log::RequestLog, timer::Work};
use crate::{
    Body, BoxError,
    request_permits::{PermitSource, RequestPermit},
    send_queue::QueuedReader,
};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, ready},
};

/// Bytes of a frame: a large response is handed over in pieces, so that its end is near the client's end.
const PIECE: usize = 64 * 1024;
/// The last bytes of a large response, which hyper may buffer: they are copied, as a slice would keep all of it in memory.
const COPY_BELOW: usize = 4 * PIECE;

/// The body that a service reads.
pub(super) struct RequestBody {
    pub(super) body: Incoming,
    pub(super) client: Arc<ConnectionContext>,
    /// Held until the body ends.
    pub(super) permit: Option<RequestPermit>,
    /// Whether its end was read; hyper never says so of a chunked body.
    pub(super) ended: bool,
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

/// The body that hyper sends: counted, cut into pieces, and keeping the request's log open until its end.
pub(super) struct ResponseBody {
    body: Body,
    /// What is left of a frame that was too large.
    rest: Bytes,
    /// Counts the memory of that frame.
    queued: Option<QueuedReader>,
    /// Held while the body's source was asked and has nothing yet: then the client is not the slow side.
    waiting: Option<Work>,
    /// Held while the body's source is asked for more, not while the client reads, so slow readers do not use up permits.
    permit: Option<RequestPermit>,
    /// Where the permit for the next frame comes from. Waiting responses come before new requests.
    permits: Option<PermitSource>,
    log: RequestLog,
}

impl ResponseBody {
    /// `permit` is that of the request, if it needed one.
    pub(super) fn new(body: Body, mut log: RequestLog, permit: Option<RequestPermit>) -> Self {
        log.complete = body.is_end_stream();
        let permit = permit.filter(|_| !log.complete);
        let permits = permit.as_ref().map(RequestPermit::source);
        Self { body, rest: Bytes::new(), queued: None, waiting: None, permit, permits, log }
    }

    fn next_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        let Poll::Ready(frame) = self.poll_source(context) else {
            self.waiting.get_or_insert_with(|| self.log.client.timer.work());
            return Poll::Pending;
        };
        self.waiting = None;
        self.permit = None;
        if !matches!(frame, Some(Ok(_))) || self.body.is_end_stream() {
            self.permits = None;
        }
        let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
        Poll::Ready(Some(Ok(match frame.into_data() {
            Ok(data) => {
                let client = &self.log.client;
                self.queued = client.send_queue.push(&data, &client.timer.cut_off);
                self.rest = data;
                self.piece()
            }
            Err(trailers) => trailers,
        })))
    }

    /// The next frame from the service, once there is a permit for it.
    fn poll_source(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let (None, Some(permits)) = (&self.permit, &mut self.permits) {
            self.permit = ready!(permits.poll_acquire(context));
        }
        catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.body).poll_frame(context)))
            .unwrap_or_else(|_| Poll::Ready(Some(Err("the body panicked".into()))))
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let last = self.rest.len() <= COPY_BELOW;
        let mut piece = self.rest.split_to(self.rest.len().min(PIECE));
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
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(request_id = this.log.id.as_str(), error, "the response ended early");
            }
            Poll::Ready(frame) => this.log.complete = frame.is_none() || this.is_end_stream(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // hyper asks before the first frame: nothing is left of one then.
        self.body.size_hint()
    }
}
