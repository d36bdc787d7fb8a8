//! The HTTP API: the links of a page by `GET /api/<url>`, cached.
//!
//! Promises: one fetch per URL at a time, a stable code for every error, no failure because of the cache.
//! Does not know: HTML, templates, the rules for addresses. The only crate that knows Redis.

mod answer;
mod answer_fields;
mod batch;
mod cache;
mod cache_control;
mod cache_entry;
mod cache_key;
mod cached_result;
mod documents;
mod error;
mod extraction;
mod extraction_log;
mod freshness;
mod memory;
mod metrics;
mod negotiation;
mod page_fetcher;
mod page_service;
mod problem_types;
mod representations;
mod request_target;
mod router;
mod settings;
mod single_flight;

pub use cache::RedisSettings;
pub use settings::{ApiSettings, CacheSettings};

use answer::answer;
use batch::{BatchMemory, batch};
use cache_control::CacheDirectives;
use documents::{description, problem_type, usage};
use fetch::JobClient;
use http::{HeaderValue, Method, header};
use kit::{ByteBudget, Check, CpuPool, Problem, Request, Response, Service, errors};
use page_service::PageService;
use representations::Representations;
use router::Endpoint;
use std::sync::Arc;

/// The service.
pub struct Api {
    pages: Arc<PageService>,
    representations: Representations,
    batches: BatchMemory,
}

impl Api {
    /// A service with these settings that decodes and extracts on `pool`; an error names the setting that cannot be used.
    /// Needs a Tokio runtime: it connects to Redis in the background.
    pub fn new(settings: &ApiSettings, pool: &CpuPool) -> Result<Self, String> {
        let pages = Arc::new(PageService::new(settings, pool)?);
        let representations = Representations::new(&pages.pool, settings.cache.representations());
        let shares = settings.shares();
        let (lines, urls) = (ByteBudget::new(shares.lines), ByteBudget::new(shares.request_bodies));
        let batches = BatchMemory { lines, urls };
        Ok(Self { pages, representations, batches })
    }

    /// Waits until it is known whether the cache is reachable, two seconds at most: otherwise the first requests
    /// would go without it.
    pub async fn settled(&self) {
        self.pages.cache.settled().await;
    }

    async fn answer(&self, endpoint: Endpoint, request: Request) -> Response {
        let (method, allow) = (request.method().clone(), endpoint.methods());
        match endpoint {
            Endpoint::Pages(_) if method == Method::POST => {
                let answer = batch(Arc::clone(&self.pages), &self.batches, request).await;
                answer.unwrap_or_else(Problem::into_response)
            }
            _ if method != Method::GET && method != Method::HEAD => errors::other_method(&method, allow),
            Endpoint::Usage => usage(),
            Endpoint::Description => description(),
            Endpoint::ProblemType(kind) => problem_type(kind),
            Endpoint::Page(url) | Endpoint::Pages(url) => {
                let headers = request.headers();
                let client = JobClient::of(request.extensions());
                let found = match url {
                    Ok(url) => self.pages.find(&url, &CacheDirectives::of(headers), client).await,
                    Err(error) => Err(error.into()),
                };
                match found {
                    Ok((cached, source)) => answer(&self.representations, &cached, source, headers).await,
                    Err(error) => error.into_response(),
                }
            }
        }
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

    fn finish(&self, response: &mut Response) {
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }

    async fn checks(&self) -> Vec<Check> {
        let cache = &self.pages.cache;
        vec![Check { part: cache.tier().name(), state: cache.state(), optional: true }]
    }

    fn register(&self, metrics: &mut kit::Metrics) {
        self.pages.metrics.register(metrics);
        self.pages.cache.register(metrics);
    }
}
