//! The key of a page in every cache.

use fetch::PageUrl;
use std::{borrow::Borrow, sync::Arc};

/// The version of what is stored, then the URL as the URL standard serializes it, without its fragment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey(Arc<str>);

impl CacheKey {
    /// Raise the number when the encoding of a cached result changes: old values are then never read, and expire.
    const PREFIX: &'static str = "linkextractor:3:";

    pub(crate) fn of(page: &PageUrl) -> Self {
        let url = page.as_url().as_str();
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        Self(Self::text(url).into())
    }

    /// The text of the key of the page whose URL is serialized as `url`. Any other text gives the key of no page.
    pub(crate) fn text(url: &str) -> String {
        [Self::PREFIX, url].concat()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for CacheKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_normalised_and_have_no_fragment() {
        let key = |url| CacheKey::of(&PageUrl::parse(url).unwrap());
        assert_eq!(key("HTTP://Example.COM:80/a/../b?q#top"), key("http://example.com/b?q"));
        assert_ne!(key("http://example.com/"), key("http://example.com/?"));
        assert_eq!(key("http://example.com").as_str(), "linkextractor:3:http://example.com/");
    }

    /// A hit relies on it: it looks for the text as it is given before it parses that.
    #[test]
    fn a_serialized_url_is_its_own_serialization() {
        for url in [
            "HTTP://Example.COM:80/a/../b/%2E%2e/%7e?q#top",
            "http:\\\\e\\\u{e4}?\u{e4}'\"<>",
            "https://\u{e4}.example:443//a//",
            "http://ex%41mple.com.",
            "http://xn--a.example/%zz?%zz",
            "http://0x7f.1/ a?b c",
            "http://[0:0::FFFF:1.2.3.4]:8080",
            "http:///e/?#",
            "http://e/.//{}|^`",
        ] {
            let page = PageUrl::parse(url).unwrap();
            let text = page.as_url().as_str();
            assert_eq!(PageUrl::parse(text).as_ref(), Ok(&page), "{url}");
            assert_eq!(CacheKey::of(&page).as_str(), CacheKey::text(text), "{url}");
        }
    }
}
