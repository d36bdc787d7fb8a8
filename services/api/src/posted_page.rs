//! The links of a page that a client sends itself: one that a browser has rendered, or that needs a login.

use crate::{
    answer::describe, answer_fields::describes, error::ApiError, extraction::ReceivedPage,
    link_query::LinkQuery, negotiation::AnswerForm, page_service::PageService, problem_types,
    request_target::RequestTargetError,
};
use bytes::Bytes;
use fetch::{FetchError, JobClient, PageUrl, ProcessorTime, Validators};
use http::{HeaderMap, HeaderValue, header};
use kit::{Problem, Reservation, Response};
use links::{Encoding, Syntax};
use std::time::Duration;

/// The query, and the URL in it, which may be a private one: nothing is fetched from there.
pub(crate) fn parse(
    query: Result<LinkQuery, RequestTargetError>,
) -> Result<(LinkQuery, Option<PageUrl>), Problem> {
    let query = query.map_err(|error| problem(error.into()))?;
    let url = query.url.as_deref().map(PageUrl::parse).transpose().map_err(|error| problem(error.into()))?;
    Ok((query, url))
}

/// Answers a request of `client` with these `headers` and this `body` with the body's links, resolved against `url`.
pub(crate) async fn answer(
    pages: &PageService,
    query: &LinkQuery,
    url: Option<PageUrl>,
    (syntax, declared): (Syntax, Option<&'static Encoding>),
    (body, reserved): (Bytes, Reservation),
    (client, headers): (JobClient, &HeaderMap),
) -> Result<Response, Problem> {
    let form = AnswerForm::of(query, headers);
    let page = ReceivedPage {
        body,
        declared,
        url: url.map(|url| url.as_url().clone()),
        syntax,
        form: Some(form),
        validators: Validators::default(),
        processor_time: ProcessorTime::default(),
    };
    let (links, converted) = pages.fetcher.posted(page, reserved, client).await.map_err(problem)?;
    let mut response = Response::new(kit::full(converted.bytes));
    let fields = response.headers_mut();
    if let Some(link) = describes(&links.url, links.title.as_deref()) {
        fields.insert(header::LINK, link);
    }
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    describe(fields, &links, form, converted.coding, query.format.is_some());
    Ok(response)
}

/// The problem for an error; here, the page is the content of the request.
fn problem(error: ApiError) -> Problem {
    match error {
        ApiError::Fetch(FetchError::TooLarge) => {
            let detail = "The page takes too much processor time.";
            problem_types::problem("content-too-large", None).detail(detail)
        }
        error => error.problem(Duration::ZERO),
    }
}
