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
mod conversion;
mod documents;
mod error;
mod extraction;
mod extraction_log;
mod extraction_pool;
mod fetch_log;
mod fetch_outcome;
mod fetch_spans;
mod freshness;
mod link_query;
mod memory;
mod metrics;
mod negotiation;
mod page_fetcher;
mod page_service;
mod post;
mod post_bodies;
mod posted_page;
mod problem_types;
mod representations;
mod request_target;
mod requester;
mod result_source;
mod router;
mod settings;
mod single_flight;

pub use cache::RedisSettings;
pub use fetch_log::LoggedFetches;
pub use settings::{ApiLog, ApiSettings, CacheSettings};

use answer::{answer, answer_at_once, outcome};
use answer_fields::NOSNIFF;
use cache_control::CacheDirectives;
use documents::{description, problem_type, usage};
use error::ApiError;
use http::{HeaderMap, Method, header};
use kit::{
    ByteBudget, Check, Compressor, CpuPool, Problem, Request, RequestContext, Response, Service, errors,
};
use link_query::LinkQuery;
use negotiation::AnswerForm;
use page_service::PageService;
use post::PostHandler;
use post_bodies::PostBodies;
use representations::Representations;
use request_target::RequestTargetError;
use requester::Requester;
use router::Endpoint;
use std::sync::Arc;

/// The service.
pub struct Api {
    pages: Arc<PageService>,
    representations: Representations,
    posts: PostHandler,
    pool: CpuPool,
}

impl Api {
    /// A service with these settings that decodes and extracts on `pool`; an error names the setting that cannot be used.
    /// Needs a Tokio runtime: it connects to Redis in the background.
    pub fn new(settings: &ApiSettings, pool: &CpuPool) -> Result<Self, String> {
        let pages = Arc::new(PageService::new(settings, pool)?);
        let representations = Representations::new(&pages.pool, settings.cache.representations());
        let shares = settings.shares();
        let max_bytes = settings.fetch.max_bytes.as_u64();
        // A page of any client has to fit.
        let share = kit::client_share(shares.request_bodies, settings.limits.per_client).max(max_bytes);
        let posts = PostHandler {
            pages: Arc::clone(&pages),
            bodies: PostBodies::new(shares.request_bodies, share),
            max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
            lines: ByteBudget::new(shares.lines),
            compressor: Compressor::new(pool, shares.compression),
        };
        Ok(Self { pages, representations, posts, pool: pool.clone() })
    }

    /// Waits until it is known whether the cache is reachable, two seconds at most: otherwise the first requests
    /// would go without it.
    pub async fn settled(&self) {
        self.pages.cache.settled().await;
    }

    /// Answers a request that is no POST with links.
    async fn answer(
        &self,
        endpoint: &Endpoint<'_>,
        (method, headers): (&Method, &HeaderMap),
        context: &mut RequestContext,
    ) -> Response {
        match endpoint {
            _ if *method != Method::GET && *method != Method::HEAD => {
                errors::other_method(method, endpoint.methods())
            }
            Endpoint::Usage => usage(),
            Endpoint::Description => description(headers),
            Endpoint::ProblemType(kind) => problem_type(kind),
            Endpoint::Page(Ok(url)) => self.links(url, &LinkQuery::default(), headers, context).await,
            Endpoint::Pages(Ok(query)) => match &query.url {
                Some(url) => {
                    context.requested_url = Some(url.clone());
                    self.links(url, query, headers, context).await
                }
                None => ApiError::from(RequestTargetError::Missing).into_response(),
            },
            Endpoint::Page(Err(error)) | Endpoint::Pages(Err(error)) => {
                ApiError::from(*error).into_response()
            }
        }
    }

    /// The answer to a request with these `headers` for the links of the page at `url`.
    async fn links(
        &self,
        url: &str,
        query: &LinkQuery,
        headers: &HeaderMap,
        context: &mut RequestContext,
    ) -> Response {
        let client = context.client.key();
        match self.pages.find(url, &CacheDirectives::of(headers), Requester::of(context)).await {
            Ok(found) => {
                context.cache = Some(outcome(found.source));
                let asked = (AnswerForm::of(query, headers), query);
                match answer_at_once(&found, asked, headers) {
                    Some(response) => response,
                    None => Box::pin(answer(&self.representations, &found, asked, (client, headers))).await,
                }
            }
            Err(error) => error.into_response(),
        }
    }
}

impl Service for Api {
    async fn handle(&self, request: &mut Request, context: &mut RequestContext) -> Response {
        let endpoint = Endpoint::at(request.uri());
        context.route = endpoint.as_ref().ok().map(Endpoint::route);
        // Rare futures are boxed: this one has space for the largest of those that it waits for.
        match endpoint {
            Ok(Endpoint::Pages(query)) if *request.method() == Method::POST => {
                let answer = self.posts.answer(query, std::mem::take(request), context);
                Box::pin(answer).await.unwrap_or_else(Problem::into_response)
            }
            Ok(endpoint) => self.answer(&endpoint, (request.method(), request.headers()), context).await,
            Err(problem) => problem.into_response(),
        }
    }

    fn route_at(target: &str) -> Option<&'static str> {
        Some(Endpoint::at(&target.parse().ok()?).ok()?.route())
    }

    fn finish(&self, response: &mut Response) {
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    }

    async fn checks(&self) -> Vec<Check> {
        let cache = &self.pages.cache;
        vec![Check { part: cache.tier().name(), state: cache.state(), optional: true }]
    }

    fn register(&self, metrics: &mut kit::Metrics) {
        self.pages.register(metrics);
        self.representations.register(metrics);
        self.posts.register(metrics);
        self.pool.register(metrics);
    }
}
