//! `POST /api` with URLs: the links of several pages, a line of NDJSON each, as each is done.

mod line;
mod memory;
mod urls;

pub(crate) use urls::parser;

use crate::{cache_control::CacheDirectives, page_service::PageService, post_bodies::PostBodies};
use futures_util::{StreamExt, stream};
use http::{HeaderValue, header};
use http_body::Frame;
use http_body_util::StreamBody;
use kit::{ByteBudget, Problem, Request, RequestContext, Response, SendRoom};
use line::{BatchLine, BatchLines};
use memory::LineMemory;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;
use urls::{MAX_BYTES, UrlParser};

/// Pages of a request that are in progress at once: few, so that other requests get their share.
const CONCURRENCY: usize = 8;

/// Answers with a line a page. At most [`CONCURRENCY`] pages are in progress or wait to be sent; the others are not begun
/// if the client leaves.
pub(crate) async fn answer(
    pages: &Arc<PageService>,
    bodies: &PostBodies,
    lines: &ByteBudget,
    parse: UrlParser,
    request: Request,
    context: &RequestContext,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let client = context.client.key();
    let (body, reserved) = bodies.read(body, MAX_BYTES, client).await?;
    let urls = parse(&body)?;
    drop(body);
    let room = head.extensions.get::<SendRoom>().cloned();
    let batch = Arc::new(BatchLines {
        pages: Arc::clone(pages),
        directives: CacheDirectives::of(&head.headers),
        client,
        request_id: context.id.clone(),
        trace: context.trace.clone(),
        memory: LineMemory::new(lines.clone()),
        room: room.clone(),
        _urls: reserved,
    });
    let sender = Arc::clone(&batch);
    let lines = stream::iter(urls)
        .map(move |url| {
            // Spawned, so that pages make progress while the client does not read.
            let line = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&batch).prepare(url.clone())));
            async move { line.await.unwrap_or_else(|_| BatchLine::failed(&url)) }
        })
        .buffer_unordered(CONCURRENCY)
        .then(move |line| Arc::clone(&sender).send(line))
        .flatten()
        .map(|part| Ok(Frame::data(part)));
    let mut response = Response::new(kit::boxed(StreamBody::new(lines)));
    if let Some(room) = room {
        response.extensions_mut().insert(room);
    }
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
