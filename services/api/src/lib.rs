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

use endpoints::{
    batch::{Room, batch},
    description::description,
    page::links_of,
    usage::usage,
};
use extraction_log::ExtractionLog;
use fetch::Fetcher;
use http::Method;
use kit::{Check, CpuPool, Request, Response, Service, errors};
use metrics::Metrics;
use pages::Pages;
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
    room: Room,
}

impl Api {
    /// A service that keeps to `settings` and decodes and extracts on `pool`; an error names what cannot be used. Within a Tokio runtime: it
    /// connects to Redis in the background.
    pub fn new(settings: &Settings, pool: &CpuPool) -> Result<Self, String> {
        let metrics = Metrics::default();
        let memory = settings.cache.memory.as_u64();
        let cache: Box<dyn cache::Cache> = match &settings.redis_url {
            Some(urls) => Box::new(cache::Redis::new(urls, memory)?),
            None => Box::new(cache::Embedded::new(memory)),
        };
        let fetcher = Fetcher::new(settings.fetch.clone(), pool.clone())?;
        let log = ExtractionLog::new(settings.extraction_log.clone(), metrics.log_lines_lost.clone())
            .map_err(|error| format!("extraction_log: {error}"))?;
        let pages = Arc::new(Pages::new(cache, fetcher, pool.clone(), settings, metrics.clone()));
        Ok(Self { parts: Arc::new(Parts { pages, log, room: Room::default() }), metrics })
    }

    /// Waits until it is known whether the cache can be asked, about a second at most: the first requests then
    /// need not do without it.
    pub async fn settled(&self) {
        self.parts.pages.cache().settled().await;
    }

    async fn answer(&self, endpoint: Endpoint, request: Request) -> Response {
        let (method, allow) = (request.method().clone(), endpoint.methods());
        let answer = match endpoint {
            Endpoint::Pages(_) if method == Method::POST => batch(Arc::clone(&self.parts), request).await,
            _ if method != Method::GET && method != Method::HEAD => Ok(errors::other_method(&method, allow)),
            Endpoint::Usage => Ok(usage()),
            Endpoint::Description => Ok(description()),
            Endpoint::Page(url) | Endpoint::Pages(url) => links_of(&self.parts, url, request.headers()).await,
        };
        answer.unwrap_or_else(|failure| failure.problem(Duration::ZERO).into_response())
    }
}

impl Service for Api {
    async fn handle(&self, request: Request) -> Response {
        let endpoint = match Endpoint::at(request.uri()) {
            Ok(endpoint) => endpoint,
            Err(problem) => return problem.into_response(),
        };
        let route = endpoint.route();
        let mut response = self.answer(endpoint, request).await;
        response.extensions_mut().insert(route);
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
