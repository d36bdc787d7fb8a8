//! `GET /api/<url>` and `GET /api?url=<url-encoded>`: the links of a page.

use crate::{
    Parts,
    answer::answer,
    directives::Directives,
    entry::Outcome,
    extraction_log::Lookup,
    pages::{Found, Source},
    problems::Failure,
    target::TargetError,
};
use fetch::PageUrl;
use http::HeaderMap;
use kit::Response;

/// The links of the page at `url`, in the form that `headers` prefer.
pub(crate) async fn links_of(
    parts: &Parts,
    url: Result<String, TargetError>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let found = find(parts, &url?, &Directives::of(headers)).await?;
    Ok(answer(parts.pages.extractor(), &found, headers).await)
}

/// The result for the page at `url`; an extraction is a line in the log.
pub(super) async fn find(parts: &Parts, url: &str, directives: &Directives) -> Result<Found, Failure> {
    let page = PageUrl::parse(url)?;
    let found = parts.pages.find(&page, directives).await?;
    if let Outcome::Links(_) = found.entry.outcome {
        let lookup = if found.source == Source::Hit { Lookup::Hit } else { Lookup::Miss };
        parts.log.append(lookup, &page);
    }
    Ok(found)
}
