//! The reasons why a page could not be fetched. Their texts are fit for clients: no address, no upstream text, no
//! internals. The causes are in the job's record.

use crate::Phase;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why a page could not be fetched. Serializable, so that it can be cached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum FetchError {
    #[error("not a valid URL: {0}")]
    InvalidUrl(UrlProblem),
    #[error("only http and https pages can be fetched")]
    UnsupportedScheme,
    /// The guard refused an address, a name or a port, at the first hop or after a redirect.
    #[error("this destination is not allowed")]
    Blocked,
    #[error("the host name could not be resolved")]
    Dns,
    /// No connection, or one that ended before an answer.
    #[error("the host could not be reached or gave no answer")]
    Connect,
    /// An answer that is not HTTP, or none but interim responses.
    #[error("{0}")]
    BadResponse(ResponseProblem),
    /// No TLS connection, or a certificate that is not trusted.
    #[error("no secure connection: {0}")]
    Tls(TlsProblem),
    /// A response with a status other than 200 to 205.
    #[error("the page answered with status {status}")]
    UpstreamStatus {
        status: u16,
        /// Its `Retry-After`, of a 429 or 503.
        retry_after: Option<Duration>,
    },
    #[error("too many redirects")]
    TooManyRedirects,
    /// A redirect without a location, or to one that is not http(s).
    #[error("a redirect leads nowhere")]
    BadRedirect,
    /// Over the limit before or after decompression, all that the origin sent counted, or in processor time.
    #[error("the page is too large")]
    TooLarge,
    #[error("the page's content coding is broken or unknown")]
    BadEncoding,
    #[error("the page ended before it was complete")]
    Incomplete,
    /// Neither declared nor sniffed as HTML or XHTML.
    #[error("this is not an HTML page")]
    NotHtml,
    #[error("timed out {0}")]
    Timeout(Phase),
    /// Too many jobs wait, of this client or in all.
    #[error("too many pages are waiting to be fetched")]
    Overloaded,
}

impl FetchError {
    /// The stable code, which does not change when the text does.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidUrl(UrlProblem::TooLong) => "url-too-long",
            Self::InvalidUrl(_) => "invalid-url",
            Self::UnsupportedScheme => "unsupported-scheme",
            Self::Blocked => "blocked-destination",
            Self::Dns => "dns-failure",
            Self::Connect => "connect-failure",
            Self::BadResponse(_) => "bad-response",
            Self::Tls(_) => "tls-failure",
            Self::UpstreamStatus { .. } => "upstream-status",
            Self::TooManyRedirects => "too-many-redirects",
            Self::BadRedirect => "bad-redirect",
            Self::TooLarge => "too-large",
            Self::BadEncoding => "bad-encoding",
            Self::Incomplete => "incomplete",
            Self::NotHtml => "not-html",
            Self::Timeout(_) => "timeout",
            Self::Overloaded => "overloaded",
        }
    }
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum UrlProblem {
    #[error("it cannot be parsed")]
    Syntax,
    /// It would be a URL with one.
    #[error("it has no scheme, such as https://")]
    NoScheme,
    #[error("it is longer than 8 KiB")]
    TooLong,
    #[error("it has a control character")]
    ControlCharacter,
    /// A label of the host name is empty, over 63 bytes or has a character that no host name has, or the name
    /// is over 253 bytes.
    #[error("its host name has an empty, over-long or impossible part")]
    HostName,
    #[error("it has a user name or password")]
    UserInfo,
}

/// What is wrong with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum ResponseProblem {
    #[error("the answer of the host is not HTTP")]
    NotHttp,
    #[error("the answer of the host has a header that is too long")]
    HeaderTooLong,
    /// Interim responses and no final one, or more bytes than a job may receive before it.
    #[error("the host sent no final answer")]
    NotFinal,
}

/// Why TLS failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum TlsProblem {
    #[error("the certificate has expired or is not yet valid")]
    Expired,
    #[error("the certificate is for another name")]
    WrongName,
    #[error("the certificate's issuer is not trusted")]
    UnknownIssuer,
    #[error("the handshake failed")]
    Handshake,
}
