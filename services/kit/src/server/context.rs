//! What requests can see of their listener and of their connection.

use super::{raw_head::RawHead, send_queue::SendQueue, timer::ConnectionTimer};
use crate::{
    HostRule, ServerSettings, Service, descriptors,
    metrics::{Series, ServerMetrics},
};
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Connections, and requests at once, of an admin listener.
const ADMIN_LIMIT: usize = 64;
/// Bytes of a request's header, its first line included; more is 431.
const HEADER_LIMIT: u16 = 16 * 1024;
/// Bytes of responses that hyper may buffer for an HTTP/2 stream.
const SEND_BUFFER: usize = 64 * 1024;
/// HTTP/2 streams at once on a connection.
const STREAMS: u32 = 100;

/// What all connections of a listener share.
pub(super) struct Listener<S> {
    pub(super) service: Arc<S>,
    /// `None` for the admin listener, whose requests are not counted.
    pub(super) metrics: Option<Arc<ServerMetrics>>,
    pub(super) settings: ServerSettings,
    pub(super) host_rule: Option<HostRule>,
    pub(super) http: Builder<TokioExecutor>,
    pub(super) access_log: bool,
    pub(super) connections: usize,
    /// Requests at once.
    pub(super) permits: Arc<Semaphore>,
    /// Requests with bodies have a smaller semaphore of their own, so slow uploads cannot use up the permits of GETs.
    pub(super) body_permits: Arc<Semaphore>,
    pub(super) send_queue: Arc<SendQueue>,
    pub(super) stop: CancellationToken,
    /// The grace is nearly over: requests without a response get 503.
    pub(super) give_up: CancellationToken,
    /// As `stop`, for each request to read: the token has a lock that all connections share.
    draining: AtomicBool,
}

impl<S: Service> Listener<S> {
    fn new(service: Arc<S>, settings: &ServerSettings, connections: usize, requests: usize) -> Self {
        let requests = requests.min(Semaphore::MAX_PERMITS);
        Self {
            service,
            metrics: None,
            settings: settings.clone(),
            host_rule: None,
            http: http(),
            access_log: false,
            connections: connections.min(Semaphore::MAX_PERMITS),
            permits: Arc::new(Semaphore::new(requests)),
            body_permits: Arc::new(Semaphore::new(requests.div_ceil(2))),
            send_queue: Arc::default(),
            stop: CancellationToken::new(),
            give_up: CancellationToken::new(),
            draining: AtomicBool::new(false),
        }
    }

    pub(super) fn service(
        service: Arc<S>,
        metrics: Arc<ServerMetrics>,
        settings: &ServerSettings,
    ) -> Arc<Self> {
        let connections = descriptors::affordable(settings.limits.connections, settings.services);
        Arc::new(Self {
            metrics: Some(metrics),
            access_log: settings.log.access,
            host_rule: settings.host_rule.clone(),
            ..Self::new(service, settings, connections, settings.limits.requests)
        })
    }

    pub(super) fn admin(service: S, settings: &ServerSettings) -> Arc<Self> {
        let host_rule = HostRule::new(settings.admin.hosts.iter().cloned());
        Arc::new(Self {
            host_rule: Some(host_rule),
            ..Self::new(Arc::new(service), settings, ADMIN_LIMIT, ADMIN_LIMIT)
        })
    }

    /// Accepts no more connections and closes those that are open, once their requests are answered.
    pub(super) fn drain(&self) {
        self.draining.store(true, Relaxed);
        self.stop.cancel();
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }
}

/// hyper, for HTTP/1 and HTTP/2 without TLS.
fn http() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().half_close(true).header_read_timeout(None).max_buf_size(HEADER_LIMIT.into());
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

/// What all requests of a connection share.
pub(super) struct Client {
    pub(super) peer: SocketAddr,
    pub(super) timer: Arc<ConnectionTimer>,
    pub(super) raw_head: Arc<RawHead>,
    pub(super) send_queue: Arc<SendQueue>,
    pub(super) metrics: Option<Arc<ServerMetrics>>,
    /// Where its last request was counted.
    pub(super) series: Mutex<Option<Series>>,
}

impl Client {
    /// The header of a request is complete.
    pub(super) fn request_begins(&self, http2: bool) {
        self.timer.request_begins(http2);
        if let Some(metrics) = &self.metrics {
            metrics.in_flight.inc();
        }
    }

    /// Its response is over; a status of 0 says that there was none.
    pub(super) fn request_ends(&self, method: &'static str, route: &'static str, status: u16, seconds: f64) {
        self.timer.request_ends();
        let Some(metrics) = &self.metrics else { return };
        metrics.in_flight.dec();
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        match &*series {
            Some(series) if series.is(method, route, status) => series.observe(seconds),
            _ => series.insert(metrics.series(method, route, status)).observe(seconds),
        }
    }
}
