//! The HTTP API: a page's links by `GET /api/<url>`, cached.
//!
//! Promises: one fetch per URL at a time, a stable code for every error, no failure because of the cache.
//! Does not know: HTML, templates, how addresses are guarded. The only crate that knows Redis.

mod answer;
mod cache;
mod directives;
mod endpoints;
mod entry;
mod extraction;
mod extraction_log;
mod flights;
mod metrics;
mod negotiation;
mod page;
mod pages;
mod problems;
mod router;
mod settings;
mod target;

pub use settings::{Cache, Settings};

use endpoints::{batch::batch, page::links_of, usage::usage};
use extraction_log::ExtractionLog;
use fetch::Fetcher;
use http::{HeaderValue, Method, StatusCode, header};
use kit::{Check, Request, Response, Service};
use metrics::Metrics;
use pages::Pages;
use problems::Failure;
use router::Endpoint;
use std::{sync::Arc, time::Duration};

/// The service.
#[derive(Debug)]
pub struct Api {
    parts: Arc<Parts>,
    metrics: Metrics,
}

/// What endpoints work with.
#[derive(Debug)]
struct Parts {
    pages: Arc<Pages>,
    log: ExtractionLog,
}

impl Api {
    /// A service that keeps to `settings`; an error names what cannot be used. Within a Tokio runtime: it
    /// connects to Redis in the background.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let metrics = Metrics::default();
        let cache: Box<dyn cache::Cache> = match &settings.redis_url {
            Some(urls) => Box::new(cache::Redis::new(urls)?),
            None => Box::new(cache::Embedded::new(settings.cache.memory.as_u64())),
        };
        let fetcher = Fetcher::new(settings.fetch.clone())?;
        let log = ExtractionLog::new(settings.extraction_log.clone(), metrics.log_lines_lost.clone())
            .map_err(|error| format!("extraction_log: {error}"))?;
        let pages = Arc::new(Pages::new(cache, fetcher, settings, metrics.clone()));
        Ok(Self { parts: Arc::new(Parts { pages, log }), metrics })
    }

    async fn answer(&self, endpoint: Endpoint, request: Request) -> Result<Response, Failure> {
        let read = matches!(*request.method(), Method::GET | Method::HEAD);
        match endpoint {
            endpoint if request.method() == Method::OPTIONS => Ok(options(&endpoint)),
            Endpoint::Usage if read => Ok(usage()),
            Endpoint::Page(url) | Endpoint::Pages(url) if read => {
                links_of(&self.parts, url, request.headers()).await
            }
            Endpoint::Pages(_) if request.method() == Method::POST => {
                batch(Arc::clone(&self.parts), request).await
            }
            endpoint => Err(Failure::Method(endpoint.methods())),
        }
    }
}

impl Service for Api {
    async fn handle(&self, request: Request) -> Response {
        if request.method() == Method::CONNECT {
            return Failure::Method("GET, HEAD, OPTIONS").problem(Duration::ZERO).into_response();
        }
        if request.method() == Method::OPTIONS && request.uri().path() == "*" {
            return options(&Endpoint::Usage);
        }
        let (route, answer) = match Endpoint::at(request.uri()) {
            Ok(endpoint) => (Some(endpoint.route()), self.answer(endpoint, request).await),
            Err(failure) => (None, Err(failure)),
        };
        let mut response = answer.unwrap_or_else(|failure| failure.problem(Duration::ZERO).into_response());
        if let Some(route) = route {
            response.extensions_mut().insert(route);
        }
        response
    }

    async fn checks(&self) -> Vec<Check> {
        let cache = self.parts.pages.cache();
        vec![Check { part: cache.tier(), state: cache.state(), optional: true }]
    }

    fn register(&self, metrics: &mut kit::Metrics) {
        self.metrics.register(metrics);
    }
}

/// What an endpoint can do (RFC 9110, section 9.3.7).
fn options(endpoint: &Endpoint) -> Response {
    let mut response = Response::new(kit::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(endpoint.methods()));
    response
}
