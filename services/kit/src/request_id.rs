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
#[derive(Clone, Debug)]
pub struct RequestId(Id);

#[derive(Clone, Debug)]
enum Id {
    /// Most are made here; these are copied without memory of their own.
    Made([u8; MADE]),
    Sent(HeaderValue),
}

/// The length of an id that is made here: the hexadecimal digits of a 64-bit number.
const MADE: usize = 16;

impl RequestId {
    /// `id` as a request id, if it is valid.
    pub fn accept(id: &str) -> Option<Self> {
        let fits = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        HeaderValue::from_str(id).ok().filter(|_| fits).map(|id| Self(Id::Sent(id)))
    }

    /// A new id, unique in this process. Ids count up from a random 64-bit number, so those of two processes are the same only
    /// where their ranges overlap: with `n` ids each, that has a chance of about `n` · 2⁻⁶³.
    pub fn make() -> Self {
        static NEXT: LazyLock<AtomicU64> =
            LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(std::process::id())));
        let (mut digits, mut rest) = ([0; MADE], NEXT.fetch_add(1, Ordering::Relaxed));
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdef"[(rest % 16) as usize];
            rest /= 16;
        }
        Self(Id::Made(digits))
    }

    /// The client's id, if it sent exactly one and that is valid; otherwise a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut sent = headers.get_all(&X_REQUEST_ID).iter();
        match (sent.next(), sent.next()) {
            (Some(id), None) => id.to_str().ok().and_then(Self::accept).unwrap_or_else(Self::make),
            _ => Self::make(),
        }
    }

    /// Adds the field for an id, still empty, to `fields` that are copied for many responses: a copy has no space for more.
    pub fn reserve(fields: &mut HeaderMap) {
        fields.insert(X_REQUEST_ID, HeaderValue::from_static(""));
    }

    /// The id as the value of a header field.
    #[expect(clippy::missing_panics_doc, reason = "it cannot panic: hexadecimal digits are a header value")]
    pub fn header_value(&self) -> HeaderValue {
        match &self.0 {
            Id::Made(digits) => {
                HeaderValue::from_bytes(digits).expect("hexadecimal digits are visible ASCII")
            }
            Id::Sent(value) => value.clone(),
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Id::Made(digits) => str::from_utf8(digits).unwrap_or_default(),
            Id::Sent(value) => value.to_str().unwrap_or_default(),
        }
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RequestId {}

#[cfg(test)]
mod tests {
    use super::RequestId;

    #[test]
    fn ids_that_are_made_are_different_and_may_be_accepted() {
        let (one, other) = (RequestId::make(), RequestId::make());
        assert_ne!(one, other);
        assert_eq!(one.header_value(), one.as_str());
        assert_eq!(RequestId::accept(one.as_str()), Some(one));
    }
}
