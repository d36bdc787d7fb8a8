//! The header fields that all answers with the same links have, made once.

use crate::negotiation::entity_tag;
use http::HeaderValue;
use links::format::Format;
use std::{fmt::Display, io::Write, sync::OnceLock, time::Duration};

/// The most bytes of the field `Link`: proxies have buffers of 4 KiB for all fields.
const MAX_LINK: usize = 2 * 1024;
/// The most bytes of a value that is written without a buffer on the heap.
const SHORT: usize = 128;

/// The fields of the answers with a page's links.
#[derive(Debug)]
pub(crate) struct AnswerFields {
    pub(crate) cache_control: HeaderValue,
    /// `None` if it would be too long.
    pub(crate) link: Option<HeaderValue>,
    json_tag: HeaderValue,
    hash: u64,
}

impl AnswerFields {
    /// About how many bytes they take beside the URL.
    pub(crate) const BYTES: usize = 256;

    /// The fields for links with this `hash` from the page at `url`, which are fresh for `lifetime`.
    pub(crate) fn new(url: &str, hash: u64, lifetime: Duration) -> Self {
        let link = value(format_args!("<{url}>; rel=\"describes\""));
        Self {
            cache_control: value(format_args!("max-age={}", lifetime.as_secs())),
            link: (link.len() <= MAX_LINK).then_some(link),
            json_tag: value(entity_tag(Format::Json, hash)),
            hash,
        }
    }

    /// The entity tag of the links in `format`.
    pub(crate) fn entity_tag(&self, format: Format) -> HeaderValue {
        if format == Format::Json { self.json_tag.clone() } else { value(entity_tag(format, self.hash)) }
    }
}

/// A place for the fields, which are made when they are first needed. It is no part of the result that has it: copies begin
/// without, and all are equal.
#[derive(Debug, Default)]
pub(crate) struct LazyFields(OnceLock<Box<AnswerFields>>);

impl LazyFields {
    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> AnswerFields) -> &AnswerFields {
        self.0.get_or_init(|| Box::new(make()))
    }
}

impl Clone for LazyFields {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for LazyFields {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LazyFields {}

/// A field value from text that is ASCII by construction: numbers, tokens, serialized URLs.
pub(crate) fn value(text: impl Display) -> HeaderValue {
    let mut buffer = [0; SHORT];
    let mut rest = &mut buffer[..];
    let value = match write!(rest, "{text}") {
        Ok(()) => {
            let length = SHORT - rest.len();
            HeaderValue::from_bytes(&buffer[..length])
        }
        Err(_) => HeaderValue::try_from(text.to_string()),
    };
    value.unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn values_of_any_length_are_written_whole() {
        for length in [0, 1, 127, 128, 129, 4_000] {
            assert_eq!(value("a".repeat(length)), "a".repeat(length));
        }
        assert_eq!(value("a\nb"), "");
    }
}
