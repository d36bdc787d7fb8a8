//! The key of a page in every cache.

use fetch::PageUrl;
use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The version of what is stored, then the URL as the URL standard serializes it, without its fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CacheKey(Arc<str>);

impl CacheKey {
    /// Raise the number when the encoding of a cached result changes: old values are then never read, and expire.
    const PREFIX: &'static str = "linkextractor:3:";

    pub(crate) fn of(page: &PageUrl) -> Self {
        let url = page.as_url().as_str();
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        Self([Self::PREFIX, url].concat().into())
    }

    /// The URL in the text of a key; any other text has the URL of no page.
    pub(crate) fn url_in(text: &str) -> &str {
        text.strip_prefix(Self::PREFIX).unwrap_or_default()
    }

    /// The URL of the page, by which the process finds its copy.
    pub(crate) fn url(&self) -> &str {
        Self::url_in(&self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for CacheKey {
    fn borrow(&self) -> &str {
        self.url()
    }
}

/// As that of the URL, by which it is found.
impl Hash for CacheKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.url().hash(hasher);
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
            assert_eq!(CacheKey::of(&page).url(), text, "{url}");
        }
    }
}
