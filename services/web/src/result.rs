//! The page with the links: sent whole if they are known in time, otherwise after its frame.

mod domains;
mod pagination;
mod rows;
mod strip;
pub(crate) mod text;
mod variables;
mod view;

use crate::{
    api::{ApiResponse, Caller},
    error::{WebError, WebErrorKind},
    page::{self, PageHtml},
    page_query::PageQuery,
    state::WebState,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use kit::{ErrorCode, Response};
use std::{future::ready, sync::Arc, time::Duration};
use tokio::time::timeout;
use view::ResultView;

/// The page of links or of an error. If it is not known within `whole_within`, its frame is sent first.
pub(crate) async fn respond(
    state: &Arc<WebState>,
    query: PageQuery,
    caller: Caller,
    whole_within: Duration,
) -> Response {
    let url = query.url.as_str().to_owned();
    let mut pending = Box::pin(Arc::clone(state).process(query, caller, render));
    match timeout(whole_within, &mut pending).await {
        Ok(Ok(page)) => page::result(page),
        Ok(Err(error)) => page::error(state, &error, &url),
        Err(_) => frame_first(state, url, pending),
    }
}

/// The frame, and the links or the error when `pending` is done. `pending` stops when the client leaves.
fn frame_first(
    state: &Arc<WebState>,
    url: String,
    pending: impl Future<Output = Result<PageHtml, WebError>> + Send + 'static,
) -> Response {
    let Some(frame) = page::frame(state, &url) else {
        return page::error(state, &WebError::new(WebErrorKind::Internal), &url);
    };
    let state = Arc::clone(state);
    let code = ErrorCode::default();
    let logged = code.clone();
    let rest = async move {
        let rest = pending.await.and_then(|page| {
            let overloaded =
                || WebError::with_cause(WebErrorKind::Overloaded, "too many links wait for clients");
            let reserved = state.late_links.try_reserve(page.html.len() as u64).ok_or_else(overloaded)?;
            Ok(reserved.hold(page.html).slice(page.start..))
        });
        rest.unwrap_or_else(|error| {
            code.set(error.kind.code());
            page::late_error(&state, &error, &url).into()
        })
    };
    let parts = stream::once(ready(Bytes::from(frame))).chain(stream::once(rest));
    page::streamed(kit::boxed(StreamBody::new(parts.map(|part| Ok(Frame::data(part))))), logged)
}

fn render(state: &WebState, query: &PageQuery, response: &ApiResponse) -> Result<PageHtml, WebError> {
    let links = response.links()?;
    let view = ResultView::new(&links, query, response, state);
    let page = page::with_links(state, query.url.as_str(), response.title.as_deref(), view.length(), view);
    page.ok_or_else(|| WebError::new(WebErrorKind::Internal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::WebSettings;
    use http_body_util::BodyExt;
    use kit::CpuPool;

    #[tokio::test]
    async fn late_links_without_memory_are_an_error_in_their_place() {
        let state = WebState::new(&WebSettings::default(), CpuPool::new(1).unwrap()).unwrap();
        let state = Arc::new(state);
        let page = async |fragment: &str| {
            let pending = ready(Ok(PageHtml { html: format!("frame{fragment}").into(), start: 5 }));
            let response = frame_first(&state, "http://a.example/".to_owned(), pending);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            String::from_utf8(body.to_vec()).unwrap()
        };
        let all = state.late_links.try_reserve(state.late_links.limit()).unwrap();
        let refused = page("<p>late</p>").await;
        assert!(refused.contains("role=\"alert\"") && !refused.contains("<p>late</p>"), "{refused}");
        drop(all);
        assert!(page("<p>late</p>").await.contains("<p>late</p>"));
        assert_eq!(state.late_links.used(), 0);
    }
}
