//! Sends one request, on a kept or a new connection, and receives the header of the response.

use crate::{
    FetchError, FetchSettings, ResponseProblem, Step, UrlProblem, coding,
    conditional::KnownVersion,
    connect::{Dialer, OriginConnection, Sender},
    deadline::JobDeadline,
    interim,
    pool::{Origin, Pool, REUSED_FOR},
    tls,
    traffic::{JobAllowance, OpenJob, TrafficFault, TrafficMeter},
};
use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, Version,
    header::{ACCEPT, ACCEPT_ENCODING, HOST, USER_AGENT},
};
use http_body_util::Empty;
use hyper::body::Incoming;
use std::{error::Error, io, net::IpAddr, time::Duration};
use weburl::WebUrl;

pub(crate) struct Exchange {
    dialer: Dialer,
    connect_timeout: Duration,
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
            pool: Pool::default(),
            user_agent: settings.user_agent.parse().map_err(|_| "fetch.user_agent: not a header value")?,
        })
    }

    /// Keeps a connection whose response has been read. An HTTP/2 connection has been kept since it was made.
    pub(crate) fn keep(&self, origin: Origin, connection: OriginConnection) {
        if matches!(connection.sender, Sender::H1(_)) {
            self.pool.keep(origin, connection);
        }
    }

    /// Sends the request on a kept connection and, if that fails, on a new one: the server may have closed the kept one
    /// in the meantime, and GET is idempotent, so it may be sent again (RFC 9110, section 9.2.2). What arrives counts
    /// against the allowance of `job`.
    pub(crate) async fn get(
        &self,
        url: &WebUrl,
        known: Option<KnownVersion<'_>>,
        origin: &Origin,
        addresses: &[IpAddr],
        job: &JobAllowance,
        deadline: JobDeadline,
    ) -> Result<OpenResponse, FetchError> {
        if let Some(mut connection) = self.pool.take(origin, addresses) {
            let open = connection.meter.open(job);
            let response = self.send(url, known, &mut connection, deadline).await?;
            refused(&connection.meter)?;
            if let Ok(response) = response {
                return Ok(OpenResponse { response, connection, open });
            }
        }
        let connect = Box::pin(self.dialer.connect(origin.https, &origin.host, origin.port, addresses, job));
        let within = JobDeadline(deadline.0.within(self.connect_timeout));
        let (mut connection, open) = within.run(Step::Connect, connect).await??;
        if let Some(shared) = connection.share() {
            self.pool.keep(origin.clone(), shared);
        }
        let response = self.send(url, known, &mut connection, deadline).await?;
        refused(&connection.meter)?;
        let response = response.map_err(|error| {
            tracing::debug!(%error, "no valid response");
            no_response(&error)
        })?;
        Ok(OpenResponse { response, connection, open })
    }

    async fn send(
        &self,
        url: &WebUrl,
        known: Option<KnownVersion<'_>>,
        connection: &mut OriginConnection,
        deadline: JobDeadline,
    ) -> Result<hyper::Result<Response<Incoming>>, FetchError> {
        let mut request = self.request(url, known, matches!(connection.sender, Sender::H2(_)))?;
        interim::limit(&mut request, &connection.meter, self.dialer.max_header_bytes);
        let response = async {
            match &mut connection.sender {
                Sender::H1(sender) => sender.send_request(request).await,
                Sender::H2(sender) => sender.send_request(request).await,
            }
        };
        deadline.run(Step::Header, response).await
    }

    /// The request for `url`, conditional if a version is `known`. Nothing else of the client's request is passed on.
    fn request(
        &self,
        url: &WebUrl,
        known: Option<KnownVersion<'_>>,
        is_h2: bool,
    ) -> Result<Request<Empty<Bytes>>, FetchError> {
        let request = if is_h2 {
            Request::builder().version(Version::HTTP_2).uri(url.as_str())
        } else {
            Request::builder().uri(url.path_and_query()).header(HOST, url.host_and_port())
        };
        let fields = known.into_iter().flat_map(KnownVersion::fields);
        fields
            .fold(request, |request, (name, value)| request.header(name, value))
            .header(USER_AGENT, &self.user_agent)
            .header(ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1")
            .header(ACCEPT_ENCODING, coding::ACCEPTED)
            .body(Empty::new())
            .map_err(|_| FetchError::InvalidUrl(UrlProblem::Syntax))
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

/// Why an established connection gave no response. A TLS 1.3 server that requires a client certificate refuses only
/// after the handshake.
fn no_response(error: &hyper::Error) -> FetchError {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    if let Some(problem) = cause.and_then(tls::problem) {
        return FetchError::Tls(problem);
    }
    // Of an HTTP/2 connection: an error that this side found, such as a header block that cannot be decoded.
    let h2 = error.source().and_then(|cause| cause.downcast_ref::<h2::Error>());
    if error.is_parse_too_large() {
        FetchError::BadResponse(ResponseProblem::HeaderTooLong)
    } else if error.is_parse() || h2.is_some_and(h2::Error::is_library) {
        FetchError::BadResponse(ResponseProblem::NotHttp)
    } else {
        FetchError::Connect
    }
}
