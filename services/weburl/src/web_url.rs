//! A parsed URL.

use std::fmt;
use url::{Host, Position, Url};

/// A URL as the URL standard parses and serializes it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WebUrl {
    /// The URL, or one that stands in for it: its path, query and fragment are the same, its scheme and host are ones
    /// that `url` can hold.
    pub(crate) url: Url,
    /// The serialization, where `url` stands in.
    pub(crate) text: Option<Box<str>>,
}

impl WebUrl {
    /// The serialization.
    pub fn as_str(&self) -> &str {
        self.text.as_deref().unwrap_or_else(|| self.url.as_str())
    }

    /// The scheme in lower case, without the colon.
    pub fn scheme(&self) -> &str {
        if self.is_file() { "file" } else { self.url.scheme() }
    }

    /// The host of an http(s) URL: a name in lower case and A-labels, or an address.
    pub fn host(&self) -> Option<Host<&str>> {
        match self.url.host()? {
            Host::Domain(_) => self.host_str().map(Host::Domain),
            address => Some(address),
        }
    }

    /// The host as serialized; `None` if there is none, or an empty one.
    pub fn host_str(&self) -> Option<&str> {
        let host = match &self.text {
            Some(text) => {
                let start =
                    if self.is_file() { "file://".len() } else { self.url[..Position::BeforeHost].len() };
                &text[start..text.len() - self.after_host().len()]
            }
            None => self.url.host_str()?,
        };
        Some(host).filter(|host| !host.is_empty())
    }

    /// The host of an http(s) URL if it is a name.
    pub fn domain(&self) -> Option<&str> {
        self.url.domain().and(self.host_str())
    }

    /// The port, or the scheme's default.
    pub fn port_or_known_default(&self) -> Option<u16> {
        self.url.port_or_known_default()
    }

    /// The host and, unless it is the scheme's default, the port: the value of `Host` (RFC 9110, section 7.2).
    pub fn host_and_port(&self) -> &str {
        let text = self.as_str();
        let rest = self.url[Position::BeforeHost..].len() + text.len() - self.url.as_str().len();
        let path = self.url[Position::AfterPort..].len();
        &text[text.len() - rest..text.len() - path]
    }

    /// The path and the query: the target of a request.
    pub fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// The path.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// The serialization up to the fragment.
    pub fn without_fragment(&self) -> &str {
        let text = self.as_str();
        &text[..text.len() - self.url[Position::AfterQuery..].len()]
    }

    /// Whether a user name or a password is part of it.
    pub fn has_credentials(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }

    /// Whether it has a fragment.
    pub fn has_fragment(&self) -> bool {
        self.url.fragment().is_some()
    }

    /// Removes the fragment.
    pub fn remove_fragment(&mut self) {
        self.text = self.text.as_ref().map(|_| self.without_fragment().into());
        self.url.set_fragment(None);
    }

    /// Removes user name and password.
    pub fn remove_credentials(&mut self) {
        if self.has_credentials() {
            let host = self.text.as_ref().and(self.host_str()).map(str::to_owned);
            // Both fail only for URLs that cannot have credentials.
            let _ = self.url.set_username("");
            let _ = self.url.set_password(None);
            self.text = host.map(|host| Self::text_with(&self.url, &host));
        }
    }

    /// The URL that `url` stands in for, whose host is `host`.
    pub(crate) fn with_host(url: Url, host: &str) -> Self {
        Self { text: Some(Self::text_with(&url, host)), url }
    }

    pub(crate) fn is_file(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.starts_with("file:"))
    }

    fn text_with(url: &Url, host: &str) -> Box<str> {
        [&url[..Position::BeforeHost], host, &url[Position::AfterHost..]].concat().into()
    }

    fn after_host(&self) -> &str {
        if self.is_file() { &self.url[Position::BeforePath..] } else { &self.url[Position::AfterHost..] }
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
