//! Bodies: one boxed type for requests and responses, so that services name no hyper type.

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};

/// Why a body broke off; it is logged, never shown.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A request's or a response's body.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A body that is known whole.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// No body.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// Why a request's body could not be read; [`errors::unread`](crate::errors::unread) is the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is larger than the caller allowed, in bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// It ended before its end, or its coding is broken.
    #[error("the body broke off")]
    Broken,
    /// The client stopped sending.
    #[error("the body did not come in time")]
    Stalled,
}

/// The error of a body whose client stopped sending.
#[derive(Debug, thiserror::Error)]
#[error("the client stopped sending")]
pub(crate) struct Stalled;

/// All of `body`, if it has at most `limit` bytes.
pub async fn read(mut body: Body, limit: usize) -> Result<Bytes, ReadError> {
    // Said in advance, it need not come: that also spares who waits for `100 Continue` the sending.
    if body.size_hint().lower() > limit as u64 {
        return Err(ReadError::TooLarge(limit));
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| if error.is::<Stalled>() { ReadError::Stalled } else { ReadError::Broken })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(ReadError::TooLarge(limit));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}
