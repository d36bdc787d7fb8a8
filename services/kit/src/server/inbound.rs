//! A request's body on its way in: it may not keep the service waiting.

use super::activity::Activity;
use crate::{BoxError, body::Stalled};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Sleep, sleep},
};

/// Bytes that buy a client its whole patience anew.
const STRIDE: usize = 4 * 1024;

/// The body that a service reads: an error once it waited for longer than `patience` without 4 KiB coming.
pub(super) struct Inbound {
    body: Incoming,
    activity: Arc<Activity>,
    patience: Duration,
    waited: Duration,
    received: usize,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    /// The place among those who send, until its end.
    place: Option<OwnedSemaphorePermit>,
}

impl Inbound {
    pub(super) fn new(
        body: Incoming,
        activity: Arc<Activity>,
        patience: Duration,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { body, activity, patience, waited: Duration::ZERO, received: 0, waiting: None, place }
    }

    fn count(&mut self, frame: &Frame<Bytes>) {
        self.received += frame.data_ref().map_or(0, Bytes::len);
        if self.received >= STRIDE {
            (self.received, self.waited) = (0, Duration::ZERO);
        }
    }
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(frame) => {
                if let Some((since, _)) = this.waiting.take() {
                    this.waited += since.elapsed();
                }
                if let Some(Ok(frame)) = &frame {
                    this.count(frame);
                }
                if !matches!(frame, Some(Ok(_))) || this.body.is_end_stream() {
                    this.place = None;
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                let left = this.patience.saturating_sub(this.waited);
                let (_, over) = this.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
                over.as_mut().poll(context).map(|()| Some(Err(Stalled.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Inbound {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            self.activity.leave_unread();
        }
    }
}
