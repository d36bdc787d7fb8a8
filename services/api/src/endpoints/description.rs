//! `GET /openapi.json`: the description of the API for programs (OpenAPI 3.1).

use http::{HeaderValue, header};
use kit::Response;

const DESCRIPTION: &str = include_str!("../../openapi.json");

/// The description.
pub(crate) fn description() -> Response {
    let mut response = Response::new(kit::full(DESCRIPTION));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
