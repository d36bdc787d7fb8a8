//! Requests links from the API by HTTP. Any implementation of `GET /api/<url>` will do.

mod link_field;
mod response;

pub(crate) use response::ApiResponse;

use crate::{
    error::{WebError, WebErrorKind},
    settings::WebSettings,
    user_url::UserUrl,
};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kit::{ByteBudget, Client, ClientKey, RequestContext, RequestId, Response, Trace};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::RootCertStore;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// All but the unreserved characters (RFC 3986, section 2.3), so that a URL becomes one path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

type HttpsClient = legacy::Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// The request that needs the API, and the client that sent it.
#[derive(Clone, Default)]
pub(crate) struct Caller {
    pub(crate) id: Option<RequestId>,
    pub(crate) trace: Trace,
    client: Option<Client>,
}

impl Caller {
    /// What its client shares limits under.
    pub(crate) fn key(&self) -> Option<ClientKey> {
        self.client.map(Client::key)
    }

    pub(crate) fn of(context: &RequestContext) -> Self {
        let RequestContext { client, id, trace, .. } = context;
        Self { id: Some(id.clone()), trace: trace.clone(), client: Some(*client) }
    }
}

/// A client of the API.
#[derive(Debug)]
pub(crate) struct ApiClient {
    client: HttpsClient,
    /// Ends with a slash.
    endpoint: Url,
    timeout: Duration,
    /// For the bodies of responses.
    budget: ByteBudget,
}

impl ApiClient {
    pub(crate) fn new(settings: &WebSettings) -> Result<Self, String> {
        let mut endpoint = settings.api_endpoint.clone();
        if !endpoint.path().ends_with('/') {
            endpoint.set_path(&format!("{}/", endpoint.path()));
        }
        let client = https_client(endpoint.scheme() == "https")?;
        // Another quarter is for responses that wait for their clients, the rest for the processing of long ones.
        let budget = ByteBudget::new(settings.limits.memory.as_u64() / 4);
        Ok(Self { client, endpoint, timeout: settings.api_timeout, budget })
    }

    /// The memory for the bodies of responses.
    pub(crate) fn budget(&self) -> &ByteBudget {
        &self.budget
    }

    /// Requests the links of the page at `url`; `fresh` bypasses the API's cache.
    pub(crate) async fn links(
        &self,
        url: &UserUrl,
        fresh: bool,
        caller: &Caller,
    ) -> Result<ApiResponse, WebError> {
        let mut target = String::with_capacity(self.endpoint.as_str().len() + 3 * url.as_str().len());
        target.push_str(self.endpoint.as_str());
        target.extend(utf8_percent_encode(url.as_str(), SEGMENT));
        let mut request = Request::get(target).header(header::ACCEPT, "application/json");
        if fresh {
            request = request.header(header::CACHE_CONTROL, "no-cache");
        }
        if let Some(id) = &caller.id {
            request = request.header("x-request-id", id.as_str());
        }
        if let Some(client) = caller.client {
            request = request.header(header::FORWARDED, client.forwarded());
        }
        let span = caller.trace.client("GET");
        span.set("server.address", || self.endpoint.host_str().unwrap_or_default().to_owned());
        if let Some(headers) = request.headers_mut() {
            span.pass_on(headers);
        }
        let exchange = async {
            let response = self.send(request).await;
            let response =
                response.map_err(|error| WebError::with_cause(WebErrorKind::ApiUnreachable, error))?;
            match response.status() {
                StatusCode::OK => ApiResponse::read(response, url.url(), &self.budget).await,
                _ => Err(response::error(response, &self.budget).await),
            }
        };
        let result = timeout(self.timeout, exchange).await;
        let result = result.unwrap_or_else(|_| Err(WebError::new(WebErrorKind::ApiTimeout)));
        if result.is_err() {
            span.fail("api");
        }
        result
    }

    /// Whether the API answers at the parent of the endpoint, where ours shows its usage. Another implementation may have
    /// nothing there, so only a server error counts as a failure.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let parent = self.endpoint.join("..").map_err(|error| error.to_string())?;
        let response = timeout(Duration::from_secs(1), self.send(Request::get(parent.as_str()))).await;
        let status = response.map_err(|_| "no answer within 1 s".to_owned())??.status();
        if status.is_server_error() { Err(format!("it answers {status}")) } else { Ok(()) }
    }

    async fn send(&self, request: http::request::Builder) -> Result<Response, String> {
        let agent = HeaderValue::from_static(concat!("linkextractor-web/", env!("CARGO_PKG_VERSION")));
        let request = request.header(header::USER_AGENT, agent).body(Empty::<Bytes>::new());
        let request = request.map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| kit::with_causes(&error))?;
        Ok(response.map(|body| kit::boxed(body.map_err(Into::into))))
    }
}

/// A client that follows no redirects, uses no proxy and keeps connections alive. With `tls`, it trusts the system's
/// certificate authorities; it is an error if there are none.
fn https_client(tls: bool) -> Result<HttpsClient, String> {
    let roots = if tls { kit::tls::root_certificates(&[])? } else { RootCertStore::empty() };
    if tls && roots.is_empty() {
        return Err("api_endpoint is https, but the system has no certificate authorities".to_owned());
    }
    let config = kit::tls::client_config(roots)?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(5)) // Shorter than servers', whose closing would fail a request.
        .build(connector))
}
