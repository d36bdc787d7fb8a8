//! A URL that may be asked for.

use crate::{FetchError, UrlProblem};
use std::fmt;
use url::{Host, Url};

/// The longest URL taken, in bytes as written.
const MAX_LENGTH: usize = 8 * 1024;
/// The longest label and the longest name, in bytes (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 253;

/// An absolute http(s) URL with a host, without user information or fragment, as the URL standard serializes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageUrl(Url);

impl PageUrl {
    /// Parses what a person typed: outer blanks are trimmed, everything else has to be right.
    pub fn parse(input: &str) -> Result<Self, FetchError> {
        let input = raw(input)?;
        let url = Url::parse(input).map_err(|_| FetchError::InvalidUrl(UrlProblem::Syntax))?;
        let web = matches!(url.scheme(), "http" | "https");
        if web && authority(input).contains('@') {
            return Err(FetchError::InvalidUrl(UrlProblem::UserInfo));
        }
        Self::checked(url)
    }

    /// Where a `Location` leads from here. User information in it is dropped: credentials are never sent.
    pub(crate) fn redirected(&self, location: &[u8]) -> Result<Self, FetchError> {
        let follow = || {
            let location = raw(std::str::from_utf8(location).ok()?).ok()?;
            let mut url = self.0.join(location).ok()?;
            // Both fail only for URLs that cannot have user information, which have none.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            Self::checked(url).ok()
        };
        follow().ok_or(FetchError::BadRedirect)
    }

    /// The URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    fn checked(mut url: Url) -> Result<Self, FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::UnsupportedScheme);
        }
        if let Some(Host::Domain(name)) = url.host()
            && !is_host_name(name)
        {
            return Err(FetchError::InvalidUrl(UrlProblem::HostName));
        }
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The checks that have to come before parsing: the URL standard removes tabs and line breaks without a word.
fn raw(input: &str) -> Result<&str, FetchError> {
    let input = input.trim();
    if input.len() > MAX_LENGTH {
        return Err(FetchError::InvalidUrl(UrlProblem::TooLong));
    }
    if input.chars().any(char::is_control) {
        return Err(FetchError::InvalidUrl(UrlProblem::ControlCharacter));
    }
    Ok(input)
}

/// The authority of an absolute http(s) URL as written: the parsed one has lost user information that is empty.
/// Slashes before it are as many as you like, and may lean either way (URL standard, section 4.4).
fn authority(input: &str) -> &str {
    let rest = input.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches(['/', '\\']);
    rest.split(['/', '\\', '?', '#']).next().unwrap_or_default()
}

/// Whether a name as the URL standard gives it (lower case, A-labels) can stand in the DNS as a host: the
/// standard lets through empty and over-long labels and characters that no host has. A final dot is fine. The
/// last of several labels begins with a letter, as every top-level domain does (RFC 1123, section 2.1), so that
/// nothing that looks like an address is one to somebody else.
fn is_host_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let (parents, last) = name.rsplit_once('.').unwrap_or_default();
    name.len() <= MAX_NAME
        && (parents.is_empty() || last.starts_with(|c: char| c.is_ascii_alphabetic()))
        && name.split('.').all(|label| {
            (1..=MAX_LABEL).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests;
