//! The errors of the API, and the problems (RFC 9457) that clients get for them.

use crate::{problem_types, request_target::RequestTargetError};
use fetch::FetchError;
use http::{HeaderValue, header};
use kit::{Problem, Response};
use serde_json::{Value, json};
use std::time::Duration;

/// `Retry-After` in seconds while the queue for fetches is full: most jobs take less time.
const OVERLOADED_RETRY_SECONDS: u64 = 2;

/// Why a request has no links for an answer. The text is the problem's `detail`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{0}")]
    Target(#[from] RequestTargetError),
    #[error("{0}")]
    Fetch(#[from] FetchError),
    /// `only-if-cached`, and there is no usable result.
    #[error("the page is not in the cache, and only-if-cached forbids a fetch")]
    NotCached,
    #[error("too many links wait for their conversion to other formats or content codings")]
    ConversionsWait,
    /// A fault of this service; the cause is in the log.
    #[error("something went wrong in this service, not in your request")]
    Internal,
}

impl ApiError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.code(),
            Self::Target(error) => error.code(),
            Self::NotCached => "not-cached",
            Self::ConversionsWait => FetchError::Overloaded.code(),
            Self::Internal => "internal",
        }
    }

    /// `Retry-After` in seconds, of an error that happened `age` ago.
    fn retry_after(&self, age: Duration) -> Option<u64> {
        match self {
            Self::Fetch(FetchError::Overloaded) | Self::ConversionsWait => Some(OVERLOADED_RETRY_SECONDS),
            Self::Fetch(FetchError::UpstreamStatus { retry_after: Some(wait), .. }) => {
                // Rounded up: a client that comes back too early is refused again.
                let left = wait.saturating_sub(age);
                Some((left.as_secs() + u64::from(left.subsec_nanos() > 0)).max(1))
            }
            _ => None,
        }
    }

    fn upstream_status(&self) -> Option<u16> {
        match self {
            Self::Fetch(FetchError::UpstreamStatus { status, .. }) => Some(*status),
            _ => None,
        }
    }

    /// The problem for an error that happened `age` ago.
    pub(crate) fn problem(&self, age: Duration) -> Problem {
        // Also of a page that said when to try again: `Retry-After` belongs to 503.
        let retry_after = self.retry_after(age);
        let mut problem =
            problem_types::problem(self.code(), retry_after.map(|_| 503)).detail(self.to_string());
        if let Some(status) = self.upstream_status() {
            problem = problem.member("upstream_status", status);
        }
        match retry_after {
            Some(seconds) => problem.header(header::RETRY_AFTER, HeaderValue::from(seconds)),
            None => problem,
        }
    }

    pub(crate) fn into_response(self) -> Response {
        self.problem(Duration::ZERO).into_response()
    }

    /// The member `error` of a line of NDJSON, of an error that happened `age` ago.
    pub(crate) fn member(&self, age: Duration) -> Value {
        let problem = self.problem(age);
        let (code, status) = (problem.code, problem.status.as_u16());
        let mut error =
            json!({"code": code, "status": status, "title": problem.title, "detail": problem.detail});
        if let Some(status) = self.upstream_status() {
            error["upstream_status"] = status.into();
        }
        if let Some(seconds) = self.retry_after(age) {
            error["retry_after"] = seconds.into();
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem_types::ProblemType;
    use fetch::{Phase, ResponseProblem, TlsProblem, UrlProblem};
    use kit::{ReadError, errors};

    /// An error of each kind, kit's included.
    fn problems() -> Vec<Problem> {
        let kit = [
            errors::bad_request(""),
            errors::forbidden(""),
            errors::not_found(),
            errors::method_not_allowed("GET"),
            errors::unread(ReadError::TooLarge(1)),
            errors::unread(ReadError::Stalled),
            errors::url_too_long(1),
            errors::internal(),
            errors::overloaded(1),
            problem_types::problem("unsupported-media-type", None),
        ];
        api_errors().iter().map(|error| error.problem(Duration::ZERO)).chain(kit).collect()
    }

    fn api_errors() -> Vec<ApiError> {
        let fetch = [
            FetchError::InvalidUrl(UrlProblem::Syntax),
            FetchError::InvalidUrl(UrlProblem::TooLong),
            FetchError::UnsupportedScheme,
            FetchError::Blocked,
            FetchError::Dns,
            FetchError::Connect,
            FetchError::BadResponse(ResponseProblem::NotHttp),
            FetchError::Tls(TlsProblem::Expired),
            FetchError::UpstreamStatus { status: 404, retry_after: None },
            FetchError::UpstreamStatus { status: 429, retry_after: Some(Duration::from_secs(9)) },
            FetchError::TooManyRedirects,
            FetchError::BadRedirect,
            FetchError::TooLarge,
            FetchError::BadEncoding,
            FetchError::Incomplete,
            FetchError::NotHtml,
            FetchError::Timeout(Phase::Body),
            FetchError::Overloaded,
        ];
        let own = [ApiError::Target(RequestTargetError::Missing), ApiError::NotCached, ApiError::Internal];
        fetch.into_iter().map(ApiError::from).chain(own).collect()
    }

    #[test]
    fn every_problem_has_the_status_and_title_of_its_type() {
        for problem in problems() {
            let code = problem.code;
            let kind = ProblemType::of(code).unwrap_or_else(|| panic!("{code} is missing"));
            assert_eq!(problem.title, kind.title);
            let passed_on = code == "upstream-status" && problem.status == 503;
            assert!(passed_on || problem.status == kind.status, "{code}");
        }
    }

    #[test]
    fn every_problem_is_described() {
        let description: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
        let codes = description["components"]["schemas"]["Code"]["enum"].as_array().unwrap();
        let docs = include_str!("../../../docs/api.md");
        for problem in problems() {
            let code = format!("`{}`", problem.code);
            let status = ProblemType::of(problem.code).unwrap().status;
            // No operation that is described is answered 405.
            let response = match status {
                405 => &description["components"]["schemas"]["Code"]["description"],
                _ => &description["components"]["responses"][format!("Problem{status}")]["description"],
            };
            assert!(response.as_str().unwrap().contains(&code), "{status} {code}");
            assert!(codes.contains(&problem.code.into()) && docs.contains(&code), "{code}");
        }
        let table: serde_json::Map<String, Value> =
            serde_json::from_str(include_str!("../problems.json")).unwrap();
        assert_eq!(codes.len(), table.len(), "the description has exactly the codes of the table");
        for code in table.keys() {
            assert!(problems().iter().any(|problem| problem.code == code), "{code} does not exist");
        }
    }

    #[test]
    fn retry_after_gets_shorter_with_the_age_of_the_error() {
        let busy = FetchError::UpstreamStatus { status: 503, retry_after: Some(Duration::from_mins(1)) };
        let error = ApiError::from(busy);
        assert_eq!(error.retry_after(Duration::from_secs(20)), Some(40));
        assert_eq!(error.retry_after(Duration::from_secs(90)), Some(1));
        assert_eq!(ApiError::Internal.retry_after(Duration::ZERO), None);
    }

    #[test]
    fn the_error_of_a_line_has_the_members_of_a_problem() {
        for error in api_errors() {
            let (problem, member) = (error.problem(Duration::ZERO), error.member(Duration::ZERO));
            assert_eq!(member["code"], problem.code);
            assert_eq!(member["title"], problem.title);
            assert_eq!(member["status"], problem.status.as_u16());
            assert_eq!(member["detail"], problem.detail);
            let retry_after = problem.headers.iter().find(|(name, _)| name == header::RETRY_AFTER);
            let seconds = member.get("retry_after").map(ToString::to_string);
            assert_eq!(seconds.as_deref(), retry_after.map(|(_, value)| value.to_str().unwrap()));
        }
    }
}
