//! `GET /api/<url>` and `GET /api?url=<url-encoded>`: the links of a page.

use crate::{
    answer::answer, cache_control::CacheDirectives, error::ApiError, page_service::Found,
    request_target::RequestTargetError, state::ApiState,
};
use fetch::PageUrl;
use http::HeaderMap;
use kit::Response;

/// The links of the page at `url`, in the format that `headers` prefer.
pub(crate) async fn page(
    state: &ApiState,
    url: Result<String, RequestTargetError>,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let (cached, source) = find(state, &url?, &CacheDirectives::of(headers)).await?;
    Ok(answer(&state.pages.extractor, &cached, source, headers).await)
}

/// The result for the page at `url`; if there are links, the extraction log gets a line.
pub(super) async fn find(state: &ApiState, url: &str, directives: &CacheDirectives) -> Found {
    let page = PageUrl::parse(url)?;
    let (cached, source) = state.pages.find(&page, directives).await?;
    if cached.result.is_ok() {
        state.log.append(source, &page);
    }
    Ok((cached, source))
}
