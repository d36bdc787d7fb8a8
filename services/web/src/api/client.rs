//! The HTTP client: it follows no redirect, uses no proxy, keeps connections.

use bytes::Bytes;
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::RootCertStore;
use std::time::Duration;

pub(crate) type Client = legacy::Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// A client; `tls`: the system's certificate authorities are read, and an error says that there are none.
pub(crate) fn new(tls: bool) -> Result<Client, String> {
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
        .pool_idle_timeout(Duration::from_secs(5)) // Shorter than a server's, or requests meet closing connections.
        .build(connector))
}
