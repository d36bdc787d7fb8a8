//! The header fields of answers with the same links: those that all have, made once, and all of the latest hit.

use crate::{negotiation::AnswerForm, result_source::ResultSource};
use http::{HeaderMap, HeaderValue, header};
use kit::{ContentCoding, RequestId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::{
    fmt::Display,
    io::Write,
    mem,
    sync::{OnceLock, PoisonError, RwLock},
    time::Duration,
};
use xxhash_rust::xxh3::xxh3_64;

/// The most bytes of the field `Link`: proxies have buffers of 4 KiB for all fields.
const MAX_LINK: usize = 2 * 1024;
/// Everything but the characters that a value of an extended parameter may have as they are (RFC 8187, section 3.2.1).
const NO_ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
/// The fields of an answer, with those that the server adds: none needs a larger map on its way.
const FIELDS: usize = 12;
/// The value of `X-Content-Type-Options` in every response.
pub(crate) const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
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
    /// The same with the page's URL, on which a selection by host depends.
    hash_with_url: u64,
    /// All fields of the latest hit: the next ones in the same second have the same.
    latest: RwLock<Option<(AnswerKind, HeaderMap)>>,
}

/// All that the fields of an answer depend on beside the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerKind {
    /// Without the coding that is preferred, which need not be the one of the answer.
    pub(crate) form: AnswerForm,
    pub(crate) coding: Option<ContentCoding>,
    pub(crate) is_format_given: bool,
    pub(crate) source: ResultSource,
    /// In seconds, as `ttl`.
    pub(crate) age: u64,
    pub(crate) ttl: i64,
}

impl AnswerFields {
    /// About how many bytes they take beside the URL; those of the latest hit are most of it.
    pub(crate) const BYTES: usize = 1_792;

    /// The fields for links with this `hash` from the page with this `title` at `url`, which are fresh for `lifetime`.
    pub(crate) fn new(url: &str, title: Option<&str>, hash: u64, lifetime: Duration) -> Self {
        Self {
            cache_control: value(format_args!("max-age={}", lifetime.as_secs())),
            link: describes(url, title),
            json_tag: value(format_args!("\"{hash:016x}-json\"")),
            hash,
            hash_with_url: hash ^ xxh3_64(url.as_bytes()),
            latest: RwLock::new(None),
        }
    }

    /// All fields of an answer of this `kind`, made by `add`, unless they are those of the latest hit.
    pub(crate) fn of(&self, kind: AnswerKind, add: impl FnOnce(&mut HeaderMap)) -> HeaderMap {
        if let Some((latest, fields)) = &*self.latest.read().unwrap_or_else(PoisonError::into_inner)
            && *latest == kind
        {
            return fields.clone();
        }
        let mut fields = HeaderMap::with_capacity(FIELDS);
        add(&mut fields);
        if let ResultSource::Cache(_) = kind.source {
            fields.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
            RequestId::reserve(&mut fields);
            let latest = Some((kind, fields.clone()));
            // Dropped after the lock is free.
            let _before =
                mem::replace(&mut *self.latest.write().unwrap_or_else(PoisonError::into_inner), latest);
        }
        fields
    }

    /// The entity tag of the links in `form` and `coding`.
    pub(crate) fn entity_tag(&self, form: AnswerForm, coding: Option<ContentCoding>) -> HeaderValue {
        if form.is_cached() && coding.is_none() {
            return self.json_tag.clone();
        }
        let (dash, coding) = coding.map_or_else(Default::default, |coding| ("-", coding.token()));
        let hash = if form.selection.scope.is_some() { self.hash_with_url } else { self.hash };
        value(format_args!("\"{hash:016x}-{form}{dash}{coding}\""))
    }
}

/// The field `Link` about the page at `url` with this `title` (RFC 6892, 8288); `None` if there is no URL, or the field
/// would be too long. The title is cut so that the field is not.
pub(crate) fn describes(url: &str, title: Option<&str>) -> Option<HeaderValue> {
    let mut link = format!("<{url}>; rel=\"describes\"");
    if url.is_empty() || link.len() > MAX_LINK {
        return None;
    }
    let parameter = link.len();
    link.push_str("; title*=UTF-8''");
    let start = link.len();
    let mut buffer = [0; char::MAX_LEN_UTF8];
    for character in title.unwrap_or_default().chars() {
        let before = link.len();
        link.extend(utf8_percent_encode(character.encode_utf8(&mut buffer), NO_ATTR_CHAR));
        if link.len() > MAX_LINK {
            link.truncate(before);
            break;
        }
    }
    if link.len() <= start {
        link.truncate(parameter);
    }
    Some(value(link))
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
    use super::{MAX_LINK, describes, value};

    #[test]
    fn values_of_any_length_are_written_whole() {
        for length in [0, 1, 127, 128, 129, 4_000] {
            assert_eq!(value("a".repeat(length)), "a".repeat(length));
        }
        assert_eq!(value("a\nb"), "");
    }

    fn link(url: &str, title: &str) -> Option<String> {
        Some(describes(url, Some(title))?.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_title_is_encoded_as_an_extended_parameter() {
        assert_eq!(
            link("http://a/", "A \"b\" é€ 100%; x*'y").unwrap(),
            "<http://a/>; rel=\"describes\"; title*=UTF-8''A%20%22b%22%20%C3%A9%E2%82%AC%20100%25%3B%20x%2A%27y"
        );
        assert_eq!(describes("http://a/", None).unwrap(), "<http://a/>; rel=\"describes\"");
        assert_eq!(describes("", Some("x")), None);
    }

    #[test]
    fn a_long_field_loses_characters_of_the_title_then_the_title_then_itself() {
        let url = |length: usize| format!("http://a/{}", "x".repeat(length));
        let cut = link("http://a/", &"é".repeat(2000)).unwrap();
        assert!((MAX_LINK - 5..=MAX_LINK).contains(&cut.len()) && cut.ends_with("%C3%A9"), "{}", cut.len());
        assert!(link(&url(2010), "é").unwrap().ends_with("rel=\"describes\""));
        assert_eq!(link(&url(2100), "é"), None);
    }
}
