//! `GET /problems/<code>`: the explanation of an error code.

use crate::problem_types::ProblemType;
use http::{HeaderValue, header};
use kit::Response;

/// The explanation of `kind`, as plain text.
pub(crate) fn problem_type(kind: &ProblemType) -> Response {
    let mut response = Response::new(kit::full(kind.to_string()));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
