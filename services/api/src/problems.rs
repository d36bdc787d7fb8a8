//! Every error that leaves the service: one table from what went wrong to code, status and title.

use crate::{endpoints::batch, target::TargetError};
use fetch::{FetchError, UrlProblem};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kit::Problem;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a client is asked to stay away when every place is taken, in seconds: most jobs end sooner.
const BUSY_SECONDS: u64 = 2;

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// Why a request has no links for an answer. The text is the problem's `detail`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The request target names no page.
    #[error("{0}")]
    Target(#[from] TargetError),
    /// The page could not be had.
    #[error("{0}")]
    Fetch(#[from] FetchError),
    /// `only-if-cached`, and it is not.
    #[error("the page is not in the cache, and the request allows nothing else")]
    NotCached,
    /// A body in a media type that is not read here.
    #[error("send the URLs as {}", batch::ACCEPTED)]
    MediaType,
    /// A body over a limit.
    #[error("the body may have at most {} bytes and {} URLs", batch::MAX_BYTES, batch::MAX_PAGES)]
    BodyTooLarge,
    /// A body that took too long to come.
    #[error("the body did not come in time")]
    BodySlow,
    /// A body that cannot be read.
    #[error("the body cannot be read: {0}")]
    Body(&'static str),
    /// What went wrong is our fault, and in our log.
    #[error("something went wrong here, not with your request")]
    Internal,
}

impl Failure {
    /// Status, code and title: the same for all of a kind.
    fn row(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Target(_) => (400, "invalid-url", "Invalid URL"),
            Self::NotCached => (504, "not-cached", "Not cached"),
            Self::Body(_) => (400, "bad-request", "Bad request"),
            Self::MediaType => (415, "unsupported-media-type", "Unsupported media type"),
            Self::BodyTooLarge => (413, "content-too-large", "Content too large"),
            Self::BodySlow => (408, "request-timeout", "Request timeout"),
            Self::Internal => (500, "internal", "Internal error"),
            Self::Fetch(error) => match error {
                FetchError::InvalidUrl(UrlProblem::TooLong) => (414, "url-too-long", "URL too long"),
                FetchError::InvalidUrl(_) => (400, "invalid-url", "Invalid URL"),
                FetchError::UnsupportedScheme => (400, "unsupported-scheme", "Unsupported scheme"),
                FetchError::Blocked => (403, "blocked-destination", "Destination not allowed"),
                FetchError::Dns => (502, "dns-failure", "Host name not resolved"),
                FetchError::Connect => (502, "connect-failure", "Connection to the page's host failed"),
                FetchError::Tls(_) => (502, "tls-failure", "No secure connection to the page's host"),
                FetchError::UpstreamStatus { retry_after: Some(_), .. } => {
                    (503, "upstream-status", "The page answered with an error")
                }
                FetchError::UpstreamStatus { retry_after: None, .. } => {
                    (502, "upstream-status", "The page answered with an error")
                }
                FetchError::TooManyRedirects => (502, "too-many-redirects", "Too many redirects"),
                FetchError::BadRedirect => (502, "bad-redirect", "Bad redirect"),
                FetchError::TooLarge => (502, "too-large", "Page too large"),
                FetchError::BadEncoding => (502, "bad-encoding", "Bad content coding"),
                FetchError::Incomplete => (502, "incomplete", "Page incomplete"),
                FetchError::NotHtml => (422, "not-html", "Not an HTML page"),
                FetchError::Timeout(_) => (504, "timeout", "Timeout"),
                FetchError::Overloaded => (503, "overloaded", "Overloaded"),
            },
        }
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.row().1
    }

    /// When to come back, in seconds, of a failure that is `age` old.
    fn retry_after(&self, age: Duration) -> Option<u64> {
        match self {
            Self::Fetch(FetchError::Overloaded) => Some(BUSY_SECONDS),
            Self::Fetch(FetchError::UpstreamStatus { retry_after: Some(wait), .. }) => {
                // Rounded up: who comes a moment early is refused again.
                let left = wait.saturating_sub(age);
                Some((left.as_secs() + u64::from(left.subsec_nanos() > 0)).max(1))
            }
            _ => None,
        }
    }

    /// The status that the page answered with.
    fn upstream_status(&self) -> Option<u16> {
        match self {
            Self::Fetch(FetchError::UpstreamStatus { status, .. }) => Some(*status),
            _ => None,
        }
    }

    /// As a problem; `age` is how long ago it happened.
    pub(crate) fn problem(&self, age: Duration) -> Problem {
        let (status, code, title) = self.row();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut problem = Problem::new(status, code, title).detail(self.to_string());
        if let Some(status) = self.upstream_status() {
            problem = problem.member("upstream_status", status);
        }
        if let Some(seconds) = self.retry_after(age) {
            problem = problem.header(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Self::MediaType = self {
            problem = problem.header(ACCEPT_POST, HeaderValue::from_static(batch::ACCEPTED));
        }
        problem
    }

    /// As the `error` of a line of many.
    pub(crate) fn member(&self) -> Value {
        let (status, code, title) = self.row();
        let mut error = json!({"code": code, "status": status, "title": title, "detail": self.to_string()});
        if let Some(status) = self.upstream_status() {
            error["upstream_status"] = status.into();
        }
        error
    }
}

/// Whether the page caused the failure, so that asking again at once would only give it again. A refusal by
/// the guard is our own policy, and a queue is our own load: those are not remembered.
pub(crate) fn caused_by_page(error: &FetchError) -> bool {
    match error {
        FetchError::Dns
        | FetchError::Connect
        | FetchError::Tls(_)
        | FetchError::UpstreamStatus { .. }
        | FetchError::TooManyRedirects
        | FetchError::BadRedirect
        | FetchError::TooLarge
        | FetchError::BadEncoding
        | FetchError::Incomplete
        | FetchError::NotHtml => true,
        FetchError::Timeout(step) => *step != fetch::Step::Queue,
        FetchError::InvalidUrl(_)
        | FetchError::UnsupportedScheme
        | FetchError::Blocked
        | FetchError::Overloaded => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fetch::{Step, TlsProblem};

    fn one_of_each() -> Vec<Failure> {
        let fetch = [
            FetchError::InvalidUrl(UrlProblem::Syntax),
            FetchError::InvalidUrl(UrlProblem::TooLong),
            FetchError::UnsupportedScheme,
            FetchError::Blocked,
            FetchError::Dns,
            FetchError::Connect,
            FetchError::Tls(TlsProblem::Expired),
            FetchError::UpstreamStatus { status: 404, retry_after: None },
            FetchError::UpstreamStatus { status: 429, retry_after: Some(Duration::from_secs(9)) },
            FetchError::TooManyRedirects,
            FetchError::BadRedirect,
            FetchError::TooLarge,
            FetchError::BadEncoding,
            FetchError::Incomplete,
            FetchError::NotHtml,
            FetchError::Timeout(Step::Body),
            FetchError::Overloaded,
        ];
        let own = [
            Failure::Target(TargetError::Missing),
            Failure::NotCached,
            Failure::MediaType,
            Failure::BodyTooLarge,
            Failure::BodySlow,
            Failure::Body("broken"),
            Failure::Internal,
        ];
        fetch.into_iter().map(Failure::from).chain(own).collect()
    }

    #[test]
    fn every_code_is_described() {
        let description: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
        let table = include_str!("../../../docs/api.md");
        for failure in one_of_each() {
            let (status, code, _) = failure.row();
            let response = &description["components"]["responses"][format!("Problem{status}")]["description"];
            let code = format!("`{code}`");
            // Written once, under its usual status.
            let passed_on = failure.retry_after(Duration::ZERO).is_some() && code == "`upstream-status`";
            assert!(passed_on || response.as_str().unwrap().contains(&code), "{status} {code}");
            assert!(table.contains(&code), "{code}");
        }
    }

    #[test]
    fn what_is_waited_for_gets_shorter() {
        let busy = FetchError::UpstreamStatus { status: 503, retry_after: Some(Duration::from_mins(1)) };
        let failure = Failure::from(busy);
        assert_eq!(failure.retry_after(Duration::from_secs(20)), Some(40));
        assert_eq!(failure.retry_after(Duration::from_secs(90)), Some(1));
        assert_eq!(Failure::Internal.retry_after(Duration::ZERO), None);
    }

    #[test]
    fn a_line_of_many_tells_what_a_problem_tells() {
        for failure in one_of_each() {
            let (problem, member) = (failure.problem(Duration::ZERO), failure.member());
            assert_eq!(member["code"], problem.code());
            assert_eq!(member["status"], problem.status().as_u16());
            assert_eq!(member["detail"], problem.what());
        }
    }
}
