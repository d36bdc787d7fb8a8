//! The connection to a collector.

use crate::{tls, with_causes};
use async_trait::async_trait;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response, hyper::HyperClient};
use rustls::RootCertStore;
use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::runtime::Handle;

/// The variables for the time limit of an export, in milliseconds; the first that is set counts.
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
/// The time limit without them, as OpenTelemetry says.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends spans from the exporter's thread on the runtime of the services; says once when that fails, and when it works
/// again.
#[derive(Clone, Debug)]
pub(super) struct Collector {
    client: HyperClient<HttpsConnector<HttpConnector>>,
    runtime: Handle,
    is_failing: Arc<AtomicBool>,
}

impl Collector {
    /// A client for `endpoint` that runs on the current runtime; an error says why there is none.
    pub(super) fn new(endpoint: &str) -> Result<Self, String> {
        let roots = if endpoint.starts_with("https:") {
            tls::root_certificates(&[])?
        } else {
            RootCertStore::empty()
        };
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client_config(roots)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = HyperClient::new(connector, timeout(), None);
        Ok(Self { client, runtime: Handle::current(), is_failing: Arc::default() })
    }

    fn tell(&self, result: Result<u16, &HttpError>) {
        let failure = match result {
            Ok(status) if (200..300).contains(&status) => None,
            Ok(status) => Some(format!("the collector answers {status}")),
            Err(error) => Some(with_causes(&**error)),
        };
        match (failure, self.is_failing.load(Relaxed)) {
            (Some(error), false) => tracing::warn!(error, "spans cannot be exported"),
            (None, true) => tracing::info!("spans are exported again"),
            _ => return,
        }
        self.is_failing.fetch_xor(true, Relaxed);
    }
}

/// The time limit of an export; one that is no number is ignored, as OpenTelemetry says.
fn timeout() -> Duration {
    let set = TIMEOUTS.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    set.and_then(|value| value.parse().ok()).map_or(TIMEOUT, Duration::from_millis)
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move { client.send_bytes(request).await }).await;
        let result = sent.unwrap_or_else(|stopped| Err(stopped.into()));
        self.tell(result.as_ref().map(|response| response.status().as_u16()));
        result
    }
}
