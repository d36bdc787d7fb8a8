//! One connection, from its first byte to its last.

use super::{
    activity::Activity,
    body::Outgoing,
    exchange::Exchange,
    host,
    socket::{Protocol, Socket},
};
use crate::{
    Peer, Problem, Request, RequestId, Response, ServerSettings, Service, metrics::Figures, refusal,
    request_id::X_REQUEST_ID,
};
use futures_util::FutureExt;
use http::{HeaderValue, Method, Version, header};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use std::{
    convert::Infallible, net::SocketAddr, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration,
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;

/// Bytes of a request's header, its first line included; more is 431.
const HEADER_LIMIT: usize = 16 * 1024;
/// Bytes of a request target; more is 414.
const TARGET_LIMIT: usize = 8 * 1024;
/// HTTP/2 streams at once on a connection.
const STREAMS: u32 = 100;
/// When draining, how long an idle connection may still bring a request that is on its way.
const LINGER: Duration = Duration::from_millis(500);
/// How long a client that let its turn pass has to take our goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// Seconds until a client that found us overloaded should try again.
const RETRY_AFTER: u32 = 1;

/// What all connections of a listener share.
pub(super) struct Shared<S> {
    service: Arc<S>,
    /// Nothing where requests are not counted: the admin listener.
    figures: Option<Arc<Figures>>,
    settings: ServerSettings,
    access_log: bool,
    connections: usize,
    in_work: Semaphore,
}

impl<S: Service> Shared<S> {
    pub(super) fn service(service: Arc<S>, figures: Arc<Figures>, settings: &ServerSettings) -> Arc<Self> {
        Arc::new(Self {
            service,
            figures: Some(figures),
            access_log: settings.log.access,
            connections: settings.limits.connections.min(Semaphore::MAX_PERMITS),
            in_work: Semaphore::new(settings.limits.requests.min(Semaphore::MAX_PERMITS)),
            settings: settings.clone(),
        })
    }

    /// A listener that operators use: few connections, no lines, no figures of its own.
    pub(super) fn admin(service: S, settings: &ServerSettings) -> Arc<Self> {
        Arc::new(Self {
            service: Arc::new(service),
            figures: None,
            access_log: false,
            connections: 64,
            in_work: Semaphore::new(64),
            settings: settings.clone(),
        })
    }

    pub(super) fn connections(&self) -> usize {
        self.connections
    }
}

/// A client.
struct Client {
    peer: SocketAddr,
    activity: Arc<Activity>,
    stop: CancellationToken,
}

/// Serves `stream` to its end, holding `place` until then.
pub(super) async fn serve<S: Service>(
    shared: Arc<Shared<S>>,
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    stop: CancellationToken,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    let _ = stream.set_nodelay(true);
    let counted = shared.figures.as_ref().map(|figures| figures.connection());
    let activity = Arc::new(Activity::new());
    let limits = &shared.settings.limits;
    let opened = tokio::select! {
        opened = Socket::open(stream, Arc::clone(&activity)) => opened,
        () = patience(&activity, limits.header_timeout, limits.stall_timeout, &stop) => return,
    };
    let Ok((socket, protocol)) = opened else { return };
    let client = Arc::new(Client { peer, activity: Arc::clone(&activity), stop: stop.clone() });
    let answer = {
        let shared = Arc::clone(&shared);
        service_fn(move |request| {
            let (shared, client) = (Arc::clone(&shared), Arc::clone(&client));
            async move { Ok::<_, Infallible>(answer(&shared, &client, request).await) }
        })
    };
    let socket = TokioIo::new(socket);
    let ended = match protocol {
        Protocol::Http1 => {
            // The header's deadline is ours: hyper's begins anew with its first byte, and covers neither HTTP/2 nor bodies.
            let connection = conn::http1::Builder::new()
                .header_read_timeout(None)
                .half_close(true)
                .max_header_size(HEADER_LIMIT)
                .pipeline_flush(true)
                .timer(TokioTimer::new())
                .serve_connection(socket, answer);
            drive(connection, protocol, &activity, limits, &stop).await
        }
        Protocol::Http2 => {
            let header_limit = u32::try_from(HEADER_LIMIT).unwrap_or(u32::MAX);
            let connection = conn::http2::Builder::new(TokioExecutor::new())
                .max_concurrent_streams(STREAMS)
                .max_header_list_size(header_limit)
                .max_pending_accept_reset_streams(20)
                .keep_alive_interval(Duration::from_secs(20))
                .keep_alive_timeout(Duration::from_secs(10))
                .timer(TokioTimer::new())
                .serve_connection(socket, answer);
            drive(connection, protocol, &activity, limits, &stop).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke");
    }
    drop((counted, place));
}

/// Runs `connection` until it ends, its client lets its turn pass, or the drain closes it.
async fn drive<C: GracefulConnection>(
    connection: C,
    protocol: Protocol,
    activity: &Activity,
    limits: &crate::Limits,
    stop: &CancellationToken,
) -> Result<(), C::Error> {
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended,
        () = patience(activity, limits.header_timeout, limits.stall_timeout, stop), if protocol == Protocol::Http1 => {}
        () = activity.overdue(limits.header_timeout, limits.stall_timeout), if protocol == Protocol::Http2 => {}
        () = stop.cancelled(), if protocol == Protocol::Http2 => {
            // HTTP/2 has words for it: GOAWAY lets what is in flight finish.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => return ended,
                () = activity.overdue(limits.header_timeout, limits.stall_timeout) => {}
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    tokio::time::timeout(GOODBYE, connection).await.unwrap_or(Ok(()))
}

/// Resolves when an HTTP/1 client's time is over: much earlier when draining, but never while a request that was
/// sent before it could know may be on its way.
async fn patience(activity: &Activity, header: Duration, stall: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = activity.overdue(header, stall) => return,
        () = stop.cancelled() => {}
    }
    activity.touch();
    activity.overdue(LINGER.min(header), stall).await;
}

/// Answers one request, whatever the service does.
async fn answer<S: Service>(
    shared: &Shared<S>,
    client: &Client,
    request: hyper::Request<Incoming>,
) -> http::Response<Outgoing> {
    let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    let (version, head) = (request.version(), request.method() == Method::HEAD);
    let mut exchange =
        Exchange::begin(Arc::clone(&client.activity), shared.figures.clone(), request.method());
    let id = RequestId::of(request.headers());
    if shared.access_log {
        exchange.log(shared.settings.name, id.clone(), client.peer, &request);
    }
    let refused = check(&request).err();
    let last = refused.is_some();
    let mut response = if let Some(problem) = refused {
        shared.service.refuse(problem)
    } else {
        request.extensions_mut().insert(id.clone());
        request.extensions_mut().insert(Peer(client.peer));
        handle(shared, &client.activity, request, &id).await
    };
    if version < Version::HTTP_2 && (last || client.stop.is_cancelled()) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.headers_mut().insert(X_REQUEST_ID, id.header_value());
    exchange.answered(&response);
    if head {
        response = without_body(response);
    }
    response.map(|body| {
        use http_body::Body as _;
        if body.is_end_stream() {
            exchange.complete();
        }
        Outgoing::new(body, exchange)
    })
}

/// What is refused before any service sees it.
fn check(request: &Request) -> Result<(), Problem> {
    host::check(request.version(), request.uri(), request.headers()).map_err(refusal::bad_request)?;
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > TARGET_LIMIT { Err(refusal::url_too_long(TARGET_LIMIT)) } else { Ok(()) }
}

async fn handle<S: Service>(
    shared: &Shared<S>,
    activity: &Arc<Activity>,
    request: Request,
    id: &RequestId,
) -> Response {
    let Ok(_place) = shared.in_work.try_acquire() else {
        return shared.service.refuse(refusal::overloaded(RETRY_AFTER));
    };
    let _work = Work::begin(activity);
    let handled = AssertUnwindSafe(async { shared.service.handle(request).await }).catch_unwind().await;
    handled.unwrap_or_else(|_| {
        tracing::error!(request_id = id.as_str(), "a handler panicked");
        shared.service.refuse(refusal::internal())
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
    use http_body::Body as _;
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(header::CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    Response::from_parts(head, crate::empty())
}
