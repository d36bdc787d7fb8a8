//! Conditional requests (RFC 9110, section 13): a page that is the same as before need not be sent again.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
};
use serde::{Deserialize, Serialize};
use weburl::WebUrl;

/// Bytes of the longest validator that is kept: it takes memory of caches and of every later request.
const MAX_VALIDATOR: usize = 1024;

/// What a response said about its version: `ETag` and `Last-Modified`, as the origin wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The entity tag, weak or strong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The time of the last change, an HTTP date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// A version of a page that the caller has.
#[derive(Clone, Copy, Debug)]
pub struct KnownVersion<'a> {
    /// Its URL after redirects, without a fragment. The validators are sent to no other URL: they mean nothing there.
    pub url: &'a str,
    /// Its validators.
    pub validators: &'a Validators,
}

impl Validators {
    /// The validators in the header of a response. A date that cannot be parsed is none (section 8.8.2).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let date = |value: &String| httpdate::parse_http_date(value).is_ok();
        Self { etag: text(headers, &ETAG), last_modified: text(headers, &LAST_MODIFIED).filter(date) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// Bytes of memory besides its own size.
    pub fn bytes(&self) -> usize {
        [&self.etag, &self.last_modified].into_iter().flatten().map(String::len).sum()
    }

    /// These validators, with those replaced that a 304 has sent (RFC 9111, section 3.2).
    #[must_use]
    pub fn updated(&self, newer: &Self) -> Self {
        Self {
            etag: newer.etag.clone().or_else(|| self.etag.clone()),
            last_modified: newer.last_modified.clone().or_else(|| self.last_modified.clone()),
        }
    }
}

impl KnownVersion<'_> {
    /// Whether a request for `url` may be conditional.
    pub(crate) fn is_at(self, url: &WebUrl) -> bool {
        self.url == url.as_str() && !self.validators.is_empty()
    }

    /// The fields of the request.
    pub(crate) fn fields(self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let fields = [
            (IF_NONE_MATCH, self.validators.etag.as_deref()),
            (IF_MODIFIED_SINCE, self.validators.last_modified.as_deref()),
        ];
        fields.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::from_str(text?).ok()?)))
    }
}

/// The value of a field that stands once and is visible ASCII; caches store it as text.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let text = value.to_str().ok()?.trim();
    (!text.is_empty() && text.len() <= MAX_VALIDATOR).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(HeaderName, &'static str)]) -> Validators {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        Validators::of(&headers)
    }

    #[test]
    fn validators_that_mean_something_are_kept() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let both = of(&[(ETAG, "W/\"1\""), (LAST_MODIFIED, date)]);
        assert_eq!((both.etag.as_deref(), both.last_modified.as_deref()), (Some("W/\"1\""), Some(date)));
        assert!(of(&[(LAST_MODIFIED, "yesterday"), (ETAG, "")]).is_empty());
        assert!(of(&[(ETAG, "\"1\""), (ETAG, "\"2\"")]).is_empty());
    }

    #[test]
    fn a_304_replaces_the_validators_that_it_sends() {
        let old = of(&[(ETAG, "\"1\""), (LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT")]);
        let new = old.updated(&of(&[(ETAG, "\"2\"")]));
        assert_eq!((new.etag.as_deref(), &new.last_modified), (Some("\"2\""), &old.last_modified));
    }

    #[test]
    fn validators_are_for_one_url() {
        let validators = of(&[(ETAG, "\"1\"")]);
        let known = KnownVersion { url: "http://a/x", validators: &validators };
        assert!(known.is_at(&WebUrl::parse("http://A:80/x").unwrap()));
        assert!(!known.is_at(&WebUrl::parse("http://a/").unwrap()));
        let none = KnownVersion { validators: &Validators::default(), ..known };
        assert!(!none.is_at(&WebUrl::parse("http://a/x").unwrap()));
    }
}
