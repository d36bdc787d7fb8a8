//! Marks the connection busy during one request; on drop, which a cancelled request reaches too, counts and logs it.

use super::context::ConnectionContext;
use crate::{
    Client, ErrorCode, Request, RequestContext, RequestId, Response, Trace, redacted,
    send_queue::{CountsItself, SMALL, SMALL_HTTP2},
};
use http::{Method, Version};
use std::{
    sync::{Arc, PoisonError},
    time::Instant,
};

/// A request and its response, from its complete header until all of the response was handed to hyper.
pub(super) struct RequestLog {
    pub(super) context: RequestContext,
    pub(super) http1: bool,
    pub(super) head: bool,
    pub(super) client: Arc<ConnectionContext>,
    /// Bytes of the response's body handed to hyper.
    pub(super) bytes: u64,
    /// Whether that was all of it.
    pub(super) complete: bool,
    /// Bytes of a frame of the body that need not be counted.
    pub(super) small: usize,
    begun: Instant,
    /// The target as logged; `None` when the access log is off.
    target: Option<String>,
    code: Option<ErrorCode>,
    method: &'static str,
    /// 0 before there is a response.
    status: u16,
}

impl RequestLog {
    /// Begins with a complete header; `access` says whether it goes to the access log. Boxed, as it is handed on often.
    pub(super) fn begin(
        client: Arc<ConnectionContext>,
        sender: Client,
        trace: Trace,
        request: &Request,
        access: bool,
    ) -> Box<Self> {
        let target = || {
            let target = request.uri().path_and_query().map_or("*", |target| target.as_str());
            // Queries may hold secrets.
            let debug = tracing::enabled!(target: "access", tracing::Level::DEBUG);
            if debug { target } else { redacted(target) }.to_owned()
        };
        let http1 = request.version() < Version::HTTP_2;
        client.timer.request_begins(!http1);
        client.metrics.in_flight.inc();
        Box::new(Self {
            context: RequestContext::new(sender, RequestId::of(request.headers()), trace),
            http1,
            head: request.method() == Method::HEAD,
            client,
            bytes: 0,
            complete: false,
            small: if http1 { SMALL } else { SMALL_HTTP2 },
            begun: Instant::now(),
            target: (access && tracing::enabled!(target: "access", tracing::Level::INFO)).then(target),
            code: None,
            method: label(request.method()),
            status: 0,
        })
    }

    /// Takes what is logged from the response's head.
    pub(super) fn responded(&mut self, response: &mut Response) {
        self.status = response.status().as_u16();
        if response.extensions().get::<CountsItself>().is_some() {
            self.small = usize::MAX;
        }
        self.code = response.extensions_mut().remove();
    }

    /// The route; `none` of a request without a response whose target was not kept for the log.
    fn route(&self) -> &'static str {
        let of_target = || self.target.as_deref().and_then(self.client.route_at);
        self.context.route.or_else(of_target).unwrap_or("none")
    }

    /// Ends the span, named and described as OpenTelemetry's conventions for HTTP servers say.
    fn end_span(&self, route: &'static str) {
        let (method, status) = (self.method, self.status);
        self.context.trace.set("http.request.method", || method);
        self.context.trace.set("http.route", || route);
        self.context.trace.set("http.response.status_code", || i64::from(status));
        self.context.trace.set("http.response.body.size", || i64::try_from(self.bytes).unwrap_or(i64::MAX));
        self.context.trace.set("client.address", || self.context.client.to_string());
        self.context.trace.set("linkextractor.request_id", || self.context.id.as_str().to_owned());
        if let Some(cache) = self.context.cache {
            self.context.trace.set("linkextractor.cache", || cache);
        }
        if status >= 500 {
            self.context.trace.fail(status.to_string());
        } else if !self.complete {
            self.context.trace.fail("aborted");
        }
        self.context.trace.end(|| format!("{method} {route}"));
    }

    fn count(&self, route: &'static str, seconds: f64) {
        let metrics = &self.client.metrics;
        metrics.in_flight.dec();
        let (method, status) = (self.method, self.status);
        let mut series = self.client.series.lock().unwrap_or_else(PoisonError::into_inner);
        match &*series {
            Some(series) if series.is(method, route, status) => series.observe(seconds),
            _ => series.insert(metrics.series(method, route, status)).observe(seconds),
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let now = Instant::now();
        let seconds = now.duration_since(self.begun).as_secs_f64();
        self.client.timer.request_ends(now);
        let route = self.route();
        self.count(route, seconds);
        if self.context.trace.is_recorded() {
            self.end_span(route);
        }
        let Some(target) = &self.target else { return };
        tracing::info!(
            target: "access",
            service = self.client.service,
            method = self.method,
            route,
            uri = target,
            page = self.context.requested_url.as_deref().map(redacted),
            status = (self.status > 0).then_some(self.status),
            code = self.code.as_ref().and_then(ErrorCode::get),
            duration_ms = (seconds * 1e6).round() / 1e3,
            bytes = self.bytes,
            cache = self.context.cache,
            request_id = self.context.id.as_str(),
            trace_id = self.context.trace.id(),
            client = %self.context.client,
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
