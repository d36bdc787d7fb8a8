//! What requests can see of their listener and of their connection.

use super::{raw_head::RawHead, timer::ConnectionTimer};
use crate::{
    Client, Limits, ServerSettings, Service,
    metrics::{RefusalReason, RequestRefusals, Series, ServerMetrics},
    request_permits::{ClientPermits, RequestPermits},
    send_queue::{SEND_BUFFER, SendQueue},
    trace::TraceExporter,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
};
use prometheus_client::metrics::counter::Counter;
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Bytes of a request's header, its first line included; more is 431.
const HEADER_LIMIT: u16 = 16 * 1024;
/// How long a connection stays with hyper without a request.
const IDLE: Duration = Duration::from_millis(100);
/// The part of `limits.stall_timeout` after which a client that takes nothing may be cut off, if others need the memory.
const STALLED: u32 = 6;
/// HTTP/2 streams at once on a connection.
const STREAMS: u32 = 100;

/// What all connections of a listener share.
pub(super) struct ListenerContext<S> {
    pub(super) service: Arc<S>,
    pub(super) metrics: Arc<ServerMetrics>,
    pub(super) settings: ServerSettings,
    pub(super) traces: TraceExporter,
    pub(super) http1: http1::Builder,
    /// For HTTP/2, and for HTTP/1 that cannot be told from it by its first bytes.
    pub(super) http: auto::Builder<TokioExecutor>,
    /// Requests at once.
    pub(super) permits: Arc<RequestPermits>,
    /// Requests with bodies have a smaller semaphore of their own, so slow uploads cannot use up the permits of GETs.
    pub(super) body_permits: Arc<RequestPermits>,
    pub(super) send_queue: Arc<SendQueue>,
    /// Counts the requests that are refused because the send queue is full.
    pub(super) no_memory: Counter,
    pub(super) stop: CancellationToken,
    /// The grace is nearly over: requests without a response get 503.
    pub(super) give_up: CancellationToken,
    /// The same as `stop` without its lock, as every request reads it.
    pub(super) draining: AtomicBool,
}

impl<S: Service> ListenerContext<S> {
    pub(super) fn new(service: Arc<S>, settings: ServerSettings, traces: TraceExporter) -> Arc<Self> {
        let mut http1 = http1::Builder::new();
        http1.half_close(true).max_buf_size(HEADER_LIMIT.into());
        let Limits { requests, per_client, .. } = settings.limits;
        let refusals = RequestRefusals::default();
        let permits = |most, reason| RequestPermits::new(most, per_client, refusals.of_permits(reason));
        let permits_of_all = permits(requests, RefusalReason::Requests);
        let body_permits = permits(requests.div_ceil(2), RefusalReason::Bodies);
        let stalled = settings.limits.stall_timeout / STALLED;
        let send_queue = Arc::new(SendQueue::new(settings.send_queue, per_client, stalled));
        let metrics = ServerMetrics::new(&settings, |metrics| {
            refusals.register(metrics);
            let help = "Requests that count towards limits.requests";
            metrics.permits("http_requests_active", help, permits_of_all.all(), requests);
            let help = "Requests whose bodies are being received";
            metrics.permits("http_requests_receiving", help, body_permits.all(), requests.div_ceil(2));
            let help = "Requests that only wait for the fetch of another one";
            metrics.permits("http_requests_waiting", help, permits_of_all.waiting(), requests);
            let queue = Arc::clone(&send_queue);
            metrics.memory("send_queue", settings.send_queue, move || queue.bytes());
            service.register(metrics);
        });
        Arc::new(Self {
            service,
            metrics,
            settings,
            traces,
            http1,
            http: http(),
            permits: permits_of_all,
            body_permits,
            send_queue,
            no_memory: refusals.counter(RefusalReason::Memory),
            stop: CancellationToken::new(),
            give_up: CancellationToken::new(),
            draining: AtomicBool::new(false),
        })
    }

    /// Accepts no more connections and closes those that are open, once their requests are answered.
    pub(super) fn drain(&self) {
        self.draining.store(true, Relaxed);
        self.stop.cancel();
    }
}

fn http() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().half_close(true).max_buf_size(HEADER_LIMIT.into());
    builder
        .http2()
        .initial_connection_window_size(128 * 1024)
        .initial_stream_window_size(64 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_LIMIT.into())
        .max_send_buf_size(SEND_BUFFER)
        .timer(TokioTimer::new());
    builder
}

/// What the socket and all requests of a connection share.
pub(super) struct ConnectionContext {
    pub(super) peer: SocketAddr,
    /// The address of the peer, or that of the client that it named by the PROXY protocol.
    pub(super) proxy_or_client: Client,
    /// Whether that is a proxy that is believed when it reports the client of a request.
    pub(super) is_trusted_proxy: bool,
    pub(super) service: &'static str,
    /// [`Service::route_at`] of the service.
    pub(super) route_at: fn(&str) -> Option<&'static str>,
    /// The listener's permits as the peer may hold them.
    pub(super) permits: Arc<ClientPermits>,
    pub(super) timer: Arc<ConnectionTimer>,
    pub(super) raw_head: RawHead,
    /// Whether a request's body was not read to its end: more of it may come.
    pub(super) body_unread: AtomicBool,
    pub(super) send_queue: Arc<SendQueue>,
    pub(super) metrics: Arc<ServerMetrics>,
    /// Where its last request was counted.
    pub(super) series: Mutex<Option<Series>>,
}

impl ConnectionContext {
    /// Resolves when nothing is in flight or half received, nor was for a while.
    pub(super) async fn idle(&self) {
        // Many clients ask once; those that ask more are looked at less often.
        let mut pause = IDLE;
        loop {
            tokio::time::sleep(pause).await;
            let received = !self.raw_head.is_empty() || self.body_unread.load(Relaxed);
            if !received && self.timer.is_idle_for(IDLE) {
                return;
            }
            pause = 10 * IDLE;
        }
    }
}
