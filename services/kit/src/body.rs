//! Bodies: one type for requests and responses, so that services need no type of hyper.

use crate::{ByteBudget, Deadline, Reservation};
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// The reason for a body's failure; it is logged, never sent.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The next frame of a body, or its end.
pub(crate) type NextFrame = Poll<Option<Result<Frame<Bytes>, BoxError>>>;
/// A request; [`RequestContext`](crate::RequestContext) has what else is known about it.
pub type Request = http::Request<Body>;
/// A response.
pub type Response = http::Response<Body>;

/// A request's or a response's body.
#[derive(Debug)]
pub enum Body {
    /// Known bytes.
    Full(Full<Bytes>),
    /// Any other body.
    Boxed(UnsyncBoxBody<Bytes, BoxError>),
}

impl Default for Body {
    /// An empty body.
    fn default() -> Self {
        Self::Full(Full::default())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> NextFrame {
        match self.get_mut() {
            Self::Full(full) => Pin::new(full).poll_frame(context).map_err(|never| match never {}),
            Self::Boxed(boxed) => Pin::new(boxed).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(full) => full.is_end_stream(),
            Self::Boxed(boxed) => boxed.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(full) => full.size_hint(),
            Self::Boxed(boxed) => boxed.size_hint(),
        }
    }
}

/// A body of known bytes.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Body::Full(Full::new(bytes.into()))
}

/// An empty body.
pub fn empty() -> Body {
    Body::default()
}

/// Any other body.
pub fn boxed(body: impl http_body::Body<Data = Bytes, Error = BoxError> + Send + 'static) -> Body {
    Body::Boxed(body.boxed_unsync())
}

/// Why a request's body could not be read; [`errors::unread`](crate::errors::unread) is the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is larger than the caller allowed, in bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The client ended it early, or its framing is invalid.
    #[error("the body broke off")]
    Broken,
    /// It did not arrive within the time limit.
    #[error("the body did not come in time")]
    Stalled,
    /// Other bodies take all of the memory.
    #[error("there is no memory for the body")]
    NoMemory,
}

/// Bytes of a body that need no reservation: the number of requests bounds their sum.
const UNRESERVED: usize = 16 * 1024;

/// Reads `body`, which may have `limit` bytes and must arrive in the time `within`.
pub async fn read(body: Body, limit: usize, within: Duration) -> Result<Bytes, ReadError> {
    let memory = ByteBudget::new(limit as u64);
    read_reserved(body, limit, within, &memory).await.map(|(bytes, _)| bytes)
}

/// The same, with memory reserved from `memory` as the body arrives; it is given back with the reservation.
pub async fn read_reserved(
    body: Body,
    limit: usize,
    within: Duration,
    memory: &ByteBudget,
) -> Result<(Bytes, Reservation), ReadError> {
    Deadline::after(within).run(collect(body, limit, memory)).await.unwrap_or(Err(ReadError::Stalled))
}

async fn collect(
    mut body: Body,
    limit: usize,
    memory: &ByteBudget,
) -> Result<(Bytes, Reservation), ReadError> {
    // Checked before reading: a client that sent `Expect: 100-continue` then does not send the body.
    if body.size_hint().lower() > limit as u64 {
        return Err(ReadError::TooLarge(limit));
    }
    let reserve = |bytes: u64| memory.try_reserve(bytes).ok_or(ReadError::NoMemory);
    let (mut bytes, mut reservation) = (BytesMut::new(), reserve(0)?);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else { continue };
        let length = bytes.len() + data.len();
        if length > limit {
            return Err(ReadError::TooLarge(limit));
        }
        if length > bytes.capacity() {
            let capacity = (2 * bytes.capacity()).clamp(length, limit);
            let reserved = capacity.saturating_sub(UNRESERVED) as u64;
            reservation.merge(reserve(reserved.saturating_sub(reservation.bytes()))?);
            bytes.reserve(capacity - bytes.len());
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes.freeze(), reservation))
}
