//! One id a request, accepted from the caller (`X-Request-Id`) or made; in every answer and log line.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The field that carries it.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request's id: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// `id`, if it can be one.
    pub fn accept(id: &str) -> Option<Self> {
        let fits = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(id.into()))
    }

    /// A new one: unlike any other of this process, and of other processes but for a chance of 2⁻⁶⁴.
    pub fn make() -> Self {
        static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(format!("{:016x}{:08x}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed)).into())
    }

    /// The caller's, if it sent exactly one that can be one; otherwise a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut sent = headers.get_all(&X_REQUEST_ID).iter();
        match (sent.next(), sent.next()) {
            (Some(id), None) => id.to_str().ok().and_then(Self::accept).unwrap_or_else(Self::make),
            _ => Self::make(),
        }
    }

    /// As the value of a header field.
    #[expect(clippy::missing_panics_doc, reason = "it cannot: the type holds nothing else")]
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("visible ASCII is a header value")
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
