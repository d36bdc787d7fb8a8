//! The lines of a batch: written when their page is done, or, without memory for that, when they are sent.

use super::memory::LineMemory;
use crate::{
    cache_control::CacheDirectives,
    cached_result::{CachedResult, PageLinks, ResultSource},
    error::ApiError,
    metrics::CacheUse,
    page_service::{Found, PageService},
    requester::Requester,
};
use bytes::Bytes;
use kit::{ClientKey, RequestId, Reservation, Trace};
use links::format::ndjson::{self, PageMembers};
use serde::Serialize;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// Bytes of a line without the URLs, the title and the links, at most.
const OVERHEAD: usize = 1024;
/// Bytes of a character that JSON escapes, for each byte of it.
const ESCAPED: usize = 6;

/// The source of a batch's lines.
pub(super) struct BatchLines {
    pub(super) pages: Arc<PageService>,
    pub(super) directives: CacheDirectives,
    pub(super) client: ClientKey,
    pub(super) request_id: Option<RequestId>,
    pub(super) trace: Option<Trace>,
    pub(super) memory: LineMemory,
    /// For the URLs.
    pub(super) _urls: Reservation,
}

/// A line that waits until it can be sent.
pub(super) enum BatchLine {
    /// It is in memory that is reserved for it.
    Written(Bytes),
    Deferred(DeferredLine),
}

/// A line that takes no memory until it is sent.
pub(super) struct DeferredLine {
    url: String,
    /// The result, which is the cache's: it may be gone when the line is sent, and is looked for again.
    cached: Weak<CachedResult>,
    source: ResultSource,
}

impl BatchLine {
    /// The line about the page at `url` if its preparation panicked.
    pub(super) fn failed(url: &str) -> Self {
        Self::Written(write(url, &Err(ApiError::Internal)).into())
    }
}

impl BatchLines {
    /// The line about the page at `url`.
    pub(super) async fn prepare(self: Arc<Self>, url: String) -> BatchLine {
        let reserved = self.memory.reserve().await;
        let found = self.find(&url).await;
        let length = max_length(&url, &found);
        match (reserved.ok().and_then(|reserved| self.memory.extend(reserved, length)), &found) {
            (Some(reserved), _) => BatchLine::Written(reserved.hold(write(&url, &found))),
            (None, Ok((cached, source))) => {
                BatchLine::Deferred(DeferredLine { url, cached: Arc::downgrade(cached), source: *source })
            }
            // The line of an error is short.
            (None, Err(_)) => BatchLine::Written(write(&url, &found).into()),
        }
    }

    /// The result for a page of the batch. It has few pages at a time, so these may wait as long as its client does.
    async fn find(&self, url: &str) -> Found {
        let (id, trace) = (self.request_id.as_ref(), self.trace.as_ref());
        let requester = Requester { client: self.client, id, trace, always_waits: true };
        self.pages.find(url, &self.directives, requester).await
    }

    /// The line as it is sent.
    pub(super) async fn send(self: Arc<Self>, line: BatchLine) -> Bytes {
        let DeferredLine { url, cached, source } = match line {
            BatchLine::Written(line) => return line,
            BatchLine::Deferred(deferred) => deferred,
        };
        let found = match cached.upgrade() {
            Some(cached) => Ok((cached, source)),
            None => self.find(&url).await,
        };
        write(&url, &found).into()
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

fn max_length(url: &str, found: &Found) -> usize {
    let links = found.as_ref().ok().and_then(|(cached, _)| cached.result.as_ref().ok());
    let title = links.and_then(|links| links.title.as_ref());
    let members = url.len() + links.map_or(0, |links| links.url.len()) + title.map_or(0, String::len);
    OVERHEAD + ESCAPED * members + links.map_or(0, |links| links.json.len())
}

/// The line about the page at `url`.
fn write(url: &str, found: &Found) -> Vec<u8> {
    let mut line = Vec::with_capacity(max_length(url, found));
    let written = match found.as_ref().map(|(cached, source)| (&cached.result, cached, *source)) {
        Ok((Ok(links), cached, source)) => {
            let PageLinks { url: final_url, title, count, unresolved, approximate, json, .. } = links;
            let page = PageMembers {
                page: url,
                url: Some(final_url),
                title: title.as_deref(),
                count: *count,
                unresolved: *unresolved,
                approximate: *approximate,
            };
            let age = cached.age();
            let members =
                LineMembers { page, age: age.as_secs(), cache: cache(source, cached.ttl(age)).name() };
            ndjson::write_json_links(&mut line, members, json)
        }
        Ok((Err(error), cached, _)) => {
            ndjson::write_error(&mut line, url, &ApiError::from(error.clone()).member(cached.age()))
        }
        Err(error) => ndjson::write_error(&mut line, url, &error.member(Duration::ZERO)),
    };
    written.expect("memory takes every write, and every member has a JSON form");
    line.shrink_to_fit();
    line
}
