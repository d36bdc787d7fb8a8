//! The state that all requests share, and the request to the API behind each page of links.

use crate::{
    api::{ApiClient, ApiResponse},
    assets::Assets,
    error::{WebError, WebErrorKind},
    metrics::WebMetrics,
    page_query::PageQuery,
    settings::WebSettings,
    templates::Templates,
};
use kit::{CpuPool, RequestId};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tracing::info;

/// Bytes of a long response. Its processing takes several times as much memory.
const LONG: usize = 256 << 10;

/// The shared state.
#[derive(Debug)]
pub(crate) struct WebState {
    pub(crate) templates: Templates,
    pub(crate) assets: Assets,
    pub(crate) page_size: usize,
    pub(crate) metrics: WebMetrics,
    pub(crate) api: ApiClient,
    pool: CpuPool,
    /// One permit: long responses are processed one at a time, and leave threads to short ones.
    long_responses: Arc<Semaphore>,
}

impl WebState {
    pub(crate) fn new(settings: &WebSettings, pool: CpuPool) -> Result<Self, String> {
        let templates_dir = settings.templates_dir.as_deref();
        Ok(Self {
            templates: Templates::new(templates_dir)?,
            assets: Assets::new(templates_dir),
            page_size: settings.page_size,
            metrics: WebMetrics::default(),
            api: ApiClient::new(settings)?,
            pool,
            long_responses: Arc::new(Semaphore::new(1)),
        })
    }

    /// Requests the links of `query` from the API and runs `process` on the response, on the CPU pool. The outcome is
    /// counted and logged here, because the status of a page sent in two parts does not show it.
    pub(crate) async fn process<T: Send + 'static>(
        self: Arc<Self>,
        query: PageQuery,
        id: Option<RequestId>,
        process: impl FnOnce(&Self, &PageQuery, &ApiResponse) -> Result<T, WebError> + Send + 'static,
    ) -> Result<T, WebError> {
        let result: Result<T, WebError> = async {
            let response = self.api.links(&query.url, query.fresh, id.as_ref()).await?;
            let permit = if response.length() > LONG {
                Arc::clone(&self.long_responses).acquire_owned().await.ok()
            } else {
                None
            };
            let state = Arc::clone(&self);
            let job = move || {
                let _permit = permit;
                process(&state, &query, &response)
            };
            let panicked =
                || Err(WebError::with_cause(WebErrorKind::Internal, "a job on the CPU pool panicked"));
            self.pool.run(job).await.unwrap_or_else(panicked)
        }
        .await;
        let code = result.as_ref().map_or_else(|error| error.kind.code(), |_| "ok");
        self.metrics.count(code);
        if let Err(WebError { cause, .. }) = &result {
            info!(request_id = id.as_ref().map(RequestId::as_str), code, cause, "no links");
        }
        result
    }
}
