//! The endpoints with fixed texts: the usage at `GET /`, the OpenAPI description at `GET /openapi.json`, and the
//! explanation of an error code at `GET /problems/<code>`.

use crate::problem_types::ProblemType;
use bytes::Bytes;
use http::{HeaderValue, header};
use kit::Response;

const DESCRIPTION: &str = include_str!("../openapi.json");
const USAGE: &str = include_str!("../usage.txt");

pub(crate) fn usage() -> Response {
    document("text/plain; charset=utf-8", USAGE)
}

pub(crate) fn description() -> Response {
    document("application/json", DESCRIPTION)
}

pub(crate) fn problem_type(kind: &ProblemType) -> Response {
    document("text/plain; charset=utf-8", kind.to_string())
}

fn document(media_type: &'static str, text: impl Into<Bytes>) -> Response {
    let mut response = Response::new(kit::full(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
