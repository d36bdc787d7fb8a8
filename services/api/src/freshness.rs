//! Whether a cached entry answers a request: fresh, expired within the limits for that, or not at all (RFC 9111,
//! section 4.2; RFC 5861).

use crate::{
    cache_control::CacheDirectives,
    cache_entry::CacheEntry,
    cached_result::{CachedResult, caused_by_page},
    result_source::FetchReason,
    settings::CacheSettings,
};
use fetch::FetchError;
use std::{sync::Arc, time::Duration};

/// How long expired links may be used.
#[derive(Clone, Copy)]
pub(crate) struct StaleLimits {
    while_revalidate: Duration,
    if_error: Duration,
}

/// What to do about a request.
pub(crate) enum Verdict {
    /// Answer with this result, of this age: fresh, or a failure of the page that is still remembered.
    Fresh(Arc<CachedResult>, Duration),
    /// Answer with these expired links, and fetch the page in the background if `refresh`.
    Stale { links: Arc<CachedResult>, refresh: bool },
    /// Answer with these expired links, because a fetch has failed shortly before.
    StaleIfError(Arc<CachedResult>),
    /// Fetch the page first.
    Fetch(FetchReason),
}

impl StaleLimits {
    pub(crate) fn new(settings: &CacheSettings) -> Self {
        Self { while_revalidate: settings.stale_while_revalidate, if_error: settings.stale_if_error }
    }

    /// How long after they have expired links may be of use.
    pub(crate) fn grace(self) -> Duration {
        self.while_revalidate.max(self.if_error)
    }

    /// What to do about a request with `directives`, of which `entry` is known.
    pub(crate) fn judge(self, entry: Option<&CacheEntry>, directives: &CacheDirectives) -> Verdict {
        if directives.no_cache {
            return Verdict::Fetch(FetchReason::Request);
        }
        let page = entry.and_then(CacheEntry::page);
        let failure = entry.and_then(CacheEntry::failure);
        let age = page.map(|page| page.age()).unwrap_or_default();
        if let Some(page) = page.filter(|page| age < page.lifetime() && directives.allow_age(age)) {
            return Verdict::Fresh(Arc::clone(page), age);
        }
        let stale = page.filter(|page| page.remaining().is_zero() && directives.allow_stale());
        let revalidated = stale.filter(|page| page.is_stale_within(self.while_revalidate)).map(Arc::clone);
        if let Some(failure) = failure {
            if let Some(links) = self.instead_of(failure, stale, directives) {
                return match revalidated {
                    Some(links) => Verdict::Stale { links, refresh: false },
                    None => Verdict::StaleIfError(links),
                };
            }
            // One of our own load says nothing about the page: it is kept only so that links are used instead.
            let is_of_page = failure.result.as_ref().err().is_some_and(caused_by_page);
            let age = failure.age();
            if is_of_page && directives.allow_age(age) {
                return Verdict::Fresh(Arc::clone(failure), age);
            }
        } else if let Some(links) = revalidated {
            return Verdict::Stale { links, refresh: true };
        }
        Verdict::Fetch(match page {
            Some(page) if page.remaining().is_zero() => FetchReason::Stale,
            None if failure.is_none() => FetchReason::Miss,
            _ => FetchReason::Request,
        })
    }

    /// The links of `page` if a request with `directives` is answered with them rather than with `failure`, which a later
    /// fetch has met.
    pub(crate) fn instead_of(
        self,
        failure: &CachedResult,
        page: Option<&Arc<CachedResult>>,
        directives: &CacheDirectives,
    ) -> Option<Arc<CachedResult>> {
        let error = failure.result.as_ref().err()?;
        let page = page.filter(|page| directives.allow_stale() && page.is_stale_within(self.grace()))?;
        (!page.remaining().is_zero() || is_passing(error)).then(|| Arc::clone(page))
    }
}

/// Whether `error` says nothing about the page: expired links are a better answer. Any other failure is the page's new
/// state.
pub(crate) fn is_passing(error: &FetchError) -> bool {
    match error {
        FetchError::UpstreamStatus { status, .. } => *status == 429 || *status >= 500,
        error => matches!(
            error.code(),
            "dns-failure"
                | "connect-failure"
                | "tls-failure"
                | "bad-response"
                | "incomplete"
                | "timeout"
                | "overloaded"
        ),
    }
}

#[cfg(test)]
mod tests;
