//! A URL that may be asked for.

use crate::{FetchError, UrlProblem};
use std::fmt;
use url::Url;

/// An absolute http(s) URL with a host, without user information or fragment, as the URL standard serializes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageUrl(Url);

impl PageUrl {
    /// Parses what a person typed: outer blanks are trimmed, everything else has to be right.
    pub fn parse(input: &str) -> Result<Self, FetchError> {
        let url = Url::parse(input.trim()).map_err(|_| FetchError::InvalidUrl(UrlProblem::Syntax))?;
        Ok(Self(url))
    }

    /// The URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
