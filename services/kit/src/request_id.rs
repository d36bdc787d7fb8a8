//! One id a request, accepted from the caller (`X-Request-Id`) or made; in every answer and log line.

use std::sync::Arc;

/// A request's id: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// `id`, if it can be one.
    pub fn accept(id: &str) -> Option<Self> {
        let fits = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(id.into()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
