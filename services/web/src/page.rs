//! Whole pages: frame, form and one fragment between.

use crate::{Site, failure::Failure};
use http::{HeaderValue, StatusCode, header};
use kit::Response;
use minijinja::{context, value::Serde};
use serde::Serialize;

const NO_STORE: &str = "no-store";
/// Shown again only after asking: the age on it would be wrong otherwise.
const NO_CACHE: &str = "no-cache";
/// What stands in for a page whose templates are broken.
const BROKEN_PAGE: &str = include_str!("../static/broken.html");
/// The same, where a part of the page has been sent.
const BROKEN_PART: &str =
    "<section role=\"alert\"><h1>Something broke</h1><p>Try again in a minute.</p></section>\n";

/// What `error.html` gets.
#[derive(Serialize)]
struct Error<'a> {
    #[serde(flatten)]
    words: crate::words::Words,
    status: u16,
    typed: &'a str,
    retry_after: Option<u32>,
}

/// The page's begin, up to where its content stands.
pub(crate) fn top(site: &Site, title: &str, typed: &str) -> Option<String> {
    let version = site.assets.version();
    site.templates.render("top.html", context! { title, typed, version })
}

/// The page's end.
pub(crate) fn bottom(site: &Site) -> Option<String> {
    site.templates.render("bottom.html", ())
}

/// What stands where the result will.
pub(crate) fn waiting(site: &Site, typed: &str) -> Option<String> {
    site.templates.render("waiting.html", context! { typed })
}

/// The form, and what it is for.
pub(crate) fn form(site: &Site) -> Response {
    let fragment = site.templates.render("form.html", ());
    let whole = fragment.and_then(|fragment| whole(site, "", "", &fragment));
    whole.map_or_else(broken, |page| html(StatusCode::OK, NO_CACHE, page))
}

/// A result.
pub(crate) fn result(site: &Site, typed: &str, fragment: &str) -> Response {
    let whole = whole(site, &title(typed), typed, fragment);
    whole.map_or_else(broken, |page| html(StatusCode::OK, NO_CACHE, page))
}

/// An error page with its status, the form filled with what was `typed`.
pub(crate) fn error(site: &Site, failure: &Failure, typed: &str) -> Response {
    let fragment = fragment(site, failure, typed);
    let title = failure.words().title;
    let Some(page) = fragment.and_then(|fragment| whole(site, title, typed, &fragment)) else {
        return broken();
    };
    let mut response = html(failure.status(), NO_STORE, page);
    if let Some(seconds) = failure.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// An error in the place of a result, where the frame has been sent.
pub(crate) fn error_part(site: &Site, failure: &Failure, typed: &str) -> String {
    fragment(site, failure, typed).unwrap_or_else(|| BROKEN_PART.to_owned())
}

/// What a page of links is called.
pub(crate) fn title(typed: &str) -> String {
    format!("Links of {typed}")
}

/// An answer whose body comes later; it may become an error, so it is not stored.
pub(crate) fn streamed(body: kit::Body) -> Response {
    let mut response = html(StatusCode::OK, NO_STORE, Vec::new());
    *response.body_mut() = body;
    // A proxy that waits for the whole answer would hold back the frame.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn whole(site: &Site, title: &str, typed: &str, fragment: &str) -> Option<String> {
    let mut page = top(site, title, typed)?;
    page.push_str(fragment);
    page.push_str(&bottom(site)?);
    Some(page)
}

fn fragment(site: &Site, failure: &Failure, typed: &str) -> Option<String> {
    let status = failure.status().as_u16();
    let error = Error { words: failure.words(), status, typed, retry_after: failure.retry_after };
    site.templates.render("error.html", Serde(error))
}

fn broken() -> Response {
    html(StatusCode::INTERNAL_SERVER_ERROR, NO_STORE, BROKEN_PAGE)
}

fn html(status: StatusCode, life: &'static str, page: impl Into<bytes::Bytes>) -> Response {
    let mut response = Response::new(kit::full(page));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(life));
    response
}
