//! `POST /api`: what is sent, by its media type. URLs are answered with a line for each page, a page with its links.

use crate::{
    batch, link_query::LinkQuery, page_service::PageService, post_bodies::PostBodies, posted_page,
    problem_types::problem, request_target::RequestTargetError,
};
use fetch::JobClient;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use kit::{ByteBudget, Compressor, Problem, Request, RequestContext, Response};
use std::sync::Arc;

/// The media types that are read.
const ACCEPTED: &str =
    "text/uri-list, application/x-ndjson, application/json, text/html, application/xhtml+xml";
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// Answers POST requests.
pub(crate) struct PostHandler {
    pub(crate) pages: Arc<PageService>,
    pub(crate) bodies: PostBodies,
    /// The most bytes of a page.
    pub(crate) max_bytes: usize,
    /// The memory for lines that wait for their clients.
    pub(crate) lines: ByteBudget,
    pub(crate) compressor: Compressor,
}

impl PostHandler {
    /// Adds the metrics of its memory.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        metrics.budget("batch_lines", &self.lines);
        self.bodies.register(metrics);
        self.compressor.register(metrics);
    }

    /// Answers a request to `/api` with this `query`, which has an effect only for a page, but has to be valid.
    pub(crate) async fn answer(
        &self,
        query: Result<LinkQuery, RequestTargetError>,
        request: Request,
        context: &RequestContext,
    ) -> Result<Response, Problem> {
        let headers = request.headers();
        if headers.contains_key(header::CONTENT_ENCODING) {
            let detail = "Send the body without a content coding.";
            let problem = problem("unsupported-media-type", None).detail(detail);
            return Err(problem.header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")));
        }
        let (query, url) = posted_page::parse(query)?;
        if let Some(declared) = fetch::declared_page(headers) {
            let (head, body) = request.into_parts();
            let client = JobClient::of(context.client);
            let body = self.bodies.read(body, self.max_bytes, client.key).await?;
            return posted_page::answer(&self.pages, &query, url, declared, body, (client, &head.headers))
                .await;
        }
        let Some(parse) = batch::parser(essence(headers).as_str()) else {
            let detail = format!("Send one of {ACCEPTED}.");
            let problem = problem("unsupported-media-type", None).detail(detail);
            return Err(problem.header(ACCEPT_POST, HeaderValue::from_static(ACCEPTED)));
        };
        let headers = headers.clone();
        let lines = batch::answer(&self.pages, &self.bodies, &self.lines, parse, request, context).await?;
        Ok(self.compressor.compressed(&headers, lines).await)
    }
}

/// The media type of the body, without its parameters.
fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
