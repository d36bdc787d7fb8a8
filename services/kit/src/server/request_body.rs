//! The body of a request, with the permit that it holds.

use super::context::ConnectionContext;
use crate::{BoxError, body::NextFrame, request_permits::RequestPermit};
use bytes::Bytes;
use http_body::SizeHint;
use hyper::body::Incoming;
use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, ready},
};

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

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> NextFrame {
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
