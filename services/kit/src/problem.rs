//! Errors as responses: problem details (RFC 9457).

use crate::{Response, full};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};

/// The stable code of an error: an extension of a response, for the access log. A response that is streamed may have it
/// [set](Self::set) later than its head is sent. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct ErrorCode(Arc<OnceLock<&'static str>>);

impl ErrorCode {
    /// This code.
    pub fn new(code: &'static str) -> Self {
        Self(Arc::new(OnceLock::from(code)))
    }

    /// Sets the code, unless there is one.
    pub fn set(&self, code: &'static str) {
        let _ = self.0.set(code);
    }

    /// The code; `None` if the response is no error, as far as is known.
    pub fn get(&self) -> Option<&'static str> {
        self.0.get().copied()
    }
}

/// An error for the client: a stable code, a status and a text, without the cause.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// The stable code.
    pub code: &'static str,
    /// The same text for all problems of this code.
    pub title: &'static str,
    /// The explanation of this occurrence.
    pub detail: String,
    members: Map<String, Value>,
    /// Header fields of the response, such as `Retry-After` or `Allow`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of the type `code`; `title` is the same for all problems of that type.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, detail: String::new(), members: Map::new(), headers: Vec::new() }
    }

    /// Sets the explanation of this occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds an extension member (RFC 9457, section 3.2).
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header field of the response, such as `Retry-After` or `Allow`.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The response: `application/problem+json`, `Cache-Control: no-store`, with its [`ErrorCode`] for the log. Its `type`
    /// is the relative reference `/problems/<code>`, which the service may answer with an explanation.
    pub fn into_response(self) -> Response {
        let mut body = Map::new();
        body.insert("type".into(), format!("/problems/{}", self.code).into());
        body.insert("title".into(), self.title.into());
        body.insert("status".into(), self.status.as_u16().into());
        body.insert("detail".into(), self.detail.into());
        body.insert("code".into(), self.code.into());
        body.extend(self.members);
        let mut response = Response::new(full(Value::Object(body).to_string() + "\n"));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.extend(self.headers);
        response.extensions_mut().insert(ErrorCode::new(self.code));
        response
    }
}
