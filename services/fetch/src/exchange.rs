//! Sends one request, on a kept or a new connection, and receives the header of the response.

use crate::{
    FetchError, FetchSettings, Phase, ResponseProblem, UrlProblem, coding,
    connect::{Dialer, OriginConnection, Sender},
    interim,
    job_context::JobContext,
    pool::{Origin, Pool, REUSED_FOR},
    request_fields::RequestFields,
    tls,
    traffic::{OpenJob, TrafficFault, TrafficMeter},
    user_proxy::ProxyRoute,
};
use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, Version,
    header::{ACCEPT, ACCEPT_ENCODING, HOST, PROXY_AUTHORIZATION, USER_AGENT},
};
use http_body_util::Empty;
use hyper::body::Incoming;
use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::atomic::Ordering,
    time::Duration,
};
use weburl::WebUrl;

/// Protocols to offer by ALPN.
const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
const HTTP1: &[&[u8]] = &[b"http/1.1"];

pub(crate) struct Exchange {
    dialer: Dialer,
    connect_timeout: Duration,
    /// The least time after which no connection to a proxy tells of a silent one.
    patience: Duration,
    pool: Pool,
    user_agent: HeaderValue,
}

/// A response whose body is yet to be read, and the connection on which it arrives.
pub(crate) struct OpenResponse {
    pub(crate) response: Response<Incoming>,
    pub(crate) connection: OriginConnection,
    pub(crate) open: OpenJob,
}

impl Exchange {
    pub(crate) fn new(settings: &FetchSettings) -> Result<Self, String> {
        Ok(Self {
            dialer: Dialer::new(settings, REUSED_FOR.saturating_add(settings.timeout))?,
            connect_timeout: settings.connect_timeout,
            patience: settings.connect_timeout.min(settings.timeout / 2),
            pool: Pool::default(),
            user_agent: settings.user_agent.parse().map_err(|_| "fetch.user_agent: not a header value")?,
        })
    }

    /// Whether the user's proxy looks up and connects to `origin` in our place.
    pub(crate) fn is_proxied(&self, origin: &Origin) -> bool {
        self.proxy(origin).is_some()
    }

    fn proxy(&self, origin: &Origin) -> Option<ProxyRoute> {
        self.dialer.user_proxies.route(origin.https, &origin.host, origin.port)
    }

    /// Its idle connections.
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Keeps a connection whose response has been read. An HTTP/2 connection has been kept since it was made.
    pub(crate) fn keep(&self, origin: Origin, connection: OriginConnection) {
        if matches!(connection.sender, Sender::H1(_)) {
            self.pool.keep(origin, connection);
        }
    }

    /// Sends the request on a kept connection and, if that fails, on a new one: the server may have closed the kept one
    /// in the meantime, and GET is idempotent, so it may be sent again (RFC 9110, section 9.2.2). What arrives counts
    /// against the allowance of `job`, whose record is of this hop.
    pub(crate) async fn get(
        &self,
        url: &WebUrl,
        fields: RequestFields<'_>,
        origin: &Origin,
        addresses: &[IpAddr],
        job: &mut JobContext,
    ) -> Result<OpenResponse, FetchError> {
        if let Some(proxy) = &self.dialer.proxy {
            job.record.on_hop(|hop| hop.proxy = Some(proxy.address().to_owned()));
        }
        let mut protocols = BOTH;
        if let Some(mut connection) = self.pool.take(origin, addresses) {
            let open = connection.meter.open(&job.allowance);
            let (address, is_h2) = (SocketAddr::new(connection.peer, origin.port), connection.is_h2());
            job.record.on_hop(|hop| {
                hop.dialled = vec![address];
                hop.is_reused = true;
                hop.protocol = Some(if is_h2 { "h2" } else { "http/1.1" });
            });
            let response = self.send(url, fields, origin, &mut connection, job).await?;
            refused(&connection.meter)?;
            match response {
                Ok(response) => return Ok(OpenResponse { response, connection, open }),
                Err(none) => protocols = protocols_again(&none.error).unwrap_or(BOTH),
            }
        }
        let mut is_retry = false;
        loop {
            let Origin { https, host, port } = origin;
            job.record.on_hop(|hop| hop.is_reused = false);
            let is_long_enough = job.deadline.0.remaining() >= self.patience;
            let within = job.deadline.0.within(self.connect_timeout);
            let connect = Box::pin(self.dialer.connect(*https, host, *port, protocols, addresses, job));
            let connected = within.run(connect).await;
            let late = |_| {
                // At the end of a job's time, silence says nothing about a proxy.
                if !is_long_enough {
                    job.record.cause = None;
                }
                FetchError::Timeout(job.record.phase())
            };
            let (mut connection, open) = connected.map_err(late)??;
            if let Some(shared) = connection.share() {
                self.pool.keep(origin.clone(), shared);
            }
            let response = self.send(url, fields, origin, &mut connection, job).await?;
            refused(&connection.meter)?;
            let none = match response {
                Ok(response) => return Ok(OpenResponse { response, connection, open }),
                Err(none) => none,
            };
            tracing::debug!(error = %none.error, "no valid response");
            let Some(again) = protocols_again(&none.error).filter(|_| !is_retry) else {
                job.record.caused_by(&none.error);
                return Err(none.into());
            };
            (protocols, is_retry) = (again, true);
        }
    }

    async fn send(
        &self,
        url: &WebUrl,
        fields: RequestFields<'_>,
        origin: &Origin,
        connection: &mut OriginConnection,
        job: &mut JobContext,
    ) -> Result<Result<Response<Incoming>, NoResponse>, FetchError> {
        let mut request = self.request(url, origin, connection.is_h2())?;
        fields.add_to(&mut request, url);
        let interim = interim::limit(&mut request, &connection.meter, self.dialer.max_header_bytes);
        let response = pin!(async {
            match &mut connection.sender {
                Sender::H1(sender) => sender.send_request(request).await,
                Sender::H2(sender) => sender.send_request(request).await,
            }
        });
        let response = job.run(Phase::FirstByte, response).await?;
        if let Ok(response) = &response {
            job.record.on_hop(|hop| {
                hop.status = Some(response.status().as_u16());
                hop.protocol = hop.protocol.map(|name| match response.version() {
                    Version::HTTP_10 => "http/1.0",
                    _ => name,
                });
            });
        }
        let is_after_interim = interim.load(Ordering::Relaxed) > 0;
        Ok(response.map_err(|error| NoResponse { error, is_after_interim }))
    }

    /// The request for `url`. Nothing of the client's request is passed on.
    fn request(
        &self,
        url: &WebUrl,
        origin: &Origin,
        is_h2: bool,
    ) -> Result<Request<Empty<Bytes>>, FetchError> {
        const PAGES: HeaderValue =
            HeaderValue::from_static("text/html,application/xhtml+xml;q=0.9,*/*;q=0.1");
        const CODINGS: HeaderValue = HeaderValue::from_static(coding::ACCEPTED);
        let invalid = || FetchError::InvalidUrl(UrlProblem::Syntax);
        let proxy = self.proxy(origin).filter(|proxy| proxy.forwards(origin.https));
        let target = match &proxy {
            _ if is_h2 => url.as_str(),
            Some(_) => url.without_fragment(),
            None => url.path_and_query(),
        };
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = target.parse().map_err(|_| invalid())?;
        if is_h2 {
            *request.version_mut() = Version::HTTP_2;
        }
        let fields = request.headers_mut();
        if !is_h2 {
            fields.insert(HOST, url.host_and_port().parse().map_err(|_| invalid())?);
        }
        if let Some(credentials) = proxy.as_ref().and_then(ProxyRoute::credentials) {
            fields.insert(PROXY_AUTHORIZATION, credentials.clone());
        }
        fields.insert(USER_AGENT, self.user_agent.clone());
        fields.insert(ACCEPT, PAGES);
        fields.insert(ACCEPT_ENCODING, CODINGS);
        Ok(request)
    }
}

/// Why there is no final response, and whether interim ones have come.
struct NoResponse {
    error: hyper::Error,
    is_after_interim: bool,
}

/// The protocols to offer if the request is sent again: an HTTP/2 server that answers so has not processed it, or wants
/// HTTP/1.1 (RFC 9113, sections 7 and 8.7).
fn protocols_again(error: &hyper::Error) -> Option<&'static [&'static [u8]]> {
    let error = error.source()?.downcast_ref::<h2::Error>()?;
    match error.reason() {
        Some(h2::Reason::HTTP_1_1_REQUIRED) => Some(HTTP1),
        Some(h2::Reason::REFUSED_STREAM) => Some(BOTH),
        // An error of a stream above the last one that the server has processed.
        _ if error.is_go_away() && error.is_remote() => Some(BOTH),
        _ => None,
    }
}

/// An error if the origin has sent on this connection what it may not.
fn refused(meter: &TrafficMeter) -> Result<(), FetchError> {
    match meter.fault() {
        None => Ok(()),
        Some(TrafficFault::TooMuch) => Err(FetchError::BadResponse(ResponseProblem::NotFinal)),
        Some(TrafficFault::NotHttp) => Err(FetchError::BadResponse(ResponseProblem::NotHttp)),
    }
}

/// A TLS 1.3 server that requires a client certificate refuses only after the handshake.
impl From<NoResponse> for FetchError {
    fn from(NoResponse { error, is_after_interim }: NoResponse) -> Self {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        if let Some(problem) = cause.and_then(tls::problem) {
            return Self::Tls(problem);
        }
        // Of an HTTP/2 connection: an error that this side found, such as a header block that cannot be decoded.
        let h2 = error.source().and_then(|cause| cause.downcast_ref::<h2::Error>());
        if error.is_parse_too_large() {
            Self::BadResponse(ResponseProblem::HeaderTooLong)
        } else if error.is_parse() || h2.is_some_and(h2::Error::is_library) {
            Self::BadResponse(ResponseProblem::NotHttp)
        } else if is_after_interim {
            Self::BadResponse(ResponseProblem::NotFinal)
        } else {
            Self::Connect
        }
    }
}

#[cfg(test)]
mod tests;
