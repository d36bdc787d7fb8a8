//! What can go wrong, as far as this service tells it apart, and the status each gets.

use http::StatusCode;

/// One kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    // What was typed.
    InvalidUrl,
    UnsupportedScheme,
    UrlTooLong,
    BadQuery,
    // What the API says of the page.
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

/// What the API can say of a page.
const OF_THE_PAGE: [Kind; 16] = [
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

impl Kind {
    /// What it is called in logs and metrics, and by the API where the API knows it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::InvalidUrl => "invalid-url",
            Self::UnsupportedScheme => "unsupported-scheme",
            Self::UrlTooLong => "url-too-long",
            Self::BadQuery => "bad-query",
            Self::BlockedDestination => "blocked-destination",
            Self::DnsFailure => "dns-failure",
            Self::ConnectFailure => "connect-failure",
            Self::TlsFailure => "tls-failure",
            Self::UpstreamStatus => "upstream-status",
            Self::TooManyRedirects => "too-many-redirects",
            Self::BadRedirect => "bad-redirect",
            Self::TooLarge => "too-large",
            Self::BadEncoding => "bad-encoding",
            Self::Incomplete => "incomplete",
            Self::NotHtml => "not-html",
            Self::Timeout => "timeout",
            Self::Overloaded => "overloaded",
            Self::ApiUnreachable => "api-unreachable",
            Self::ApiTimeout => "api-timeout",
            Self::ApiAnswer => "api-answer",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Internal => "internal",
        }
    }

    /// The kind that the API calls `code`.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        OF_THE_PAGE.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind of an error without a code: the status is all that is known.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::UrlTooLong,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Self::Overloaded,
            StatusCode::GATEWAY_TIMEOUT => Self::Timeout,
            _ => Self::ApiAnswer,
        }
    }
}

/// A failure and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// What the page itself answered, for [`Kind::UpstreamStatus`].
    pub(crate) upstream_status: Option<u16>,
    /// Seconds after which it may work.
    pub(crate) retry_after: Option<u32>,
    /// For the log alone.
    pub(crate) cause: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, upstream_status: None, retry_after: None, cause: None }
    }

    /// A failure whose cause is worth a look in the log.
    pub(crate) fn caused(kind: Kind, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(kind) }
    }

    /// What the server refused before this service saw it.
    pub(crate) fn of(problem: &kit::Problem) -> Self {
        Self::new(match problem.status() {
            StatusCode::NOT_FOUND => Kind::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
            StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Kind::UrlTooLong,
            StatusCode::SERVICE_UNAVAILABLE => Kind::Overloaded,
            status if status.is_client_error() => Kind::BadQuery,
            _ => Kind::Internal,
        })
    }

    /// The status of the error page.
    pub(crate) fn status(&self) -> StatusCode {
        match self.kind {
            Kind::InvalidUrl | Kind::UnsupportedScheme | Kind::BadQuery => StatusCode::BAD_REQUEST,
            Kind::UrlTooLong => StatusCode::URI_TOO_LONG,
            Kind::BlockedDestination => StatusCode::FORBIDDEN,
            Kind::UpstreamStatus if self.retry_after.is_some() => StatusCode::SERVICE_UNAVAILABLE,
            Kind::DnsFailure
            | Kind::ConnectFailure
            | Kind::TlsFailure
            | Kind::UpstreamStatus
            | Kind::TooManyRedirects
            | Kind::BadRedirect
            | Kind::TooLarge
            | Kind::BadEncoding
            | Kind::Incomplete
            | Kind::ApiUnreachable
            | Kind::ApiAnswer => StatusCode::BAD_GATEWAY,
            Kind::NotHtml => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Timeout | Kind::ApiTimeout => StatusCode::GATEWAY_TIMEOUT,
            Kind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
