//! The body of a response: counted, cut into pieces, and with the permit that it holds.

use super::{
    frame_rest::{FrameRest, NextFrame, poll},
    request_log::RequestLog,
    timer::Work,
};
use crate::{
    Body, BoxError,
    request_permits::{PermitSource, RequestPermit},
};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// The body that hyper sends; it keeps the request's log open until its end.
pub(super) struct ResponseBody {
    body: Body,
    rest: FrameRest,
    /// Held while the body's source was asked and has nothing yet: then the client is not the slow side.
    waiting: Option<Work>,
    /// Held while the body's source is asked for more, not while the client reads, so slow readers do not use up permits.
    permit: Option<RequestPermit>,
    /// Where the permit for the next frame comes from. Waiting responses come before new requests.
    permits: Option<Box<PermitSource>>,
    log: RequestLog,
}

impl ResponseBody {
    /// `rest` is what was already taken from `body`.
    pub(super) fn new(body: Body, rest: FrameRest, mut log: RequestLog) -> Self {
        log.complete = rest.is_empty() && body.is_end_stream();
        let permit = log.context.permit().take().filter(|_| !body.is_end_stream());
        let permits = permit.as_ref().map(|permit| Box::new(permit.source()));
        Self { body, rest, waiting: None, permit, permits, log }
    }

    fn next_frame(&mut self, context: &mut Context<'_>) -> NextFrame {
        if self.rest.is_empty() {
            match self.poll_source(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = FrameRest::of(data, &self.log),
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Poll::Ready(end) => {
                    (self.waiting, self.permit, self.permits) = (None, None, None);
                    return Poll::Ready(end);
                }
                Poll::Pending => return self.waits(),
            }
        }
        let Poll::Ready(queued) = self.rest.poll_queued(context, &self.log) else { return self.waits() };
        (self.waiting, self.permit) = (None, None);
        if self.body.is_end_stream() {
            self.permits = None;
        }
        let piece = queued.and_then(|()| self.rest.piece(&self.log));
        if let Ok(piece) = &piece {
            self.log.bytes += piece.len() as u64;
            // HTTP/2 asks for more only when the client has opened its window.
            if !self.log.http1 {
                self.log.client.timer.progress();
            }
        }
        Poll::Ready(Some(piece.map(Frame::data)))
    }

    /// The client waits for us.
    fn waits(&mut self) -> NextFrame {
        self.waiting.get_or_insert_with(|| self.log.client.timer.work());
        Poll::Pending
    }

    /// The next frame from the service, once there is a permit for it.
    fn poll_source(&mut self, context: &mut Context<'_>) -> NextFrame {
        if let (None, Some(permits)) = (&self.permit, &mut self.permits) {
            self.permit = std::task::ready!(permits.poll_acquire(context));
        }
        poll(&mut self.body, context)
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> NextFrame {
        let this = self.get_mut();
        let polled = this.next_frame(context);
        match &polled {
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(request_id = this.log.context.id.as_str(), error, "the response ended early");
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
        let (body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
