//! `POST /api`: the links of several pages, a line of NDJSON each, as each is done.

mod line;
mod memory;
mod urls;

pub(crate) use memory::MEMORY;

use crate::{cache_control::CacheDirectives, endpoints::page::find, error::ApiError, state::ApiState};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use kit::{Problem, Request, Response};
use memory::LineMemory;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;

/// Pages of a request that are in progress at once: few, so that other requests get their share.
const CONCURRENCY: usize = 8;

#[derive(Debug)]
struct Batch {
    state: Arc<ApiState>,
    directives: CacheDirectives,
    memory: LineMemory,
}

/// Answers with a line a page. At most [`CONCURRENCY`] pages are in progress or wait to be sent; the others are not begun
/// if the client leaves.
pub(crate) async fn batch(state: Arc<ApiState>, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let parse = urls::parser(&head.headers)?;
    let urls = parse(&urls::read(body).await?)?;
    let memory = LineMemory::new(state.lines.clone());
    let batch = Arc::new(Batch { state, directives: CacheDirectives::of(&head.headers), memory });
    let lines = stream::iter(urls)
        .map(move |url| {
            // Spawned, so that pages make progress while the client does not read.
            let line = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&batch).line(url.clone())));
            async move { line.await.unwrap_or_else(|_| line::write(&url, &Err(ApiError::Internal)).into()) }
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
        let found = find(&self.state, &url, &self.directives).await;
        let reservation = self.memory.extend(reservation, line::max_length(&url, &found)).await;
        reservation.hold(line::write(&url, &found))
    }
}
