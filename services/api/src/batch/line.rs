//! The lines of a batch: written when their page is done, or, without memory for that, when they are sent.

use super::memory::LineMemory;
use crate::{
    cache_control::CacheDirectives,
    cached_result::{CachedResult, PageLinks},
    error::ApiError,
    metrics::CacheUse,
    page_service::{Found, FoundResult, PageService},
    requester::Requester,
    result_source::ResultSource,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use kit::{ClientKey, RequestId, Reservation, ReservedRoom, SendRoom, Trace};
use links::format::ndjson::{self, PageMembers};
use serde::Serialize;
use std::{
    mem,
    sync::{Arc, Weak},
    time::Duration,
};

/// Bytes of links that are copied into their line. Longer ones are a part of their own, which the cache and the lines of
/// other batches share.
const COPIED: usize = 64 * 1024;

/// The source of a batch's lines.
pub(super) struct BatchLines {
    pub(super) pages: Arc<PageService>,
    pub(super) directives: CacheDirectives,
    pub(super) client: ClientKey,
    pub(super) request_id: RequestId,
    pub(super) trace: Trace,
    pub(super) memory: LineMemory,
    pub(super) room: Option<SendRoom>,
    /// For the URLs.
    pub(super) _urls: Reservation,
}

/// A line in parts.
type LineParts = Vec<Bytes>;

/// A line that waits until it can be sent.
pub(super) enum BatchLine {
    /// It is in memory that is reserved for it.
    Written(LineParts),
    Deferred(DeferredLine),
}

/// A line that takes no memory until it is sent.
pub(super) struct DeferredLine {
    url: String,
    /// The result, which is the cache's: it may be gone when the line is sent, and is looked for again.
    cached: Weak<CachedResult>,
    source: ResultSource,
    /// Bytes of the line.
    length: usize,
}

impl BatchLine {
    /// The line about the page at `url` if its preparation panicked.
    pub(super) fn failed(url: &str) -> Self {
        Self::Written(write(url, &Err(ApiError::Internal)))
    }
}

impl BatchLines {
    /// The line about the page at `url`.
    pub(super) async fn prepare(self: Arc<Self>, url: String) -> BatchLine {
        let reserved = self.memory.reserve().await;
        let found = self.find(&url).await;
        let mut line = write(&url, &found);
        let length = line.iter().map(Bytes::len).sum();
        match (reserved.ok().and_then(|reserved| self.memory.extend(reserved, length)), &found) {
            (None, Ok(found)) => BatchLine::Deferred(DeferredLine {
                url,
                cached: Arc::downgrade(&found.result),
                source: found.source,
                length,
            }),
            // The line of an error is short.
            (None, Err(_)) => BatchLine::Written(line),
            (Some(reserved), _) => {
                // Most of a line.
                if let Some(longest) = line.iter_mut().max_by_key(|part| part.len()) {
                    *longest = reserved.hold(mem::take(longest));
                }
                BatchLine::Written(line)
            }
        }
    }

    /// The result for a page of the batch. It has few pages at a time, so these may wait as long as its client does.
    async fn find(&self, url: &str) -> Found {
        let (id, trace) = (&self.request_id, &self.trace);
        let requester = Requester { client: self.client, id, trace, request: None };
        self.pages.find(url, &self.directives, requester).await
    }

    /// The parts of the line, as they are sent.
    pub(super) async fn send(self: Arc<Self>, line: BatchLine) -> impl Stream<Item = Bytes> {
        let (parts, mut room) = match line {
            BatchLine::Written(parts) => (parts, None),
            BatchLine::Deferred(line) => self.write_deferred(line).await,
        };
        stream::iter(parts).inspect(move |part| {
            if part.len() >= COPIED {
                drop(room.take());
            }
        })
    }

    /// The line, and the room for it: without that, lines of many batches would be in memory and wait to be sent.
    async fn write_deferred(&self, line: DeferredLine) -> (LineParts, Option<ReservedRoom>) {
        let DeferredLine { url, cached, source, length } = line;
        let room = match &self.room {
            Some(room) => Some(room.reserve(length).await),
            None => None,
        };
        let found = match cached.upgrade() {
            Some(cached) => Ok(FoundResult::now(cached, source)),
            None => self.find(&url).await,
        };
        (write(&url, &found), room)
    }
}

/// The members of a line before its links.
#[derive(Serialize)]
struct LineMembers<'a> {
    #[serde(flatten)]
    page: PageMembers<'a>,
    /// Seconds since the page was fetched.
    age: u64,
    cache: &'static str,
}

/// Where a result comes from that expires in `ttl` seconds.
fn cache(source: ResultSource, ttl: i64) -> CacheUse {
    if matches!(source, ResultSource::Cache(_)) && ttl < 0 { CacheUse::Stale } else { CacheUse::of(source) }
}

/// The line about the page at `url`.
fn write(url: &str, found: &Found) -> LineParts {
    let mut line = Vec::new();
    let (written, links) = match found.as_ref().map(|found| (&found.result.result, found)) {
        Ok((Ok(links), found)) => {
            let PageLinks { url: final_url, title, count, unresolved, approximate, json, .. } = links;
            let page = PageMembers {
                page: url,
                url: Some(final_url),
                title: title.as_deref(),
                count: *count,
                unresolved: *unresolved,
                approximate: *approximate,
            };
            let cache = cache(found.source, found.result.ttl(found.age));
            let members = LineMembers { page, age: found.age.as_secs(), cache: cache.name() };
            let array = json.slice(..json.trim_ascii_end().len());
            (ndjson::write_members(&mut line, members), Some(array))
        }
        Ok((Err(error), found)) => {
            let error = ApiError::from(error.clone()).member(found.age);
            (ndjson::write_error(&mut line, url, &error), None)
        }
        Err(error) => (ndjson::write_error(&mut line, url, &error.member(Duration::ZERO)), None),
    };
    written.expect("memory takes every write, and every member has a JSON form");
    match links {
        Some(links) if links.len() >= COPIED => {
            return vec![line.into(), links, Bytes::from_static(ndjson::END)];
        }
        Some(links) => {
            line.extend_from_slice(&links);
            line.extend_from_slice(ndjson::END);
        }
        None => {}
    }
    line.shrink_to_fit();
    vec![line.into()]
}
