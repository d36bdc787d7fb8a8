//! The URL of a page, checked.

use crate::{FetchError, UrlProblem};
use std::fmt;
use weburl::{Host, WebUrl};

/// The longest name and the longest label, in bytes (RFC 1035, section 2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// Nothing of ASCII; `percent_encode` adds all other bytes.
const NON_ASCII: &percent_encoding::AsciiSet = &percent_encoding::AsciiSet::EMPTY;

/// An absolute http(s) URL with a host, without user information or fragment, as the URL standard serializes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageUrl(WebUrl);

impl PageUrl {
    /// The longest URL, in bytes as written.
    pub const MAX_LENGTH: usize = 8 * 1024;

    /// Parses a URL. White space around it is trimmed.
    pub fn parse(input: &str) -> Result<Self, FetchError> {
        let input = raw(input)?;
        let url = WebUrl::parse(input).map_err(|_| FetchError::InvalidUrl(unparsed(input)))?;
        let web = matches!(url.scheme(), "http" | "https");
        if web && input.contains('@') && authority(input).contains('@') {
            return Err(FetchError::InvalidUrl(UrlProblem::UserInfo));
        }
        Self::checked(url)
    }

    /// The target of a redirect with this `Location`. User information is removed: credentials are never sent. The limit
    /// of the length applies to the serialized URL, which relative references could otherwise make longer with each hop.
    pub(crate) fn redirected(&self, location: &[u8]) -> Result<Self, FetchError> {
        let follow = || {
            // Bytes beyond ASCII, UTF-8 or Latin-1, are percent-encoded one by one, as in browsers.
            let location = percent_encoding::percent_encode(location, NON_ASCII).to_string();
            let location = raw(&location).ok()?;
            let mut url = self.0.join(location).ok()?;
            url.remove_credentials();
            Self::checked(url).ok().filter(|target| target.0.as_str().len() <= Self::MAX_LENGTH)
        };
        follow().ok_or(FetchError::BadRedirect)
    }

    /// The URL.
    pub fn as_url(&self) -> &WebUrl {
        &self.0
    }

    fn checked(mut url: WebUrl) -> Result<Self, FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::UnsupportedScheme);
        }
        if let Some(Host::Domain(name)) = url.host()
            && !is_host_name(name)
        {
            return Err(FetchError::InvalidUrl(UrlProblem::HostName));
        }
        url.remove_fragment();
        Ok(Self(url))
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The checks that have to come before parsing, which removes tabs and line breaks silently.
fn raw(input: &str) -> Result<&str, FetchError> {
    let input = input.trim();
    if input.len() > PageUrl::MAX_LENGTH {
        return Err(FetchError::InvalidUrl(UrlProblem::TooLong));
    }
    let is_printable_ascii = input.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_printable_ascii && input.chars().any(char::is_control) {
        return Err(FetchError::InvalidUrl(UrlProblem::ControlCharacter));
    }
    Ok(input)
}

/// Why `input` could not be parsed.
fn unparsed(input: &str) -> UrlProblem {
    let name = input.trim_start_matches('/');
    let has_scheme = name.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':'));
    let with_scheme = WebUrl::parse(&format!("https://{name}")).map(PageUrl::checked);
    if !has_scheme && matches!(with_scheme, Ok(Ok(_))) { UrlProblem::NoScheme } else { UrlProblem::Syntax }
}

/// The authority of an absolute http(s) URL as written: the parser drops empty user information. It takes any number of
/// slashes and backslashes before the authority.
fn authority(input: &str) -> &str {
    let rest = input.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches(['/', '\\']);
    rest.split(['/', '\\', '?', '#']).next().unwrap_or_default()
}

/// Whether a parsed name (lower case, A-labels) can be a host in the DNS: the URL standard allows empty and over-long
/// labels, and characters that no host name has. A final dot is allowed. The last of several labels begins with a letter,
/// as top-level domains do, so that no other parser takes the name for an IPv4 address.
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
