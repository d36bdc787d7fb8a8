//! One id a request, accepted from the caller (`X-Request-Id`) or made; in every answer and log line.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The field that carries it.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request's id: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// `id`, if it can be one.
    pub fn accept(id: &str) -> Option<Self> {
        let fits = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        if fits { HeaderValue::from_str(id).ok().map(Self) } else { None }
    }

    /// A new one: unlike any other of this process, and of other processes but for a chance of 2⁻⁶⁴.
    #[expect(clippy::missing_panics_doc, reason = "it cannot: digits are a header value")]
    pub fn make() -> Self {
        static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let id = (u128::from(*PROCESS) << 32) | u128::from(number & 0xffff_ffff);
        let mut digits = [0; 24];
        for (position, digit) in digits.iter_mut().rev().enumerate() {
            *digit = b"0123456789abcdef"[(id >> (4 * position)) as usize & 0xf];
        }
        Self(HeaderValue::from_bytes(&digits).expect("hexadecimal digits are a header value"))
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
    pub fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}
