//! Whole pages: the frame with the form, and one fragment in it.

use crate::{error::WebError, state::WebState};
use http::{HeaderValue, StatusCode, header};
use kit::{ErrorCode, Response};
use minijinja::context;

const NO_STORE: &str = "no-store";
/// Cached pages are revalidated, because the age that they show goes on.
const NO_CACHE: &str = "no-cache";
/// Replaces a page whose templates are broken.
const BROKEN_PAGE: &str = include_str!("../static/broken.html");
/// Replaces a fragment whose template is broken, where the frame has been sent.
const BROKEN_FRAGMENT: &str =
    "<section role=\"alert\"><h1>Something went wrong</h1><p>Try again in a minute.</p></section>\n";

/// The start page.
pub(crate) fn form(state: &WebState) -> Response {
    let fragment = state.templates.render("form.html", ());
    let page = fragment.and_then(|fragment| Some([top(state, "", None)?, fragment, bottom(state)?].concat()));
    page.map_or_else(broken, |page| html(StatusCode::OK, NO_CACHE, page))
}

/// The page with the links of `url`, which is the address of a page with this `title`.
pub(crate) fn result(state: &WebState, url: &str, title: Option<&str>, fragment: &str) -> Response {
    let page = whole(state, &links_of(title.unwrap_or(url)), url, fragment);
    page.map_or_else(broken, |page| html(StatusCode::OK, NO_CACHE, page))
}

/// The page of an error; its form holds the visitor's `input`.
pub(crate) fn error(state: &WebState, error: &WebError, input: &str) -> Response {
    let fragment = render_error(state, error, input);
    let Some(page) = fragment.and_then(|fragment| whole(state, error.text().title, input, &fragment)) else {
        return broken();
    };
    let mut response = html(error.status(), NO_STORE, page);
    response.extensions_mut().insert(ErrorCode::new(error.kind.code()));
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// An error for a page whose frame has been sent.
pub(crate) fn error_fragment(state: &WebState, error: &WebError, input: &str) -> String {
    render_error(state, error, input).unwrap_or_else(|| BROKEN_FRAGMENT.to_owned())
}

/// The frame of the page with the links of `url`: what comes before them, a progress bar included, and what comes after.
pub(crate) fn frame(state: &WebState, url: &str) -> Option<(String, String)> {
    let waiting = state.templates.render("waiting.html", context! { typed => url })?;
    Some((top(state, &links_of(url), Some(url))? + &waiting, bottom(state)?))
}

/// A page whose body follows in parts. It may still become an error, so it is not stored; `code` is set then.
pub(crate) fn streamed(body: kit::Body, code: ErrorCode) -> Response {
    let mut response = html(StatusCode::OK, NO_STORE, "").map(|_| body);
    response.extensions_mut().insert(code);
    // nginx would buffer the frame.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn whole(state: &WebState, title: &str, input: &str, fragment: &str) -> Option<String> {
    Some([&*top(state, title, Some(input))?, fragment, &bottom(state)?].concat())
}

/// What comes before the fragment: with a form that holds `input`, but on the start page, which has one of its own.
fn top(state: &WebState, title: &str, input: Option<&str>) -> Option<String> {
    let version = &state.assets.version;
    let (home, typed) = (input.is_none(), input.unwrap_or_default());
    state.templates.render("top.html", context! { title, home, typed, version })
}

fn bottom(state: &WebState) -> Option<String> {
    let description = state.public_api.as_ref().map(|api| &api.description);
    let (source, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
    state.templates.render("bottom.html", context! { description, source, version })
}

fn links_of(page: &str) -> String {
    format!("Links of {page}")
}

fn render_error(state: &WebState, error: &WebError, input: &str) -> Option<String> {
    let (text, what) = (error.text(), error.what());
    let (title, advice) = (text.title, text.advice(state.suggest_allow_private));
    let (status, retry_after) = (error.status().as_u16(), error.retry_after);
    state
        .templates
        .render("error.html", context! { title, what, advice, status, retry_after, typed => input })
}

fn broken() -> Response {
    html(StatusCode::INTERNAL_SERVER_ERROR, NO_STORE, BROKEN_PAGE)
}

fn html(status: StatusCode, cache_control: &'static str, page: impl Into<bytes::Bytes>) -> Response {
    let mut response = Response::new(kit::full(page));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}
