//! The errors that a visitor can meet; `errors.json` has the code, the status and the text of each kind.

use WebErrorKind as Kind;
use http::StatusCode;
use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error},
};
use std::{borrow::Cow, sync::LazyLock};

/// The kind of an error, in the order of `errors.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    BadResponse,
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
    HostNotAllowed,
    MethodNotAllowed,
    Internal,
}

/// An entry of `errors.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorText {
    /// The code in logs and metrics, which is the API's code where it has one.
    code: &'static str,
    /// The status of the error page.
    status: u16,
    /// Whether the API reports this kind by its code.
    #[serde(default)]
    from_api: bool,
    pub(crate) title: &'static str,
    /// What is wrong.
    what: &'static str,
    /// What to try.
    advice: &'static str,
    /// What the user of `linkextractor serve` can try instead.
    advice_in_serve: Option<&'static str>,
}

impl ErrorText {
    /// What to try; `in_serve` for the user who started `linkextractor serve`.
    pub(crate) fn advice(&self, in_serve: bool) -> &'static str {
        self.advice_in_serve.filter(|_| in_serve).unwrap_or(self.advice)
    }
}

static TEXTS: LazyLock<Vec<ErrorText>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../errors.json")).expect("a test reads this built-in file")
});

impl WebErrorKind {
    fn text(self) -> &'static ErrorText {
        &TEXTS[self as usize]
    }

    pub(crate) fn code(self) -> &'static str {
        self.text().code
    }

    /// The kind that the API reports as `code`.
    pub(crate) fn from_api_code(code: &str) -> Option<Self> {
        let kind: Result<Self, Error> = Self::deserialize(code.into_deserializer());
        kind.ok().filter(|kind| kind.text().from_api)
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
        Self::new(match problem.status {
            StatusCode::FORBIDDEN => Kind::HostNotAllowed,
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
            kind => StatusCode::from_u16(kind.text().status).expect("a test checks errors.json"),
        }
    }

    /// The title and the advice of the error page.
    pub(crate) fn text(&self) -> &'static ErrorText {
        self.kind.text()
    }

    /// What is wrong.
    pub(crate) fn what(&self) -> Cow<'static, str> {
        match (self.kind, self.upstream_status) {
            (Kind::UpstreamStatus, Some(status)) => {
                format!("The site answered with an error ({status}) instead of the page.").into()
            }
            (kind, _) => kind.text().what.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_entry_with_its_code_and_a_status() {
        for (index, entry) in TEXTS.iter().enumerate() {
            let kind: Result<Kind, Error> = Kind::deserialize(entry.code.into_deserializer());
            let kind = kind.unwrap();
            assert_eq!(kind as usize, index, "{}", entry.code);
            assert!(WebError::new(kind).status().as_u16() >= 400, "{}", entry.code);
        }
        assert_eq!(TEXTS.len(), Kind::Internal as usize + 1);
    }
}
