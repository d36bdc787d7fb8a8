//! The web page: a form, and the links of a page with their domains.
//!
//! Promises: works without JavaScript, escapes all values, shows no internals.
//! Does not know: how links are extracted or cached. It asks the API by HTTP, and works with any implementation of it.

mod api;
mod assets;
mod download;
mod error;
mod headers;
mod link_table;
mod metrics;
mod page;
mod page_query;
mod public_api;
mod readable_domain;
mod result;
mod search;
mod selection;
mod settings;
mod state;
mod templates;
mod user_url;

pub use settings::WebSettings;

use api::Caller;
use assets::Asset;
use error::{WebError, WebErrorKind};
use http::{Method, request::Parts};
use kit::{Request, RequestContext, Response, Service};
use page_query::PageQuery;
use state::WebState;
use std::{sync::Arc, time::Duration};

/// The methods that every address allows.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// The service.
#[derive(Debug)]
pub struct Web {
    state: Arc<WebState>,
    whole_within: Duration,
}

impl Web {
    /// A service with `settings` that renders on `pool`; an error names the setting that cannot be used.
    pub fn new(settings: &WebSettings, pool: kit::CpuPool) -> Result<Self, String> {
        let state = Arc::new(WebState::new(settings, pool)?);
        Ok(Self { state, whole_within: Duration::from_millis(100) })
    }

    /// Sends the frame of a page first if its links are not known within `time`, by default 100 ms.
    #[must_use]
    pub fn whole_within(self, time: Duration) -> Self {
        Self { whole_within: time, ..self }
    }

    async fn route(&self, request: &Parts, context: &mut RequestContext) -> Response {
        let state = &self.state;
        let asset = Asset::at(request.uri.path());
        if request.uri.path() != "/" && asset.is_none() {
            return page::error(state, &WebError::new(WebErrorKind::NotFound), "");
        }
        if request.method == Method::OPTIONS {
            return kit::errors::other_method(&request.method, METHODS);
        }
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return self.refuse(kit::errors::method_not_allowed(METHODS));
        }
        if let Some(asset) = asset {
            return state.assets.respond(asset, request);
        }
        let caller = Caller::of(context);
        let query = request.uri.query().unwrap_or_default();
        match PageQuery::parse(query) {
            Ok(None) => page::form(state),
            Ok(Some(query)) => {
                context.requested_url = Some(query.url.as_str().to_owned());
                match query.format {
                    Some(format) => download::respond(state, query, format, caller).await,
                    None => result::respond(state, query, caller, self.whole_within).await,
                }
            }
            Err(kind) => page::error(state, &WebError::new(kind), &page_query::user_input(query)),
        }
    }
}

/// The pattern of the route at `path`.
fn route(path: &str) -> &'static str {
    match path {
        "/" => "/",
        path if Asset::at(path).is_some() => "/{asset}",
        _ => "/{unknown}",
    }
}

impl Service for Web {
    async fn handle(&self, request: &mut Request, context: &mut RequestContext) -> Response {
        let (request, _) = std::mem::take(request).into_parts();
        context.route = Some(route(request.uri.path()));
        let response = self.route(&request, context).await;
        self.state.compressor.compressed(&request.headers, response).await
    }

    fn route_at(target: &str) -> Option<&'static str> {
        Some(route(target.split('?').next().unwrap_or_default()))
    }

    fn refuse(&self, problem: kit::Problem) -> Response {
        let mut response = page::error(&self.state, &WebError::rejected(&problem), "");
        *response.status_mut() = problem.status;
        response.headers_mut().extend(problem.headers.iter().cloned());
        response
    }

    fn finish(&self, response: &mut Response) {
        headers::secure(response.headers_mut());
    }

    fn register(&self, metrics: &mut kit::Metrics) {
        self.state.register(metrics);
    }

    async fn checks(&self) -> Vec<kit::Check> {
        // Optional: without the API, the form and the error pages still work.
        vec![kit::Check { part: "api", state: self.state.api.check().await, optional: true }]
    }
}
