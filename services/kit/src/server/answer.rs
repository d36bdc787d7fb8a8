//! One request answered, whatever the client sent and whatever the service does.

use super::{
    activity::Activity, body::Outgoing, client::Client, exchange::Exchange, inbound::Inbound, panics,
    place::Place, shared::Shared, wire::Wire,
};
use crate::{
    Peer, Request, Response, Service,
    errors::{bad_request, internal, method_not_allowed, other_method, overloaded, stopping, url_too_long},
    host,
    request_id::X_REQUEST_ID,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::{convert::Infallible, pin::pin, sync::Arc};

/// Bytes of a request target; more is 414.
const TARGET_LIMIT: usize = 8 * 1024;
/// Seconds until a client that found us overloaded should try again.
const RETRY_AFTER: u32 = 1;
/// What any server can be asked for, of no resource in particular.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// Answers `request`: what needs no waiting at once, so that the future, which is made for each request, is small.
pub(super) fn answer<S: Service>(
    shared: Arc<Shared<S>>,
    client: &Arc<Client>,
    request: hyper::Request<Incoming>,
) -> impl Future<Output = Result<http::Response<Outgoing>, Infallible>> + Send + use<S> {
    let stall = shared.settings.limits.stall_timeout;
    // Who sends slowly keeps others who send from a place, but nobody else.
    let has_body = !request.body().is_end_stream();
    let receiving = has_body.then(|| Arc::clone(&shared.receiving).try_acquire_owned());
    let crowded = matches!(receiving, Some(Err(_)));
    let mut request = request.map(|body| match receiving {
        Some(place) => Inbound::new(body, Arc::clone(&client.activity), stall, place.ok()).boxed_unsync(),
        None => crate::empty(),
    });
    let mut exchange = Exchange::begin(Arc::clone(client), &request);
    if shared.access_log && tracing::enabled!(target: "access", tracing::Level::INFO) {
        exchange.log(shared.settings.name, &request);
    }
    let refused = refuse(&shared, &client.wire, &request);
    if refused.is_none() {
        request.extensions_mut().insert(exchange.id.clone());
        request.extensions_mut().insert(Peer(client.peer));
    }
    // Boxed, because hyper keeps room for it on idle connections, too.
    Box::pin(async move {
        // What follows a request that cannot be trusted cannot be either.
        let untrusted = refused.as_ref().is_some_and(|answer| answer.status() == StatusCode::BAD_REQUEST);
        let (mut response, place) = match (refused, Arc::clone(&shared.in_work).try_acquire_owned()) {
            (Some(response), _) => (response, Place::None),
            (None, Ok(place)) if !crowded => (handle(&shared, &exchange, request).await, Place::Held(place)),
            (None, _) => (shared.service.refuse(overloaded(RETRY_AFTER)), Place::None),
        };
        if exchange.http1 && (untrusted || shared.is_draining()) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        shared.service.finish(&mut response);
        response.headers_mut().insert(X_REQUEST_ID, exchange.id.header_value());
        exchange.answered(&response);
        if exchange.head {
            response = without_body(response);
        }
        Ok(response.map(|body| Outgoing::new(body, exchange, place)))
    })
}

/// The answer to what no service should see.
fn refuse<S: Service>(shared: &Shared<S>, wire: &Wire, request: &Request) -> Option<Response> {
    let service = &shared.service;
    let http1 = request.version() < Version::HTTP_2;
    if http1 && wire.two_lengths(request.headers()) {
        return Some(service.refuse(bad_request("The body has two lengths.")));
    }
    if http1 && !plainly_coded(request.headers()) {
        return Some(service.refuse(bad_request("The transfer coding is not chunked alone.")));
    }
    if let Err(reason) = host::check(request.version(), request.uri(), request.headers()) {
        return Some(service.refuse(bad_request(reason)));
    }
    let rule = shared.host_rule.as_ref();
    if let Some(Err(problem)) = rule.map(|rule| rule.check(request.uri(), request.headers())) {
        return Some(service.refuse(problem));
    }
    if request.method() == Method::CONNECT {
        return Some(service.refuse(method_not_allowed(METHODS)));
    }
    match request.uri().path_and_query().map(http::uri::PathAndQuery::as_str) {
        Some(target) if target.len() > TARGET_LIMIT => Some(service.refuse(url_too_long(TARGET_LIMIT))),
        Some("*") if request.method() == Method::OPTIONS => Some(other_method(request.method(), METHODS)),
        Some(target) if target.starts_with('/') => None,
        _ => Some(service.refuse(bad_request("The request target is no path."))),
    }
}

/// Whether the body is in no transfer coding but `chunked`, and in that once. hyper sees to it that it is the last.
fn plainly_coded(headers: &HeaderMap) -> bool {
    let mut fields = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (fields.next(), fields.next()) {
        (None, _) => true,
        (Some(codings), None) => codings.as_bytes().eq_ignore_ascii_case(b"chunked"),
        _ => false,
    }
}

async fn handle<S: Service>(shared: &Shared<S>, exchange: &Exchange, request: Request) -> Response {
    let _work = Work::begin(exchange.activity());
    let handling = pin!(shared.service.handle(request));
    let handled = tokio::select! {
        biased;
        handled = panics::contain_all(handling) => handled,
        () = shared.give_up.cancelled() => return shared.service.refuse(stopping(RETRY_AFTER)),
    };
    handled.unwrap_or_else(|| {
        tracing::error!(request_id = exchange.id.as_str(), "a handler panicked");
        shared.service.refuse(internal())
    })
}

/// It is the service's turn until this is dropped.
struct Work<'a>(&'a Activity);

impl<'a> Work<'a> {
    fn begin(activity: &'a Activity) -> Self {
        activity.work_begins();
        Self(activity)
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.0.work_ends();
    }
}

/// The answer to HEAD: as to GET, its body left out and its length kept (RFC 9110, section 9.3.2).
fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(header::CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    Response::from_parts(head, crate::empty())
}
