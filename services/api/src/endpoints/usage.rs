//! `GET /`: the usage.

use http::{HeaderValue, header};
use kit::Response;

const USAGE: &str = "\
Usage: http://<hostname>[:<prt>]/api/<url>

GET  /api/<url>               the links of the page at <url>, as JSON
GET  /api?url=<url-encoded>   the same, for clients that cannot send a URL in a path
POST /api                     the links of many pages: URLs, one a line, in; NDJSON out
GET  /openapi.json            all of this, for programs
GET  /problems/<code>         what an error code means, and what to do

Accept chooses the form: application/json, text/csv, text/markdown, text/plain.
";

/// The usage, as plain text.
pub(crate) fn usage() -> Response {
    let mut response = Response::new(kit::full(USAGE));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
