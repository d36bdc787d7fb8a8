//! One request and its answer: begun when its header is whole, over when the last byte is handed to the socket.

use super::{activity::Activity, client::Client, target::public, unsent::Claim};
use crate::{CacheOutcome, Request, RequestId, Response, Route};
use bytes::Bytes;
use http::{Method, Version};
use std::{sync::Arc, time::Instant};

/// What is to be said of an exchange at its end; saying it is its drop, so that none goes unsaid.
pub(super) struct Exchange {
    pub(super) id: RequestId,
    /// Whether it came by HTTP/1.
    pub(super) http1: bool,
    /// Whether it is answered without a body.
    pub(super) head: bool,
    begun: Instant,
    client: Arc<Client>,
    /// Nothing when the access log is off.
    line: Option<Box<Line>>,
    method: &'static str,
    route: &'static str,
    /// 0 as long as there is none.
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

impl Exchange {
    pub(super) fn begin(client: Arc<Client>, request: &Request) -> Self {
        client.request_begins();
        Self {
            id: RequestId::of(request.headers()),
            http1: request.version() < Version::HTTP_2,
            head: request.method() == Method::HEAD,
            begun: Instant::now(),
            client,
            line: None,
            method: name(request.method()),
            route: "none",
            status: 0,
            bytes: 0,
            complete: false,
        }
    }

    /// Has the exchange logged, too.
    pub(super) fn log(&mut self, service: &'static str, request: &Request) {
        let target = request.uri().path_and_query().map_or("*", |target| target.as_str());
        let target =
            if tracing::enabled!(target: "access", tracing::Level::DEBUG) { target } else { public(target) };
        self.line = Some(Box::new(Line { service, target: target.to_owned(), cache: None }));
    }

    /// Takes from the answer's head what is to be said of it.
    pub(super) fn answered(&mut self, response: &Response) {
        self.status = response.status().as_u16();
        self.route = response.extensions().get::<Route>().map_or("none", |route| route.0);
        if let Some(line) = &mut self.line {
            line.cache = response.extensions().get::<CacheOutcome>().map(|outcome| outcome.0);
        }
    }

    pub(super) fn activity(&self) -> &Activity {
        &self.client.activity
    }

    /// Counts `data` of the answer until the result is dropped.
    pub(super) fn hold(&self, data: &Bytes) -> Option<Claim> {
        self.client.unsent.hold(data, &self.client.activity)
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    pub(super) fn broke(&self, error: &crate::BoxError) {
        tracing::warn!(request_id = self.id.as_str(), error, "an answer broke off");
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let now = Instant::now();
        let seconds = now.saturating_duration_since(self.begun).as_secs_f64();
        self.client.activity.request_ends(now);
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

/// A bounded set of names: the method is a label.
fn name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        _ => "other",
    }
}
