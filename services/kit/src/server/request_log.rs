//! Log record and metrics of one request. Written on drop, so cancelled requests are logged too.

use super::{context::Client, send_queue::QueuedReader, timer::ConnectionTimer};
use crate::{CacheOutcome, Request, RequestId, Response, Route};
use bytes::Bytes;
use http::{Method, Version};
use std::{sync::Arc, time::Instant};

/// A request and its response, from its complete header until all of the response was handed to hyper.
pub(super) struct RequestLog {
    pub(super) id: RequestId,
    pub(super) http1: bool,
    /// Whether the method is HEAD.
    pub(super) head: bool,
    begun: Instant,
    client: Arc<Client>,
    /// `None` when the access log is off.
    line: Option<Box<Line>>,
    method: &'static str,
    route: &'static str,
    /// 0 before there is a response.
    status: u16,
    bytes: u64,
    complete: bool,
}

/// What only the access log needs.
struct Line {
    service: &'static str,
    target: String,
    cache: Option<&'static str>,
}

impl RequestLog {
    pub(super) fn begin(client: Arc<Client>, request: &Request) -> Self {
        let http1 = request.version() < Version::HTTP_2;
        client.request_begins(!http1);
        Self {
            id: RequestId::of(request.headers()),
            http1,
            head: request.method() == Method::HEAD,
            begun: Instant::now(),
            client,
            line: None,
            method: label(request.method()),
            route: "none",
            status: 0,
            bytes: 0,
            complete: false,
        }
    }

    /// Adds the request to the access log.
    pub(super) fn enable(&mut self, service: &'static str, request: &Request) {
        let target = request.uri().path_and_query().map_or("*", |target| target.as_str());
        let target = if tracing::enabled!(target: "access", tracing::Level::DEBUG) {
            target
        } else {
            redacted(target)
        };
        self.line = Some(Box::new(Line { service, target: target.to_owned(), cache: None }));
    }

    /// Takes what is logged from the response's head.
    pub(super) fn responded(&mut self, response: &Response) {
        self.status = response.status().as_u16();
        self.route = response.extensions().get::<Route>().map_or("none", |route| route.0);
        if let Some(line) = &mut self.line {
            line.cache = response.extensions().get::<CacheOutcome>().map(|outcome| outcome.0);
        }
    }

    pub(super) fn timer(&self) -> &ConnectionTimer {
        &self.client.timer
    }

    /// Counts `data` of the response against the memory for responses until the result is dropped.
    pub(super) fn queue(&self, data: &Bytes) -> Option<QueuedReader> {
        self.client.send_queue.push(data, &self.client.timer)
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    pub(super) fn broke_off(&self, error: &crate::BoxError) {
        tracing::warn!(request_id = self.id.as_str(), error, "an answer broke off");
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.client.request_ends(self.method, self.route, self.status, seconds);
        let Some(line) = &self.line else { return };
        tracing::info!(
            target: "access",
            service = line.service,
            method = self.method,
            route = self.route,
            uri = line.target,
            status = (self.status > 0).then_some(self.status),
            duration_ms = (seconds * 1e6).round() / 1e3,
            bytes = self.bytes,
            cache = line.cache,
            request_id = self.id.as_str(),
            peer = %self.client.peer,
            aborted = (!self.complete).then_some(true),
            "request"
        );
    }
}

/// The method as a label, of which there may be few.
fn label(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// The part of a request target that holds no secret: it ends before the query or fragment, those of a URL in its path
/// included, and before the userinfo of such a URL.
fn redacted(target: &str) -> &str {
    let before = |text: &'static [&str]| {
        let bytes = target.as_bytes();
        (0..bytes.len()).find(|at| prefix(&bytes[*at..], text).is_some())
    };
    let mut end = before(&["?", "%3f", "#", "%23"]).unwrap_or(target.len());
    let bytes = &target.as_bytes()[..end];
    // After the scheme come one slash or more, then the authority, up to the next slash.
    if let Some(colon) = before(&[":/", ":%2f", "%3a/", "%3a%2f"]).filter(|colon| *colon < end) {
        let mut start = colon + prefix(&bytes[colon..], &[":", "%3a"]).unwrap_or(1);
        while let Some(slash) = prefix(&bytes[start..], &["/", "%2f"]) {
            start += slash;
        }
        let mut authority = (start..end).take_while(|at| prefix(&bytes[*at..], &["/", "%2f"]).is_none());
        if authority.any(|at| prefix(&bytes[at..], &["@", "%40"]).is_some()) {
            end = start;
        }
    }
    &target[..end]
}

/// The length of the first of `texts` that `bytes` start with, in any case.
fn prefix(bytes: &[u8], texts: &[&str]) -> Option<usize> {
    let fits = |text: &&&str| {
        bytes.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
    };
    texts.iter().find(fits).map(|text| text.len())
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn queries_and_fragments_are_left_out() {
        assert_eq!(redacted("/a/b"), "/a/b");
        assert_eq!(redacted("/a?token=x"), "/a");
        assert_eq!(redacted("/a/https%3A%2F%2Fe%2F%3Ftoken%3Dx"), "/a/https%3A%2F%2Fe%2F");
        assert_eq!(redacted("/a/%3ftoken?x"), "/a/");
        assert_eq!(redacted("/a/https%3A%2F%2Fe%2F%23token"), "/a/https%3A%2F%2Fe%2F");
    }

    #[test]
    fn userinfo_is_left_out() {
        assert_eq!(redacted("/a/http://user:secret@e/b"), "/a/http://");
        assert_eq!(redacted("/a/http:/secret@e"), "/a/http:/");
        assert_eq!(redacted("/a/https%3a%2F%2fuser%3Asecret%40e%2Fb?c"), "/a/https%3a%2F%2f");
        assert_eq!(redacted("/a/http://e/@b:/c@d"), "/a/http://e/@b:/c@d");
        assert_eq!(redacted("/a/http://e?@"), "/a/http://e");
        assert_eq!(redacted("/@a:b"), "/@a:b");
        assert_eq!(redacted("/é:/é@é"), "/é:/");
    }
}
