//! The endpoints with fixed texts: the usage at `GET /`, the OpenAPI description at `GET /openapi.json`, and the
//! explanation of an error code at `GET /problems/<code>`.

use crate::problem_types::ProblemType;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use kit::{Response, StaticFile};
use std::sync::LazyLock;

const USAGE: &str = include_str!("../usage.txt");

pub(crate) fn usage() -> Response {
    document("text/plain; charset=utf-8", USAGE)
}

/// The description, or 304 if the client has it.
pub(crate) fn description(headers: &HeaderMap) -> Response {
    static DESCRIPTION: LazyLock<StaticFile> =
        LazyLock::new(|| StaticFile::new("application/json", include_bytes!("../openapi.json")));
    DESCRIPTION.respond(headers, "no-cache")
}

pub(crate) fn problem_type(kind: &ProblemType) -> Response {
    document("text/plain; charset=utf-8", kind.to_string())
}

fn document(media_type: &'static str, text: impl Into<Bytes>) -> Response {
    let mut response = Response::new(kit::full(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
