//! Request ids: accepted from the client (`X-Request-Id`) or generated, and part of every response and log line.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request's id: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// `id` as a request id, if it is valid.
    pub fn accept(id: &str) -> Option<Self> {
        let fits = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        HeaderValue::from_str(id).ok().filter(|_| fits).map(Self)
    }

    /// A new id, unique in this process; an id of another process is the same with a chance of 2⁻⁶⁴.
    pub fn make() -> Self {
        static NEXT: LazyLock<AtomicU64> =
            LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(std::process::id())));
        Self(NEXT.fetch_add(1, Ordering::Relaxed).into())
    }

    /// The client's id, if it sent exactly one and that is valid; otherwise a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut sent = headers.get_all(&X_REQUEST_ID).iter();
        match (sent.next(), sent.next()) {
            (Some(id), None) => id.to_str().ok().and_then(Self::accept).unwrap_or_else(Self::make),
            _ => Self::make(),
        }
    }

    /// The id as the value of a header field.
    pub fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}
