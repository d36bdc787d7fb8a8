//! `POST /api`: the links of several pages, a line of NDJSON each, as each is done.

mod memory;
mod urls;

pub(crate) use memory::MEMORY;

use crate::{
    cache_control::CacheDirectives,
    cached_result::PageLinks,
    error::ApiError,
    page_service::{Found, PageService},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use kit::{ByteBudget, Problem, Request, Response};
use links::format::ndjson::{self, PageMembers};
use memory::LineMemory;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;

/// Pages of a request that are in progress at once: few, so that other requests get their share.
const CONCURRENCY: usize = 8;
/// Bytes of a line without the URL and the links, at most.
const OVERHEAD: usize = 1024;
/// Bytes of a character that JSON escapes, for each byte of it.
const ESCAPED: usize = 6;

struct Batch {
    pages: Arc<PageService>,
    directives: CacheDirectives,
    memory: LineMemory,
}

/// Answers with a line a page; `memory` is for the lines of all batches. At most [`CONCURRENCY`] pages are in progress or
/// wait to be sent; the others are not begun if the client leaves.
pub(crate) async fn batch(
    pages: Arc<PageService>,
    memory: ByteBudget,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let parse = urls::parser(&head.headers)?;
    let urls = parse(&urls::read(body).await?)?;
    let memory = LineMemory::new(memory);
    let batch = Arc::new(Batch { pages, directives: CacheDirectives::of(&head.headers), memory });
    let lines = stream::iter(urls)
        .map(move |url| {
            // Spawned, so that pages make progress while the client does not read.
            let line = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&batch).line(url.clone())));
            async move { line.await.unwrap_or_else(|_| write(&url, &Err(ApiError::Internal)).into()) }
        })
        .buffer_unordered(CONCURRENCY)
        .map(|line| Ok(Frame::data(line)));
    let mut response = Response::new(StreamBody::new(lines).boxed_unsync());
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl Batch {
    async fn line(self: Arc<Self>, url: String) -> Bytes {
        let reservation = self.memory.reserve().await;
        let found = self.pages.find(&url, &self.directives).await;
        let links = found.as_ref().ok().and_then(|(cached, _)| cached.result.as_ref().ok());
        let max_length = OVERHEAD + ESCAPED * url.len() + links.map_or(0, |links| links.json.len());
        let reservation = self.memory.extend(reservation, max_length).await;
        reservation.hold(write(&url, &found))
    }
}

/// The line about the page at `url`.
fn write(url: &str, found: &Found) -> Vec<u8> {
    let mut line = Vec::new();
    let written = match found.as_ref().map(|(cached, _)| &cached.result) {
        Ok(Ok(PageLinks { count, unresolved, approximate, json, .. })) => {
            let (count, unresolved, approximate) = (*count, *unresolved, *approximate);
            let members = PageMembers { page: url, count, unresolved, approximate };
            ndjson::write_json_links(&mut line, members, json)
        }
        Ok(Err(error)) => ndjson::write_error(&mut line, url, &ApiError::from(error.clone()).member()),
        Err(error) => ndjson::write_error(&mut line, url, &error.member()),
    };
    written.expect("memory takes every write, and every member has a JSON form");
    line
}
