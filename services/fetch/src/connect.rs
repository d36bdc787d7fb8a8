//! Connects to checked addresses: TCP, TLS, HTTP/1.1 or HTTP/2.

use crate::{
    Cause, CauseKind, FetchError, FetchSettings, JobRecord, Phase, Proxy, TlsProblem,
    connect_failure::{failed, name_missing_route},
    frames::FrameGuard,
    job_context::JobContext,
    tls::{self, TlsClient},
    traffic::{Metered, OpenJob, TrafficMeter},
    user_proxy::ProxyRules,
};
use bytes::Bytes;
use http::{Uri, uri::InvalidUri};
use http_body_util::Empty;
use hyper::{
    client::conn::{http1, http2},
    rt::{Read, Write},
};
use hyper_util::{
    client::legacy::connect::{HttpConnector, dns::Name},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use rustls::pki_types::ServerName;
use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{net::TcpStream, time::Instant};
use tokio_rustls::TlsConnector;
use tower_service::Service;

/// The most addresses tried of each family.
const DIALLED: usize = 3;
/// The most fields in a response's header, which is also bounded in bytes.
const MAX_FIELDS: usize = 1000;
/// The receive window of TCP and of HTTP/2 streams: unread bytes take memory, and bandwidth if the body turns out to be
/// a bomb.
const WINDOW: u32 = 128 * 1024;
/// The largest window of HTTP/2 (RFC 9113, section 6.9.1).
const MAX_WINDOW: u32 = (1 << 31) - 1;
/// Stands for the address of an origin behind the user's proxy, which is not known here.
pub(crate) const PROXIED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// The longest timeout for connecting and for pings.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(24);

pub(crate) struct Dialer {
    tls: TlsClient,
    timeout: Duration,
    pub(crate) max_header_bytes: usize,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) user_proxies: ProxyRules,
    /// How long a connection lives, idle or not.
    lifetime: Duration,
    /// The window of an HTTP/2 connection: that of all its streams, or jobs that wait for memory would block the others.
    shared_window: u32,
}

#[derive(Debug)]
pub(crate) enum Sender {
    H1(http1::SendRequest<Empty<Bytes>>),
    H2(http2::SendRequest<Empty<Bytes>>),
}

/// A connection to a checked address.
#[derive(Debug)]
pub(crate) struct OriginConnection {
    pub(crate) sender: Sender,
    pub(crate) peer: IpAddr,
    pub(crate) since: Instant,
    pub(crate) meter: Arc<TrafficMeter>,
}

impl Dialer {
    pub(crate) fn new(settings: &FetchSettings, lifetime: Duration) -> Result<Self, String> {
        // hyper takes no smaller buffer than 8 KiB.
        let max_header_bytes =
            usize::try_from(settings.max_header_bytes.0).unwrap_or(usize::MAX).max(8 * 1024);
        Ok(Self {
            tls: TlsClient::new(settings)?,
            // hyper adds it to the present time, which must not overflow.
            timeout: settings.connect_timeout.min(LONGEST_TIMEOUT),
            max_header_bytes,
            proxy: settings.proxy.clone(),
            user_proxies: ProxyRules::new(&settings.client.proxies)?,
            lifetime,
            shared_window: u32::try_from(settings.max_jobs_per_host)
                .unwrap_or(u32::MAX)
                .saturating_mul(WINDOW)
                .clamp(WINDOW, MAX_WINDOW),
        })
    }

    /// Connects to one of `addresses` and to no other, or through the user's proxy; for `https`, the certificate has to be
    /// for `host`, and `protocols` are offered. What arrives counts against the allowance of `job`, and its record learns
    /// the address.
    pub(crate) async fn connect(
        &self,
        https: bool,
        host: &str,
        port: u16,
        protocols: &[&[u8]],
        addresses: &[IpAddr],
        job: &mut JobContext,
    ) -> Result<(OriginConnection, OpenJob), FetchError> {
        let record = &mut job.record;
        record.enter(Phase::Connect);
        record.on_hop(|hop| hop.dialled = candidates(port, addresses));
        let (stream, peer) = match (&self.proxy, self.user_proxies.route(https, host, port)) {
            (_, Some(route)) => {
                let connector = self.connector(HttpConnector::new());
                let stream = route.connect(https, host, port, connector).await;
                let stream = stream.map_err(|error| {
                    let failure = failed(record, &*error);
                    // As a proxy answers that takes requests: no retry helps.
                    let status = 407;
                    let denied = FetchError::UpstreamStatus { status, retry_after: None };
                    if error.denies_access() { denied } else { failure }
                });
                (stream?, PROXIED)
            }
            (Some(proxy), None) => self.tunnel(proxy, port, addresses, record).await?,
            (None, None) => self.direct(port, addresses, record).await?,
        };
        record.on_hop(|hop| hop.dialled = vec![SocketAddr::new(peer, port)]);
        let meter = TrafficMeter::new();
        let open = meter.open(&job.allowance);
        let stream = Metered::new(stream, Arc::clone(&meter));
        if !https {
            let sender = self.http1(TokioIo::new(stream), record).await?;
            return Ok((OriginConnection { sender, peer, since: Instant::now(), meter }, open));
        }
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| FetchError::Tls(TlsProblem::WrongName))?;
        let protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let config = self.tls.config().map_err(|error| {
            tracing::error!(error, "no TLS");
            FetchError::Tls(TlsProblem::Handshake)
        })?;
        let connector = TlsConnector::from(config);
        record.enter(Phase::Tls);
        let handshake = connector.with_alpn(protocols).connect(name, stream);
        let stream = handshake.await.map_err(|error| {
            tracing::debug!(host, %error, "no TLS connection");
            record.caused_by(&error);
            FetchError::Tls(tls::problem(&error).unwrap_or(TlsProblem::Handshake))
        })?;
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let sender = if h2 {
            let stream = FrameGuard::new(stream, Arc::clone(&meter), self.max_header_bytes);
            self.http2(TokioIo::new(stream), record).await?
        } else {
            self.http1(TokioIo::new(stream), record).await?
        };
        Ok((OriginConnection { sender, peer, since: Instant::now(), meter }, open))
    }

    /// Connects to the addresses; after a delay, the second family in parallel to the first (RFC 8305).
    async fn direct(
        &self,
        port: u16,
        addresses: &[IpAddr],
        record: &mut JobRecord,
    ) -> Result<(TcpStream, IpAddr), FetchError> {
        let resolver = Checked(candidates(port, addresses));
        let mut connector = self.connector(HttpConnector::new_with_resolver(resolver));
        // `Checked` gives the addresses, whatever the name is.
        let stream = connector.call(uri(&format!("checked:{port}"))?).await;
        let stream = stream.map_err(|error| {
            let failure = failed(record, &error);
            name_missing_route(record, addresses);
            failure
        });
        let stream = stream?.into_inner();
        let peer = stream.peer_addr().map_err(|error| failed(record, &error))?.ip();
        // The unspecified address stands for this machine.
        let checked = |ip: &IpAddr| *ip == peer || ip.is_unspecified() && peer.is_loopback();
        if !addresses.iter().any(checked) {
            tracing::error!(%peer, "connected to an address that was not checked");
            return Err(FetchError::Blocked);
        }
        Ok((stream, peer))
    }

    /// Tunnels to the checked addresses, not to the name: the proxy would look it up again and could connect to another
    /// address.
    async fn tunnel(
        &self,
        proxy: &Proxy,
        port: u16,
        addresses: &[IpAddr],
        record: &mut JobRecord,
    ) -> Result<(TcpStream, IpAddr), FetchError> {
        let mut result = Err(FetchError::Connect);
        for (index, address) in candidates(port, addresses).into_iter().enumerate() {
            // Stays the cause if the time is up before there is a connection. Later ones begin with less time.
            let silent = || format!("the proxy {}: no answer", proxy.address());
            record.cause = (index == 0).then(|| Cause::new(CauseKind::Proxy, silent()));
            let stream = proxy.connect(self.connector(HttpConnector::new())).await;
            let stream = stream.map_err(|error| failed(record, &*error))?;
            record.cause = None;
            match proxy.tunnel(stream, uri(&address.to_string())?).await {
                Ok(stream) => return Ok((stream, address.ip())),
                Err(error) => result = Err(failed(record, &*error)),
            }
        }
        result
    }

    fn connector<R>(&self, mut connector: HttpConnector<R>) -> HttpConnector<R> {
        connector.set_connect_timeout(Some(self.timeout));
        connector.set_nodelay(true);
        connector.set_recv_buffer_size(Some(WINDOW as usize));
        connector
    }

    async fn http1<T: Read + Write + Unpin + Send + 'static>(
        &self,
        stream: T,
        record: &mut JobRecord,
    ) -> Result<Sender, FetchError> {
        let (sender, connection) = http1::Builder::new()
            .max_header_size(self.max_header_bytes)
            .max_buf_size(self.max_header_bytes)
            .max_headers(MAX_FIELDS)
            // Browsers accept all three.
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .handshake(stream)
            .await
            .map_err(|error| failed(record, &error))?;
        record.on_hop(|hop| hop.protocol = Some("http/1.1"));
        self.drive(connection);
        Ok(Sender::H1(sender))
    }

    async fn http2<T: Read + Write + Unpin + Send + 'static>(
        &self,
        stream: T,
        record: &mut JobRecord,
    ) -> Result<Sender, FetchError> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            // Many jobs share it: find out soon if it is dead.
            .timer(TokioTimer::new())
            .keep_alive_interval(self.timeout)
            .keep_alive_timeout(self.timeout)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(self.shared_window)
            .max_header_list_size(u32::try_from(self.max_header_bytes).unwrap_or(u32::MAX))
            .handshake(stream)
            .await
            .map_err(|error| failed(record, &error))?;
        record.on_hop(|hop| hop.protocol = Some("h2"));
        self.drive(connection);
        Ok(Sender::H2(sender))
    }

    /// Runs a connection, for its lifetime at most.
    fn drive(&self, connection: impl Future<Output = hyper::Result<()>> + Send + 'static) {
        let lifetime = self.lifetime;
        tokio::spawn(async move {
            if let Ok(Err(error)) = kit::Deadline::after(lifetime).run(connection).await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
}

/// The addresses to try: a few of each family, IPv6 first.
fn candidates(port: u16, addresses: &[IpAddr]) -> Vec<SocketAddr> {
    let family = |v6: bool| addresses.iter().filter(move |ip| ip.is_ipv6() == v6).take(DIALLED);
    family(true).chain(family(false)).map(|ip| SocketAddr::new(*ip, port)).collect()
}

fn uri(authority: &str) -> Result<Uri, FetchError> {
    format!("http://{authority}/").parse().map_err(|_: InvalidUri| FetchError::Connect)
}

/// A resolver that always gives the addresses that were checked.
#[derive(Clone)]
struct Checked(Vec<SocketAddr>);

impl Service<Name> for Checked {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}
