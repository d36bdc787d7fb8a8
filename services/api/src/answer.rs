//! The answer to a request for a page: links in the form the client prefers, and what HTTP caches need.

use crate::{
    entry::{Entry, Links, Outcome},
    extraction::{self, Extractor},
    negotiation::{entity_tag, preferred},
    pages::{Found, Source},
    problems::Failure,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kit::Response;
use links::format::Format;
use std::fmt::{self, Display};

/// The name of this cache in `Cache-Status`.
const CACHE: &str = "linkextractor";
const CACHE_STATUS: http::HeaderName = http::HeaderName::from_static("cache-status");

/// Answers with what was found, to a request with `headers`.
pub(crate) async fn answer(extractor: &Extractor, found: &Found, headers: &HeaderMap) -> Response {
    let mut response = match &found.entry.outcome {
        Outcome::Links(links) => with_links(extractor, &found.entry, links, headers).await,
        Outcome::Failure(error) => Failure::from(error.clone()).problem(found.entry.age()).into_response(),
    };
    response.headers_mut().insert(CACHE_STATUS, value(CacheStatus(found)));
    // Also of misses: who waited for another's fetch has a result that is a little old already.
    response.headers_mut().insert(header::AGE, HeaderValue::from(found.entry.age().as_secs()));
    response
}

async fn with_links(extractor: &Extractor, entry: &Entry, links: &Links, headers: &HeaderMap) -> Response {
    let form = preferred(headers);
    let tag = entity_tag(form, links.tag);
    let mut response = if kit::not_modified(headers, &tag) {
        let mut response = Response::new(kit::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let body = match form {
            Format::Json => Some(links.json.clone()),
            other => extraction::rewrite(extractor, links, other).await.map(Into::into),
        };
        let Some(body) = body else {
            return Failure::Internal.problem(entry.age()).into_response();
        };
        let mut response = Response::new(kit::full(body));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
        response
    };
    let fields = response.headers_mut();
    fields.insert(header::ETAG, value(tag));
    fields.insert(header::VARY, HeaderValue::from_static("Accept"));
    fields.insert(header::CACHE_CONTROL, value(format_args!("max-age={}", entry.life().as_secs())));
    fields.insert(header::LINK, value(format_args!("<{}>; rel=\"describes\"", links.page)));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The value of `Cache-Status` (RFC 9211).
struct CacheStatus<'a>(&'a Found);

impl Display for CacheStatus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source {
            Source::Hit => write!(f, "{CACHE}; hit; ttl={}", self.0.entry.remaining().as_secs()),
            Source::Forwarded { by_request, stored, collapsed } => {
                write!(f, "{CACHE}; fwd={}", if by_request { "request" } else { "miss" })?;
                if stored {
                    f.write_str("; stored")?;
                }
                if collapsed {
                    f.write_str("; collapsed")?;
                }
                Ok(())
            }
        }
    }
}

/// A field's value from text that is ASCII by construction: numbers, tokens, serialized URLs.
fn value(text: impl Display) -> HeaderValue {
    HeaderValue::try_from(text.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}
