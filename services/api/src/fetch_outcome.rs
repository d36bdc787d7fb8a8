//! What a job that fetches a page gives to all requests that wait for it.

use crate::{cache_entry::CacheEntry, cached_result::CachedResult};
use fetch::{FetchError, Phase};
use std::{sync::Arc, time::Duration};

/// What a job gives to all requests that wait for it.
#[derive(Clone)]
pub(crate) struct FetchOutcome {
    pub(crate) result: Arc<CachedResult>,
    /// The links that were there before a fetch that failed, if they are kept.
    pub(crate) previous: Option<Arc<CachedResult>>,
    pub(crate) stored: bool,
    /// Whether another process has fetched the page.
    pub(crate) collapsed: bool,
    pub(crate) renewed: bool,
}

impl FetchOutcome {
    /// The result of a job that waits for other processes for too long.
    pub(crate) fn not_in_time(seen: Option<&CacheEntry>) -> Self {
        let failure = CachedResult::new(Err(FetchError::Timeout(Phase::Queue)), Duration::ZERO);
        Self {
            result: Arc::new(failure),
            previous: seen.and_then(CacheEntry::page).cloned(),
            stored: false,
            collapsed: true,
            renewed: false,
        }
    }

    /// The result of another process, if it can be used.
    pub(crate) fn of_another(entry: &CacheEntry) -> Option<Self> {
        let (result, previous) = match (entry.failure(), entry.page()) {
            (Some(failure), page) => (failure, page.cloned()),
            (None, page) => (page?, None),
        };
        let result = Arc::clone(result);
        Some(Self { result, previous, stored: true, collapsed: true, renewed: false })
    }
}
