//! A plain HTTP client.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy, rt::TokioExecutor};
use serde_json::Value;

type Http = legacy::Client<legacy::connect::HttpConnector, Full<Bytes>>;

/// Sends requests; does not follow redirects.
#[derive(Clone, Debug)]
pub struct Client(Http);

/// A response with its whole body.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Default for Client {
    fn default() -> Self {
        Self(legacy::Client::builder(TokioExecutor::new()).build_http())
    }
}

impl Client {
    /// The answer to `GET url`.
    pub async fn get(&self, url: &str) -> Answer {
        self.send(Request::get(url).body(Full::default()).expect("a URL")).await
    }

    /// The answer to `GET url` with one additional header field.
    pub async fn get_with(&self, url: &str, name: &str, value: &str) -> Answer {
        self.send(Request::get(url).header(name, value).body(Full::default()).expect("a URL")).await
    }

    /// The answer to a request without a body.
    pub async fn call(&self, method: Method, url: &str) -> Answer {
        self.send(Request::builder().method(method).uri(url).body(Full::default()).expect("a URL")).await
    }

    /// The answer to any request.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = crate::within("an answer", self.0.request(request)).await.expect("an answer");
        let (head, body) = response.into_parts();
        let body = crate::within("a body", body.collect()).await.expect("a whole body").to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }
}

impl Answer {
    /// A header field's value; empty if the field is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable value"))
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}
