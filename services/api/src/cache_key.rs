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
        Self([Self::PREFIX, url].concat().into())
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
}
