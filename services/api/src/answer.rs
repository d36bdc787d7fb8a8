//! The response to a request for a page: the links in the negotiated format, or the problem, with the cache fields.

use crate::{
    answer_fields::value,
    cached_result::{CachedResult, FetchReason, PageLinks, ResultSource},
    conversion::Converted,
    error::ApiError,
    link_query::LinkQuery,
    negotiation::AnswerForm,
    representations::Representations,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kit::{ClientKey, Response};
use std::sync::Arc;

/// The fields of an answer, with those that the server adds: none needs a larger map on its way.
const FIELDS: usize = 12;
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const UNRESOLVED: HeaderName = HeaderName::from_static("linkextractor-unresolved");
const APPROXIMATE: HeaderName = HeaderName::from_static("linkextractor-approximate");

/// The response with `cached`, which came from `source`, to a request of `client` with `headers` and this `query`.
pub(crate) async fn answer(
    representations: &Representations,
    cached: &Arc<CachedResult>,
    source: ResultSource,
    query: &LinkQuery,
    (client, headers): (ClientKey, &HeaderMap),
) -> Response {
    let age = cached.age();
    let mut response = match &cached.result {
        Ok(links) => with_links(representations, cached, links, query, (client, headers)).await,
        Err(error) => ApiError::from(error.clone()).problem(age).into_response(),
    };
    let fields = response.headers_mut();
    fields.insert(CACHE_STATUS, cache_status(source, cached.ttl(age)));
    // Also for a miss: the result of a shared job is a little old already.
    fields.insert(header::AGE, age.as_secs().into());
    response
}

async fn with_links(
    representations: &Representations,
    cached: &Arc<CachedResult>,
    links: &PageLinks,
    query: &LinkQuery,
    (client, headers): (ClientKey, &HeaderMap),
) -> Response {
    let form = AnswerForm::of(query, headers);
    // Of other forms, only what is made has a known length, on which the coding depends.
    let made = match form.coding {
        Some(_) if !form.is_cached() => Some(representations.get(cached, links, form, client).await),
        _ => None,
    };
    let coding = match &made {
        Some(made) => made.as_ref().ok().and_then(|made| made.coding),
        None => form.coding.and_then(|preference| preference.for_length(links.json.len())),
    };
    let known = cached.fields(links);
    let tag = known.entity_tag(form, coding);
    let mut response = Response::new(kit::empty());
    response.headers_mut().reserve(FIELDS);
    if kit::not_modified(headers, tag.to_str().unwrap_or_default()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        let made = match made {
            Some(made) => made,
            None => representations.get(cached, links, form, client).await,
        };
        match made {
            Ok(made) => with_body(&mut response, form, made),
            Err(error) => return error.into_response(),
        }
    }
    let fields = response.headers_mut();
    fields.insert(header::ETAG, tag);
    fields.insert(header::CACHE_CONTROL, known.cache_control.clone());
    if let Some(link) = &known.link {
        fields.insert(header::LINK, link.clone());
    }
    describe(fields, links, query);
    response
}

/// Gives `response` the body in `form` that was made, and the fields about it.
pub(crate) fn with_body(response: &mut Response, form: AnswerForm, made: Converted<Bytes>) {
    *response.body_mut() = kit::full(made.bytes);
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.format.media_type()));
    if let Some(coding) = made.coding {
        fields.insert(header::CONTENT_ENCODING, coding.field());
    }
}

/// Adds the fields about `links`, in an answer to `query`, that need no cache.
pub(crate) fn describe(fields: &mut HeaderMap, links: &PageLinks, query: &LinkQuery) {
    let vary = if query.format.is_some() { "Accept-Encoding" } else { "Accept, Accept-Encoding" };
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
    use crate::extraction_pool::ExtractionPool;
    use fetch::{FetchError, JobClient};
    use kit::{CpuPool, SharedBudget};
    use std::time::Duration;

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
            let response =
                answer(&representations, &cached, source, &query, (JobClient::own().key, &HeaderMap::new()))
                    .await;
            assert_eq!(super::outcome(source), outcome);
            assert_eq!(response.headers()[CACHE_STATUS], status);
        }
    }
}
