//! What the cache has for a page: its links, and beside them the failure of a later fetch.

use crate::cached_result::CachedResult;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// A page's last good result, the failure of a later fetch, or both. Clones are cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheEntry {
    page: Option<Arc<CachedResult>>,
    failure: Option<Arc<CachedResult>>,
}

impl CacheEntry {
    /// The entry with `result` alone.
    pub(crate) fn of(result: &Arc<CachedResult>) -> Self {
        let result = Some(Arc::clone(result));
        if result.as_ref().is_some_and(|result| result.result.is_ok()) {
            Self { page: result, failure: None }
        } else {
            Self { page: None, failure: result }
        }
    }

    /// The same links, with `failure` beside them.
    pub(crate) fn with_failure(&self, failure: &Arc<CachedResult>) -> Self {
        Self { page: self.page.clone(), failure: Some(Arc::clone(failure)) }
    }

    /// The links, fresh or expired.
    pub(crate) fn page(&self) -> Option<&Arc<CachedResult>> {
        self.page.as_ref()
    }

    /// The failure of a later fetch, unless it has expired.
    pub(crate) fn failure(&self) -> Option<&Arc<CachedResult>> {
        self.failure.as_ref().filter(|failure| !failure.remaining().is_zero())
    }

    /// The time of the last fetch, in milliseconds since the epoch: the later of two entries is the valid one.
    pub(crate) fn fetched(&self) -> u64 {
        self.parts().map(CachedResult::created).max().unwrap_or_default()
    }

    /// How long it is worth keeping, if links are of use for `grace` after they have expired.
    pub(crate) fn remaining(&self, grace: Duration) -> Duration {
        let page = self.page.as_ref().map(|page| page.remaining_with(grace));
        page.max(self.failure.as_ref().map(|failure| failure.remaining())).unwrap_or_default()
    }

    /// The same results with lifetimes of `longest` at most and not from the future.
    pub(crate) fn clamped(&self, longest: Duration) -> Self {
        let clamp = |part: &Arc<CachedResult>| Arc::new(part.clamped(longest));
        Self { page: self.page.as_ref().map(clamp), failure: self.failure.as_ref().map(clamp) }
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        self.parts().map(CachedResult::weight).sum()
    }

    /// The form for a cache outside the process: a line of JSON about the results, then the JSON of the links.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let head = Head { page: self.page.as_deref(), failure: self.failure.as_deref() };
        let mut bytes = serde_json::to_vec(&head).expect("strings and numbers always have a JSON form");
        bytes.push(b'\n');
        let links = self.page.as_ref().and_then(|page| page.result.as_ref().ok());
        bytes.extend_from_slice(links.map_or(&[], |links| &links.json));
        bytes
    }

    /// The entry that `bytes` encode; `None` if they are anything else, or truncated.
    pub(crate) fn decode(bytes: &Bytes) -> Option<Self> {
        let end = bytes.iter().position(|&byte| byte == b'\n')?;
        let head: Head<CachedResult> = serde_json::from_slice(&bytes[..end]).ok()?;
        let page = match head.page {
            Some(page) => Some(Arc::new(page.with_json(bytes.slice(end + 1..))?)),
            None => None,
        };
        let failure = head.failure.map(Arc::new);
        if failure.as_ref().is_some_and(|failure| failure.result.is_ok()) {
            return None;
        }
        (page.is_some() || failure.is_some()).then_some(Self { page, failure })
    }

    fn parts(&self) -> impl Iterator<Item = &CachedResult> {
        self.page.iter().chain(&self.failure).map(AsRef::as_ref)
    }
}

#[derive(Serialize, Deserialize)]
struct Head<Part> {
    page: Option<Part>,
    failure: Option<Part>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cached_result::PageLinks;
    use fetch::{FetchError, Validators};

    fn page() -> CacheEntry {
        let links = PageLinks {
            unresolved: 3,
            approximate: true,
            validators: Validators { etag: Some("\"1\"".into()), last_modified: None },
            ..PageLinks::of_json("[]\n")
        };
        CacheEntry::of(&Arc::new(CachedResult::new(Ok(links), Duration::from_mins(1))))
    }

    fn failure() -> Arc<CachedResult> {
        let failure = FetchError::UpstreamStatus { status: 503, retry_after: Some(Duration::from_secs(7)) };
        Arc::new(CachedResult::new(Err(failure), Duration::from_secs(30)))
    }

    #[test]
    fn decoding_gives_back_what_was_encoded() {
        for entry in [page(), CacheEntry::of(&failure()), page().with_failure(&failure())] {
            assert_eq!(CacheEntry::decode(&entry.encode().into()), Some(entry));
        }
    }

    #[test]
    fn truncated_and_changed_values_are_not_decoded() {
        let whole = page().encode();
        for end in 0..whole.len() {
            assert_eq!(CacheEntry::decode(&Bytes::copy_from_slice(&whole[..end])), None, "cut at {end}");
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(CacheEntry::decode(&flipped.into()), None);
        for other in [&b"\xff\n{}\n"[..], b"{}\n", b"{\"page\":null,\"failure\":null}\n"] {
            assert_eq!(CacheEntry::decode(&Bytes::from_static(other)), None);
        }
    }

    #[test]
    fn links_are_kept_longer_than_they_are_fresh_and_failures_are_not() {
        let grace = Duration::from_hours(1);
        assert!(page().remaining(grace) > grace);
        assert!(CacheEntry::of(&failure()).remaining(grace) <= Duration::from_secs(30));
        assert!(page().with_failure(&failure()).remaining(grace) > grace);
    }
}
