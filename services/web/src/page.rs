//! Whole pages: the frame with the form, and in it what one template makes.

use crate::{error::WebError, state::WebState};
use http::{HeaderValue, StatusCode, header};
use kit::{ErrorCode, Response};
use minijinja::{Value, context};

const NO_STORE: &str = "no-store";
/// Cached pages are revalidated, because the age that they show goes on.
const NO_CACHE: &str = "no-cache";
/// Header fields that a response has in the end, at most.
const FIELDS: usize = 12;
/// Replaces a page whose templates are broken.
const BROKEN_PAGE: &str = include_str!("../static/broken.html");
/// Replaces a fragment whose template is broken, where the frame has been sent.
const BROKEN_FRAGMENT: &str =
    "<section role=\"alert\"><h1>Something went wrong</h1><p>Try again in a minute.</p></section>\n";

/// A page as HTML.
#[derive(Debug, Default)]
pub(crate) struct PageHtml {
    pub(crate) html: Vec<u8>,
    /// Where in it the frame ends and the rest of the page begins.
    pub(crate) start: usize,
}

/// The start page.
pub(crate) fn form(state: &WebState) -> Response {
    let page = whole(state, PageHtml::default(), "", None, "form.html", ());
    page.map_or_else(broken, |page| html(StatusCode::OK, NO_CACHE, page.html))
}

/// The page with the links of `url`, which is the address of a page with this `title`; about `length` bytes.
pub(crate) fn with_links(
    state: &WebState,
    url: &str,
    title: Option<&str>,
    length: usize,
    view: impl Into<Value>,
) -> Option<PageHtml> {
    let page = PageHtml { html: Vec::with_capacity(length), start: 0 };
    whole(state, page, &links_of(title.unwrap_or(url)), Some(url), "result.html", view)
}

/// The response with such a page.
pub(crate) fn result(page: PageHtml) -> Response {
    html(StatusCode::OK, NO_CACHE, page.html)
}

/// The page of an error; its form holds the visitor's `input`.
pub(crate) fn error(state: &WebState, error: &WebError, input: &str) -> Response {
    let context = error_context(state, error, input);
    let Some(page) =
        whole(state, PageHtml::default(), error.text().title, Some(input), "error.html", context)
    else {
        return broken();
    };
    let mut response = html(error.status(), NO_STORE, page.html);
    response.extensions_mut().insert(ErrorCode::new(error.kind.code()));
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// What comes before the links of `url`: the frame, and a progress bar.
pub(crate) fn frame(state: &WebState, url: &str) -> Option<Vec<u8>> {
    let mut html = Vec::new();
    top(state, &mut html, &links_of(url), Some(url))?;
    state.templates.render(&mut html, "waiting.html", context! { typed => url })?;
    Some(html)
}

/// An error, and what else follows such a frame.
pub(crate) fn late_error(state: &WebState, error: &WebError, input: &str) -> Vec<u8> {
    let mut html = Vec::new();
    if state.templates.render(&mut html, "error.html", error_context(state, error, input)).is_none() {
        html = BROKEN_FRAGMENT.into();
    }
    // Without the rest of the frame the page still shows the error.
    let _ = bottom(state, &mut html);
    html
}

/// A page whose body follows in parts. It may still become an error, so it is not stored; `code` is set then.
pub(crate) fn streamed(body: kit::Body, code: ErrorCode) -> Response {
    let mut response = html(StatusCode::OK, NO_STORE, "").map(|_| body);
    response.extensions_mut().insert(code);
    // nginx would buffer the frame.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Adds the whole page to an empty `page`: `template` with `context` between the two parts of the frame.
fn whole(
    state: &WebState,
    mut page: PageHtml,
    title: &str,
    input: Option<&str>,
    template: &str,
    context: impl Into<Value>,
) -> Option<PageHtml> {
    top(state, &mut page.html, title, input)?;
    page.start = page.html.len();
    state.templates.render(&mut page.html, template, context)?;
    bottom(state, &mut page.html)?;
    Some(page)
}

/// Adds the first part of the frame: with a form that holds `input`, but on the start page, which has one of its own.
fn top(state: &WebState, html: &mut Vec<u8>, title: &str, input: Option<&str>) -> Option<()> {
    let version = &state.assets.version;
    let (home, typed) = (input.is_none(), input.unwrap_or_default());
    state.templates.render(html, "top.html", context! { title, home, typed, version })
}

/// Adds the second part of the frame.
fn bottom(state: &WebState, html: &mut Vec<u8>) -> Option<()> {
    let description = state.public_api.as_ref().map(|api| &api.description);
    let (source, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
    state.templates.render(html, "bottom.html", context! { description, source, version })
}

fn links_of(page: &str) -> String {
    format!("Links of {page}")
}

fn error_context(state: &WebState, error: &WebError, input: &str) -> Value {
    let (text, what) = (error.text(), error.what());
    let (title, advice) = (text.title, text.advice(state.suggest_allow_private));
    let (status, retry_after) = (error.status().as_u16(), error.retry_after);
    context! { title, what, advice, status, retry_after, typed => input }
}

fn broken() -> Response {
    html(StatusCode::INTERNAL_SERVER_ERROR, NO_STORE, BROKEN_PAGE)
}

fn html(status: StatusCode, cache_control: &'static str, page: impl Into<bytes::Bytes>) -> Response {
    let mut response = Response::new(kit::full(page));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(FIELDS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}
