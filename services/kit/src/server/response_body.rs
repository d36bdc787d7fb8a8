//! The body of a response: counted, cut into pieces, and with the permit that it holds.

use super::{
    frame_rest::{FrameRest, poll},
    request_log::RequestLog,
    timer::Work,
};
use crate::{
    Body, BoxError,
    body::NextFrame,
    request_permits::{PermitSource, RequestPermit},
};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The body that hyper sends; it keeps the request's log open until its end.
pub(super) struct ResponseBody {
    rest: FrameRest,
    /// Where more comes from; `None` when all of it was taken.
    source: Option<Box<BodySource>>,
    log: Box<RequestLog>,
}

/// The body from the service, as long as more of it may come.
struct BodySource {
    body: Body,
    /// Held while the source was asked and has nothing yet: then the client is not the slow side.
    waiting: Option<Work>,
    /// Held while the source is asked for more, not while the client reads, so slow readers do not use up permits.
    permit: Option<RequestPermit>,
    /// Where the permit for the next frame comes from. Waiting responses come before new requests.
    permits: Option<PermitSource>,
}

impl ResponseBody {
    /// `rest` is what was already taken from `body`.
    pub(super) fn new(body: Body, rest: FrameRest, mut log: Box<RequestLog>) -> Self {
        let permit = log.context.permit().take();
        let source = (!body.is_end_stream()).then(|| {
            let permits = permit.as_ref().map(RequestPermit::source);
            Box::new(BodySource { body, waiting: None, permit, permits })
        });
        log.complete = rest.is_empty() && source.is_none();
        Self { rest, source, log }
    }

    fn next_frame(&mut self, context: &mut Context<'_>) -> NextFrame {
        if self.rest.is_empty() {
            let polled = self.source.as_mut().map_or(Poll::Ready(None), |source| source.poll(context));
            match polled {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = FrameRest::of(data, &self.log),
                    // Nothing comes after them, and hyper does not ask.
                    Err(trailers) => {
                        self.source = None;
                        return Poll::Ready(Some(Ok(trailers)));
                    }
                },
                Poll::Ready(end) => {
                    self.source = None;
                    return Poll::Ready(end);
                }
                Poll::Pending => return self.waits(),
            }
        }
        let Poll::Ready(piece) = self.rest.poll_piece(context, &self.log) else { return self.waits() };
        if let Some(source) = &mut self.source {
            (source.waiting, source.permit) = (None, None);
            if source.body.is_end_stream() {
                self.source = None;
            }
        }
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
        if let Some(source) = &mut self.source {
            source.waiting.get_or_insert_with(|| self.log.client.timer.work());
        }
        Poll::Pending
    }
}

impl BodySource {
    /// The next frame, once there is a permit for it.
    fn poll(&mut self, context: &mut Context<'_>) -> NextFrame {
        if let (None, Some(permits)) = (&self.permit, &mut self.permits) {
            self.permit = ready!(permits.poll_acquire(context));
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
        self.rest.is_empty() && self.source.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let none = || SizeHint::with_exact(0);
        let body = self.source.as_ref().map_or_else(none, |source| source.body.size_hint());
        let rest = self.rest.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
