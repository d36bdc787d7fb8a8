//! The admin listener, a service like any other:
//!
//! | route | answer |
//! |---|---|
//! | `GET /live` | 200 while the process can answer |
//! | `GET /ready` | 200, or 503 with a reason for each part |
//! | `GET /metrics` | Prometheus text format, or `OpenMetrics` by `Accept` |
//! | `PUT /log-level` | sets the level or directives in the body; loopback only |

use crate::{
    Body, Client, Request, RequestContext, Response, Service,
    errors::{bad_request, forbidden, not_found, other_method, unread},
    full, logging,
    metrics::{MetricsFormat, ServerMetrics},
    ready::Readiness,
};
use http::{HeaderValue, Method, StatusCode, header};
use std::{sync::Arc, time::Duration};

/// The limit of a request body in bytes.
const BODY_LIMIT: usize = 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct AdminService<S> {
    readiness: Arc<Readiness<S>>,
    metrics: Arc<ServerMetrics>,
}

impl<S: Service> AdminService<S> {
    pub(crate) fn new(readiness: Arc<Readiness<S>>, metrics: Arc<ServerMetrics>) -> Self {
        Self { readiness, metrics }
    }

    async fn ready(&self) -> Response {
        let (ready, report) = self.readiness.report().await;
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        answer(status, "application/json", format!("{report}\n"))
    }

    fn metrics(&self, format: MetricsFormat) -> Response {
        answer(StatusCode::OK, format.media_type(), self.metrics.text(format))
    }
}

impl<S: Service> Service for AdminService<S> {
    async fn handle(&self, request: &mut Request, context: &mut RequestContext) -> Response {
        let get = matches!(*request.method(), Method::GET | Method::HEAD);
        match request.uri().path() {
            "/live" if get => answer(StatusCode::OK, "text/plain", "alive\n".to_owned()),
            "/ready" if get => self.ready().await,
            "/metrics" if get => self.metrics(MetricsFormat::preferred(request.headers())),
            "/log-level" if *request.method() == Method::PUT => {
                set_level(std::mem::take(request.body_mut()), context.client).await
            }
            "/live" | "/ready" | "/metrics" => other_method(request.method(), "GET, HEAD, OPTIONS"),
            "/log-level" => other_method(request.method(), "PUT, OPTIONS"),
            _ => not_found().into_response(),
        }
    }
}

async fn set_level(body: Body, client: Client) -> Response {
    if !client.address().is_loopback() {
        return forbidden("The log level is set from this machine only.").into_response();
    }
    let body = match crate::read(body, BODY_LIMIT, BODY_TIMEOUT).await {
        Ok(body) => body,
        Err(error) => return unread(error).into_response(),
    };
    let level = String::from_utf8_lossy(&body).trim().to_owned();
    match logging::set_level(&level) {
        Ok(()) => {
            tracing::warn!(level, "log level set");
            answer(StatusCode::OK, "text/plain", format!("{level}\n"))
        }
        Err(error) => bad_request(error).into_response(),
    }
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
