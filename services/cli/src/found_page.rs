//! The links that were found in a page, and what is known of the page.

use links::Extraction;
use std::time::SystemTime;
use weburl::WebUrl;

/// The links of a page.
#[derive(Clone, Debug)]
pub struct FoundPage {
    /// The final URL, if the page has one.
    pub url: Option<WebUrl>,
    pub found: Extraction,
    /// When it was fetched or read.
    pub at: SystemTime,
    /// What the API says about it, if that was asked.
    pub api: Option<ApiMembers>,
}

/// The members of a page's line that only the API's lines have.
#[derive(Clone, Debug, Default)]
pub struct ApiMembers {
    /// Seconds since the page was fetched.
    pub age: Option<u64>,
    /// Which cache the result comes from.
    pub cache: Option<String>,
}
