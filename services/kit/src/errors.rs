//! Problems that all services share, and responses to methods that a route does not handle.

use crate::{Problem, ReadError, Response, empty};
use http::{HeaderValue, Method, StatusCode, header};

/// 400: the request violates HTTP.
pub fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-request", "Bad request").detail(detail)
}

/// 403: the service does not answer to this host, origin or client.
pub fn forbidden(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden").detail(detail)
}

/// 404: there is no such route.
pub fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found").detail("There is nothing at this path.")
}

/// 405; `allow` is the value of the `Allow` field.
pub fn method_not_allowed(allow: &'static str) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
        .detail(format!("Allowed here: {allow}."))
        .header(header::ALLOW, HeaderValue::from_static(allow))
}

/// 413, 400, 408 or 503: the request's body could not be read.
pub fn unread(error: ReadError) -> Problem {
    match error {
        ReadError::TooLarge(limit) => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "content-too-large", "Content too large")
                .detail(format!("The body may have {limit} bytes."))
        }
        ReadError::Broken => bad_request("The body broke off."),
        ReadError::Stalled => Problem::new(StatusCode::REQUEST_TIMEOUT, "request-timeout", "Request timeout")
            .detail("The body did not come in time."),
        ReadError::NoMemory => overloaded(1),
    }
}

/// 414: the request target is too long.
pub fn url_too_long(limit: usize) -> Problem {
    Problem::new(StatusCode::URI_TOO_LONG, "url-too-long", "URL too long")
        .detail(format!("The request target may have {limit} bytes."))
}

/// 500; the cause is logged only.
pub fn internal() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error")
        .detail("Something went wrong here. The request id leads to it in the log.")
}

/// 503 with `Retry-After` in seconds.
pub fn overloaded(retry_after: u32) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Overloaded")
        .detail("Too much is in work; try again soon.")
        .header(header::RETRY_AFTER, retry_after.into())
}

/// 503 with `Retry-After` in seconds: the process ends before the response would be ready.
pub fn stopping(retry_after: u32) -> Problem {
    overloaded(retry_after).detail("The server is stopping; another one, or this one restarted, may answer.")
}

/// The response to a method that a route does not handle: 204 to `OPTIONS`, 405 to others, both with `Allow: allow`.
pub fn other_method(method: &Method, allow: &'static str) -> Response {
    if method != Method::OPTIONS {
        return method_not_allowed(allow).into_response();
    }
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
