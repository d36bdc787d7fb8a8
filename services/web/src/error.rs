//! The errors that a visitor can meet, with their codes and statuses.

use WebErrorKind as Kind;
use http::StatusCode;

/// The kind of an error; each has a text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebErrorKind {
    // The visitor's input.
    InvalidUrl,
    UnsupportedScheme,
    UrlTooLong,
    BadQuery,
    // The page, as the API reports it.
    BlockedDestination,
    DnsFailure,
    ConnectFailure,
    TlsFailure,
    UpstreamStatus,
    TooManyRedirects,
    BadRedirect,
    TooLarge,
    BadEncoding,
    Incomplete,
    NotHtml,
    Timeout,
    Overloaded,
    // The API itself.
    ApiUnreachable,
    ApiTimeout,
    ApiAnswer,
    // This service.
    NotFound,
    MethodNotAllowed,
    Internal,
}

/// The kinds that the API reports by code.
const REPORTED_BY_API: [Kind; 16] = [
    Kind::InvalidUrl,
    Kind::UnsupportedScheme,
    Kind::UrlTooLong,
    Kind::BlockedDestination,
    Kind::DnsFailure,
    Kind::ConnectFailure,
    Kind::TlsFailure,
    Kind::UpstreamStatus,
    Kind::TooManyRedirects,
    Kind::BadRedirect,
    Kind::TooLarge,
    Kind::BadEncoding,
    Kind::Incomplete,
    Kind::NotHtml,
    Kind::Timeout,
    Kind::Overloaded,
];

impl WebErrorKind {
    /// The code in logs and metrics, which is the API's code where it has one, and the status of the error page.
    fn code_and_status(self) -> (&'static str, StatusCode) {
        match self {
            Self::InvalidUrl => ("invalid-url", StatusCode::BAD_REQUEST),
            Self::UnsupportedScheme => ("unsupported-scheme", StatusCode::BAD_REQUEST),
            Self::UrlTooLong => ("url-too-long", StatusCode::URI_TOO_LONG),
            Self::BadQuery => ("bad-query", StatusCode::BAD_REQUEST),
            Self::BlockedDestination => ("blocked-destination", StatusCode::FORBIDDEN),
            Self::DnsFailure => ("dns-failure", StatusCode::BAD_GATEWAY),
            Self::ConnectFailure => ("connect-failure", StatusCode::BAD_GATEWAY),
            Self::TlsFailure => ("tls-failure", StatusCode::BAD_GATEWAY),
            Self::UpstreamStatus => ("upstream-status", StatusCode::BAD_GATEWAY),
            Self::TooManyRedirects => ("too-many-redirects", StatusCode::BAD_GATEWAY),
            Self::BadRedirect => ("bad-redirect", StatusCode::BAD_GATEWAY),
            Self::TooLarge => ("too-large", StatusCode::BAD_GATEWAY),
            Self::BadEncoding => ("bad-encoding", StatusCode::BAD_GATEWAY),
            Self::Incomplete => ("incomplete", StatusCode::BAD_GATEWAY),
            Self::NotHtml => ("not-html", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Timeout => ("timeout", StatusCode::GATEWAY_TIMEOUT),
            Self::Overloaded => ("overloaded", StatusCode::SERVICE_UNAVAILABLE),
            Self::ApiUnreachable => ("api-unreachable", StatusCode::BAD_GATEWAY),
            Self::ApiTimeout => ("api-timeout", StatusCode::GATEWAY_TIMEOUT),
            Self::ApiAnswer => ("api-answer", StatusCode::BAD_GATEWAY),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    pub(crate) fn code(self) -> &'static str {
        self.code_and_status().0
    }

    /// The kind that the API reports as `code`.
    pub(crate) fn from_api_code(code: &str) -> Option<Self> {
        REPORTED_BY_API.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind of an error response of the API that has no known code.
    pub(crate) fn from_api_status(status: StatusCode) -> Self {
        match status {
            StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::UrlTooLong,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Self::Overloaded,
            StatusCode::GATEWAY_TIMEOUT => Self::Timeout,
            _ => Self::ApiAnswer,
        }
    }
}

/// An error and its details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebError {
    pub(crate) kind: WebErrorKind,
    /// The status with which the page answered, for [`WebErrorKind::UpstreamStatus`].
    pub(crate) upstream_status: Option<u16>,
    /// Seconds.
    pub(crate) retry_after: Option<u32>,
    /// For the log; visitors never see it.
    pub(crate) cause: Option<String>,
}

impl WebError {
    pub(crate) fn new(kind: WebErrorKind) -> Self {
        Self { kind, upstream_status: None, retry_after: None, cause: None }
    }

    /// An error whose `cause` is logged.
    pub(crate) fn with_cause(kind: WebErrorKind, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(kind) }
    }

    /// A request that the server rejected before it reached this service.
    pub(crate) fn rejected(problem: &kit::Problem) -> Self {
        Self::new(match problem.status() {
            StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
            StatusCode::URI_TOO_LONG => Kind::UrlTooLong,
            StatusCode::SERVICE_UNAVAILABLE => Kind::Overloaded,
            status if status.is_client_error() => Kind::BadQuery,
            _ => Kind::Internal,
        })
    }

    /// The status of the error page.
    pub(crate) fn status(&self) -> StatusCode {
        match self.kind {
            // The site asks for a later try, and so does this service.
            Kind::UpstreamStatus if self.retry_after.is_some() => StatusCode::SERVICE_UNAVAILABLE,
            kind => kind.code_and_status().1,
        }
    }
}
