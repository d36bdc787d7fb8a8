//! An answer's body on its way out: counted, cut into pieces, and holding the exchange until its end.

use super::{exchange::Exchange, panics, place::Place, unsent::Claim};
use crate::{Body, BoxError};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

/// Bytes a frame: a large answer is not handed over at once, so that its end is near the client's end.
const PIECE: usize = 64 * 1024;

/// What hyper may still hold when all was handed over is less than this: copies of it, so that they do not keep all of a
/// large answer in memory.
const LAST: usize = 4 * PIECE;

/// The body that hyper sends.
pub(super) struct Outgoing {
    body: Body,
    /// What is left of a frame that was too large.
    rest: Bytes,
    /// The memory of that frame.
    claim: Option<Claim>,
    /// Whether the body's source was asked and had nothing yet.
    waiting: bool,
    /// hyper asks for the first frame at once, so that a whole body needs none while its client reads.
    place: Place,
    exchange: Exchange,
}

impl Outgoing {
    pub(super) fn new(body: Body, exchange: Exchange, place: Place) -> Self {
        let mut body = Self { body, rest: Bytes::new(), claim: None, waiting: false, place, exchange };
        if body.is_end_stream() {
            body.exchange.complete();
            body.place = Place::None;
        }
        body
    }

    fn next_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        if self.place.poll_hold(context).is_pending() {
            self.wait(true);
            return Poll::Pending;
        }
        let body = &mut self.body;
        let polled = panics::contain(|| Pin::new(body).poll_frame(context));
        let waiting = matches!(polled, Some(Poll::Pending));
        self.wait(waiting);
        let more = matches!(polled, Some(Poll::Ready(Some(Ok(_))))) && !self.body.is_end_stream();
        if more {
            self.place.lend();
        } else if !waiting {
            self.place = Place::None;
        }
        match polled {
            None => Poll::Ready(Some(Err("the body panicked".into()))),
            Some(Poll::Ready(Some(Ok(frame)))) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => {
                    self.claim = self.exchange.hold(&data);
                    self.rest = data;
                    self.piece()
                }
                Err(trailers) => trailers,
            }))),
            Some(other) => other,
        }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let last = self.rest.len() <= LAST;
        let mut piece = self.rest.split_to(self.rest.len().min(PIECE));
        if last && self.claim.is_some() {
            piece = Bytes::copy_from_slice(&piece);
        }
        self.exchange.sent(piece.len());
        // HTTP/2 asks for more only when the client has opened its window.
        if !self.exchange.http1 {
            self.exchange.activity().touch(Instant::now());
        }
        Frame::data(piece)
    }

    /// While the source has nothing, it is not the client who is slow.
    fn wait(&mut self, waiting: bool) {
        match (self.waiting, waiting) {
            (false, true) => self.exchange.activity().work_begins(),
            (true, false) => self.exchange.activity().work_ends(),
            _ => {}
        }
        self.waiting = waiting;
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let polled = this.next_frame(context);
        match &polled {
            Poll::Ready(None) => this.exchange.complete(),
            Poll::Ready(Some(Ok(_))) if this.is_end_stream() => this.exchange.complete(),
            Poll::Ready(Some(Err(error))) => this.exchange.broke(error),
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

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.wait(false);
    }
}
