//! A collector of spans: OTLP over HTTP.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

/// Receives spans at `/v1/traces`.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    spans: mpsc::UnboundedReceiver<CollectedSpan>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// A span, and the service that it is from.
#[derive(Clone, Debug)]
pub struct CollectedSpan {
    /// `service.name` of its resource.
    pub service: String,
    /// Its name.
    pub name: String,
    /// The trace's id in hexadecimal digits.
    pub trace: String,
    /// Its id.
    pub id: String,
    /// Its parent's id; empty for a root.
    pub parent: String,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// Whether it failed.
    pub failed: bool,
    /// Keys and values, as text.
    pub attributes: Vec<(String, String)>,
}

impl CollectedSpan {
    /// The value of an attribute.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| &**value)
    }

    /// Its duration in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "a duration of a test is short")]
    pub fn millis(&self) -> f64 {
        (self.end - self.start) as f64 / 1e6
    }
}

impl Collector {
    /// A collector on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (sender, spans) = mpsc::unbounded_channel();
        let connections = Arc::<AtomicUsize>::default();
        let accepted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Relaxed);
                let sender = sender.clone();
                let answer = service_fn(move |request| receive(request, sender.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { address, spans, connections, task }
    }

    /// How many connections it has accepted.
    pub fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }

    /// Its URL, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next `count` spans.
    pub async fn spans(&mut self, count: usize) -> Vec<CollectedSpan> {
        let mut spans = Vec::new();
        while spans.len() < count {
            let span = crate::within("spans", self.spans.recv()).await;
            spans.push(span.expect("the collector runs"));
        }
        spans
    }

    /// The spans that have arrived and were not read.
    pub fn rest(&mut self) -> Vec<CollectedSpan> {
        std::iter::from_fn(|| self.spans.try_recv().ok()).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(
    request: Request<Incoming>,
    sender: mpsc::UnboundedSender<CollectedSpan>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    assert_eq!(request.uri().path(), "/v1/traces");
    let body = request.into_body().collect().await?.to_bytes();
    let export = ExportTraceServiceRequest::decode(body).expect("a message of OTLP");
    for of_service in export.resource_spans {
        let attributes = of_service.resource.map(|resource| text(resource.attributes)).unwrap_or_default();
        let name = attributes.into_iter().find(|(key, _)| key == "service.name");
        let service = name.map(|(_, name)| name).unwrap_or_default();
        for span in of_service.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let _ = sender.send(collected(service.clone(), span));
        }
    }
    Ok(Response::new(Full::default()))
}

fn collected(service: String, span: Span) -> CollectedSpan {
    CollectedSpan {
        service,
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        failed: span.status.is_some_and(|status| status.code == StatusCode::Error as i32),
        attributes: text(span.attributes),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn text(attributes: Vec<KeyValue>) -> Vec<(String, String)> {
    let value = |value| match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        other => format!("{other:?}"),
    };
    attributes.into_iter().map(|pair| (pair.key, value(pair.value.and_then(|any| any.value)))).collect()
}
