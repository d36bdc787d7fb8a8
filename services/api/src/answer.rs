//! The response to a request for a page: the links in the negotiated format, or the problem, with the cache fields.

use crate::{
    answer_fields::{AnswerKind, value},
    cached_result::PageLinks,
    conversion::unconverted,
    error::ApiError,
    link_query::LinkQuery,
    negotiation::AnswerForm,
    page_service::FoundResult,
    representations::Representations,
    result_source::{FetchReason, ResultSource},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kit::{ClientKey, ContentCoding, Response};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const UNRESOLVED: HeaderName = HeaderName::from_static("linkextractor-unresolved");
const APPROXIMATE: HeaderName = HeaderName::from_static("linkextractor-approximate");

/// The response in `form` to a request with this `query` and `headers`, if what was found are links that are sent as they
/// are cached: most hits.
pub(crate) fn answer_at_once(
    found: &FoundResult,
    (form, query): (AnswerForm, &LinkQuery),
    headers: &HeaderMap,
) -> Option<Response> {
    let links = found.result.result.as_ref().ok()?;
    let body = unconverted(&links.json, form).filter(|_| !headers.contains_key(header::IF_NONE_MATCH))?;
    let mut response = Response::new(kit::full(body.bytes));
    *response.headers_mut() = fields(found, links, kind_of(found, (form, None), query));
    Some(response)
}

/// The response in `form` with what was found to a request of `client` with `headers` and this `query`.
pub(crate) async fn answer(
    representations: &Representations,
    found: &FoundResult,
    (form, query): (AnswerForm, &LinkQuery),
    (client, headers): (ClientKey, &HeaderMap),
) -> Response {
    let error = match &found.result.result {
        Ok(links) => {
            match with_links(representations, found, links, (form, query), (client, headers)).await {
                Ok(response) => return response,
                Err(error) => error,
            }
        }
        Err(error) => error.clone().into(),
    };
    let mut response = error.problem(found.age).into_response();
    add_source(response.headers_mut(), kind_of(found, (form, None), query));
    response
}

async fn with_links(
    representations: &Representations,
    found: &FoundResult,
    links: &PageLinks,
    (form, query): (AnswerForm, &LinkQuery),
    (client, headers): (ClientKey, &HeaderMap),
) -> Result<Response, ApiError> {
    let converted = || representations.get(&found.result, links, form, client);
    // Of other forms, only what is made has a known length, on which the coding depends.
    let made = match form.coding {
        Some(_) if !form.is_cached() => Some(converted().await?),
        _ => None,
    };
    let coding = match &made {
        Some(made) => made.coding,
        None => form.coding.and_then(|preference| preference.for_length(links.json.len())),
    };
    let mut fields = fields(found, links, kind_of(found, (form, coding), query));
    let tag = fields.get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
    let mut response = Response::new(kit::empty());
    if kit::not_modified(headers, tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        fields.remove(header::CONTENT_TYPE);
        fields.remove(header::CONTENT_ENCODING);
    } else {
        let made = match made {
            Some(made) => made,
            None => converted().await?,
        };
        *response.body_mut() = kit::full(made.bytes);
    }
    *response.headers_mut() = fields;
    Ok(response)
}

/// The kind of the answer to `query` with what was found.
fn kind_of(
    found: &FoundResult,
    (form, coding): (AnswerForm, Option<ContentCoding>),
    query: &LinkQuery,
) -> AnswerKind {
    let (source, age, ttl) = (found.source, found.age.as_secs(), found.result.ttl(found.age));
    let form = AnswerForm { coding: None, ..form };
    AnswerKind { form, coding, is_format_given: query.format.is_some(), source, age, ttl }
}

/// The fields of an answer of this `kind` with `links`, which are those that were found.
fn fields(found: &FoundResult, links: &PageLinks, kind: AnswerKind) -> HeaderMap {
    let known = found.result.fields(links);
    known.of(kind, |fields| {
        fields.insert(header::ETAG, known.entity_tag(kind.form, kind.coding));
        fields.insert(header::CACHE_CONTROL, known.cache_control.clone());
        if let Some(link) = &known.link {
            fields.insert(header::LINK, link.clone());
        }
        describe(fields, links, kind.form, kind.coding, kind.is_format_given);
        add_source(fields, kind);
    })
}

/// Adds the fields about the cache.
fn add_source(fields: &mut HeaderMap, kind: AnswerKind) {
    fields.insert(CACHE_STATUS, cache_status(kind.source, kind.ttl));
    // Also for a miss: the result of a shared job is a little old already.
    fields.insert(header::AGE, kind.age.into());
}

/// Adds the fields about `links` in `form` and `coding` that need no cache. The query may have given the format.
pub(crate) fn describe(
    fields: &mut HeaderMap,
    links: &PageLinks,
    form: AnswerForm,
    coding: Option<ContentCoding>,
    is_format_given: bool,
) {
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.format.media_type()));
    if let Some(coding) = coding {
        fields.insert(header::CONTENT_ENCODING, coding.field());
    }
    let vary = if is_format_given { "Accept-Encoding" } else { "Accept, Accept-Encoding" };
    fields.insert(header::VARY, HeaderValue::from_static(vary));
    if links.unresolved > 0 {
        fields.insert(UNRESOLVED, HeaderValue::from(links.unresolved));
    }
    if links.approximate {
        fields.insert(APPROXIMATE, HeaderValue::from_static("?1"));
    }
}

/// The value of `Cache-Status` (RFC 9211) of a result that expires in `ttl` seconds.
fn cache_status(source: ResultSource, ttl: i64) -> HeaderValue {
    let reason = outcome(source);
    match source {
        ResultSource::Cache(tier) => {
            value(format_args!("linkextractor; hit; ttl={ttl}; detail={}", tier.name()))
        }
        ResultSource::StaleIfError => {
            value(format_args!("linkextractor; fwd={reason}; detail=stale-if-error"))
        }
        ResultSource::Fetch { stored, collapsed, renewed, .. } => {
            let stored = if stored { "; stored" } else { "" };
            let collapsed = if collapsed { "; collapsed" } else { "" };
            let renewed = if renewed { "; detail=renewed" } else { "" };
            value(format_args!("linkextractor; fwd={reason}{stored}{collapsed}{renewed}"))
        }
    }
}

/// `hit`, or the reason for the fetch in the words of RFC 9211, section 2.2.
pub(crate) fn outcome(source: ResultSource) -> &'static str {
    match source {
        ResultSource::Cache(_) => "hit",
        ResultSource::Fetch { reason: FetchReason::Miss, .. } => "miss",
        ResultSource::Fetch { reason: FetchReason::Stale, .. } | ResultSource::StaleIfError => "stale",
        ResultSource::Fetch { reason: FetchReason::Request, .. } => "request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Tier;
    use crate::cached_result::CachedResult;
    use crate::extraction_pool::ExtractionPool;
    use fetch::{FetchError, JobClient};
    use kit::{CpuPool, SharedBudget};
    use std::{sync::Arc, time::Duration};

    #[tokio::test]
    async fn the_cache_outcome_for_the_access_log_agrees_with_cache_status() {
        let representations = Representations::new(
            &ExtractionPool::new(&CpuPool::new(1).unwrap(), 0, SharedBudget::new(0, 0)),
            0,
        );
        let cached = Arc::new(CachedResult::new(Err(FetchError::NotHtml), Duration::from_secs(9)));
        let query = LinkQuery::default();
        let fetched = |reason, renewed: bool| ResultSource::Fetch {
            reason,
            stored: true,
            collapsed: !renewed,
            renewed,
        };
        for (source, outcome, status) in [
            (ResultSource::Cache(Tier::Redis), "hit", "linkextractor; hit; ttl=9; detail=redis"),
            (ResultSource::StaleIfError, "stale", "linkextractor; fwd=stale; detail=stale-if-error"),
            (fetched(FetchReason::Miss, false), "miss", "linkextractor; fwd=miss; stored; collapsed"),
            (fetched(FetchReason::Stale, true), "stale", "linkextractor; fwd=stale; stored; detail=renewed"),
            (
                fetched(FetchReason::Request, false),
                "request",
                "linkextractor; fwd=request; stored; collapsed",
            ),
        ] {
            let found = FoundResult::now(Arc::clone(&cached), source);
            let (client, headers) = (JobClient::own().key, HeaderMap::new());
            let form = AnswerForm::of(&query, &headers);
            let response = answer(&representations, &found, (form, &query), (client, &headers)).await;
            assert_eq!(super::outcome(source), outcome);
            assert_eq!(response.headers()[CACHE_STATUS], status);
        }
    }
}
