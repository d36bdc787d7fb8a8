//! One request: checked, admitted, handled by the service, and given a response whatever happens.

use super::{
    context::{ConnectionContext, ListenerContext},
    frame_rest::FrameRest,
    request_body::RequestBody,
    request_log::RequestLog,
    response_body::ResponseBody,
};
use crate::{
    Client, Problem, Request, Response, SendRoom, Service,
    errors::{bad_request, internal, method_not_allowed, other_method, overloaded, stopping, url_too_long},
    host,
    request_id::X_REQUEST_ID,
};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use std::{
    convert::Infallible,
    future::poll_fn,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
};

/// Bytes of a request target; more is 414.
const TARGET_LIMIT: usize = 8 * 1024;
/// Seconds after which a client that was refused for overload should try again.
const RETRY_AFTER: u32 = 1;
/// The methods of `OPTIONS *`, and of a target that is no resource.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// What the requests of a connection share: its listener and itself.
pub(super) type Contexts<S> = (Arc<ListenerContext<S>>, Arc<ConnectionContext>);

/// Responds to `request`. What needs no waiting is done at once, so that the future, one for each request, is small.
pub(super) fn respond<S: Service>(
    contexts: Arc<Contexts<S>>,
    request: hyper::Request<Incoming>,
) -> impl Future<Output = Result<http::Response<ResponseBody>, Infallible>> + Send + use<S> {
    let (listener, client) = &*contexts;
    let sender = sender(listener, client, request.headers());
    let has_body = !request.body().is_end_stream();
    let body_permit = has_body.then(|| listener.body_permits.of(sender.key()).try_acquire());
    let no_body_permit = matches!(body_permit, Some(None));
    let mut request = request.map(|body| match body_permit {
        Some(permit) => {
            let client = Arc::clone(client);
            crate::boxed(RequestBody { body, client, permit, ended: false })
        }
        None => crate::empty(),
    });
    let trace = listener.traces.begin(request.headers(), client.is_trusted_proxy);
    let mut log =
        RequestLog::begin(Arc::clone(client), sender, trace, &request, listener.settings.log.access);
    // After a chunked body the connection is closed, which RFC 9112, section 6.1, demands in fewer cases: another reader of
    // it might disagree on where the next request begins.
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let has_two_lengths = log.http1 && client.raw_head.has_two_lengths(chunked);
    let checked = check(listener, has_two_lengths, chunked, &request);
    let malformed = checked.as_ref().is_err_and(|problem| problem.status == StatusCode::BAD_REQUEST);
    // Boxed: it is rare, and would make the future below larger.
    let refused = match checked {
        Err(problem) => Some(Box::new(listener.service.refuse(problem))),
        // `OPTIONS *` asks for the methods of the whole server.
        Ok(()) => (request.uri().path() == "*").then(|| Box::new(other_method(request.method(), METHODS))),
    };
    if has_body {
        let http1 = request.version() < Version::HTTP_2;
        let room = SendRoom::new(&client.send_queue, sender.key(), &client.timer.cut_off, http1);
        request.extensions_mut().insert(room);
    }
    if refused.is_none() && !no_body_permit {
        *log.context.permit() = if client.is_trusted_proxy {
            listener.permits.of(sender.key()).try_acquire()
        } else {
            client.permits.try_acquire()
        };
    }
    async move {
        let listener = &*contexts.0;
        let handled = if log.context.permit().is_some() {
            let handling = listener.service.handle(&mut request, &mut log.context);
            // Passed pinned: each move of a future into another adds its size to that of this one.
            handled(listener, &log.client, pin!(AssertUnwindSafe(handling).catch_unwind())).await
        } else {
            let overloaded = || listener.service.refuse(overloaded(RETRY_AFTER));
            Ok(refused.map_or_else(overloaded, |refused| *refused))
        };
        let mut response = handled.unwrap_or_else(|_| {
            tracing::error!(request_id = log.context.id.as_str(), "a handler panicked");
            listener.service.refuse(internal())
        });
        let rest = FrameRest::of_whole(response.body_mut(), &log).unwrap_or_else(|| {
            listener.no_memory.inc();
            response = listener.service.refuse(overloaded(RETRY_AFTER));
            FrameRest::none()
        });
        if log.http1 && (malformed || chunked || listener.draining.load(Relaxed)) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        listener.service.finish(&mut response);
        response.headers_mut().insert(X_REQUEST_ID, log.context.id.header_value());
        log.responded(&mut response);
        if log.head {
            response = without_body(response);
        }
        Ok(response.map(|body| ResponseBody::new(body, rest, log)))
    }
}

/// The client that sent a request with these headers, through a trusted proxy or itself.
fn sender<S>(listener: &ListenerContext<S>, connection: &ConnectionContext, headers: &HeaderMap) -> Client {
    let peer = connection.proxy_or_client;
    if !connection.is_trusted_proxy {
        return peer;
    }
    listener.settings.trusted_proxies.client(peer, headers)
}

/// Refuses requests that no service should see.
fn check<S>(
    listener: &ListenerContext<S>,
    has_two_lengths: bool,
    chunked: bool,
    request: &Request,
) -> Result<(), Problem> {
    if has_two_lengths {
        return Err(bad_request("The body has two lengths."));
    }
    if chunked && request.version() < Version::HTTP_2 && !has_only_chunked_coding(request.headers()) {
        return Err(bad_request("The transfer coding is not chunked alone."));
    }
    host::check(request.version(), request.uri(), request.headers()).map_err(bad_request)?;
    if let Some(rule) = &listener.settings.host_rule {
        rule.check(request.uri(), request.headers())?;
    }
    match request.uri().path_and_query().map(http::uri::PathAndQuery::as_str) {
        _ if request.method() == Method::CONNECT => Err(method_not_allowed(METHODS)),
        Some(target) if target.len() > TARGET_LIMIT => Err(url_too_long(TARGET_LIMIT)),
        Some("*") if request.method() == Method::OPTIONS => Ok(()),
        Some(target) if target.starts_with('/') => Ok(()),
        _ => Err(bad_request("The request target is not a path.")),
    }
}

/// Whether the body has no transfer coding but `chunked`, and that once. hyper checks that it is the last one.
fn has_only_chunked_coding(headers: &HeaderMap) -> bool {
    let mut fields = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (fields.next(), fields.next()) {
        (None, _) => true,
        (Some(codings), None) => codings.as_bytes().eq_ignore_ascii_case(b"chunked"),
        _ => false,
    }
}

/// The service's response, or its panic. What that leaves half-done belongs to this request, which ends here.
async fn handled<S: Service>(
    listener: &ListenerContext<S>,
    client: &ConnectionContext,
    mut handling: Pin<&mut impl Future<Output = std::thread::Result<Response>>>,
) -> std::thread::Result<Response> {
    // Most requests need not wait for anything; the timer need not know of these.
    if let Poll::Ready(handled) = poll_fn(|context| Poll::Ready(handling.as_mut().poll(context))).await {
        return handled;
    }
    let _work = client.timer.work();
    tokio::select! {
        biased;
        handled = handling => handled,
        () = listener.give_up.cancelled() => Ok(listener.service.refuse(stopping(RETRY_AFTER))),
    }
}

/// The response to HEAD: as to GET, with its length and without its body (RFC 9110, section 9.3.2). A 204 has no
/// `Content-Length`, and that of a 304 would be the one of the 200 (section 8.6), which is not known here.
fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let has_length = !matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if let Some(length) = body.size_hint().exact().filter(|_| has_length) {
        head.headers.entry(header::CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    Response::from_parts(head, crate::empty())
}
