//! A cached result: the links of a page, written as JSON once, or the reason why there are none.

use crate::cache::Tier;
use bytes::Bytes;
use fetch::{FetchError, Step};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use xxhash_rust::xxh3::xxh3_64;

/// The result for a page, with its time and its lifetime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CachedResult {
    /// The time of the result in milliseconds since the epoch: replicas have that clock in common.
    created: u64,
    /// In seconds; 0: only for the requests that waited for it.
    lifetime: u64,
    pub(crate) result: Result<PageLinks, FetchError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PageLinks {
    pub(crate) url: String,
    pub(crate) count: usize,
    /// The number of links that were left out because their `href` does not resolve.
    pub(crate) unresolved: usize,
    /// Whether the links were found by tags alone, because an exact answer would have cost too much.
    pub(crate) approximate: bool,
    /// `xxh3_64` of `json`, for entity tags and to detect truncated values.
    pub(crate) hash: u64,
    /// The JSON array of the links, as it is sent.
    #[serde(skip)]
    pub(crate) json: Bytes,
}

/// Where a result comes from (RFC 9211, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultSource {
    Cache(Tier),
    Fetch {
        /// Whether the directives of the request asked for it, although the cache had a result.
        on_request: bool,
        stored: bool,
        /// Whether another request or process had started it.
        collapsed: bool,
    },
}

impl CachedResult {
    /// A result of this moment; `lifetime` counts in whole seconds.
    pub(crate) fn new(result: Result<PageLinks, FetchError>, lifetime: Duration) -> Self {
        Self { created: millis(SystemTime::now()), lifetime: lifetime.as_secs(), result }
    }

    /// The same result, `time` earlier.
    #[cfg(test)]
    pub(crate) fn created_earlier(mut self, time: Duration) -> Self {
        self.created -= millis(UNIX_EPOCH + time);
        self
    }

    /// How old it is; zero if the clock was set back.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(millis(SystemTime::now()).saturating_sub(self.created))
    }

    /// The time of the result in milliseconds since the epoch: the later of two results is the valid one.
    pub(crate) fn created(&self) -> u64 {
        self.created
    }

    pub(crate) fn lifetime(&self) -> Duration {
        Duration::from_secs(self.lifetime)
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.lifetime().saturating_sub(self.age())
    }

    /// Whether it is from `moment` or later, by the clock that replicas have in common.
    pub(crate) fn is_since(&self, moment: SystemTime) -> bool {
        self.created >= millis(moment)
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.result.as_ref().map_or(0, |links| links.url.len() + links.json.len())
    }

    /// The form for a cache outside the process: a line of JSON about the result, then the JSON of the links.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("strings and numbers always have a JSON form");
        bytes.push(b'\n');
        bytes.extend_from_slice(self.result.as_ref().map_or(&[], |links| &links.json));
        bytes
    }

    /// The result that `bytes` encode; `None` if they are anything else, or truncated.
    pub(crate) fn decode(bytes: &Bytes) -> Option<Self> {
        let end = bytes.iter().position(|&byte| byte == b'\n')?;
        let mut decoded: Self = serde_json::from_slice(&bytes[..end]).ok()?;
        if let Ok(links) = &mut decoded.result {
            links.json = bytes.slice(end + 1..);
            if links.hash != xxh3_64(&links.json) {
                return None;
            }
        }
        Some(decoded)
    }
}

/// Whether the page caused `error`, so that another fetch would end in the same way. Refusals by our own policy and
/// our own load are not cached.
pub(crate) fn caused_by_page(error: &FetchError) -> bool {
    !matches!(
        error,
        FetchError::InvalidUrl(_)
            | FetchError::UnsupportedScheme
            | FetchError::Blocked
            | FetchError::Overloaded
            | FetchError::Timeout(Step::Queue)
    )
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached_links() -> CachedResult {
        let json = Bytes::from_static(b"[]\n");
        let links = PageLinks {
            url: "http://example.com/".into(),
            count: 0,
            unresolved: 3,
            approximate: true,
            hash: xxh3_64(&json),
            json,
        };
        CachedResult::new(Ok(links), Duration::from_mins(1))
    }

    #[test]
    fn decoding_gives_back_what_was_encoded() {
        let failure = FetchError::UpstreamStatus { status: 503, retry_after: Some(Duration::from_secs(7)) };
        for cached in [cached_links(), CachedResult::new(Err(failure), Duration::from_secs(30))] {
            assert_eq!(CachedResult::decode(&cached.encode().into()), Some(cached));
        }
    }

    #[test]
    fn truncated_and_changed_values_are_not_decoded() {
        let whole = cached_links().encode();
        for end in 0..whole.len() {
            assert_eq!(CachedResult::decode(&Bytes::copy_from_slice(&whole[..end])), None, "cut at {end}");
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(CachedResult::decode(&flipped.into()), None);
        assert_eq!(CachedResult::decode(&Bytes::from_static(b"\xff\n{}\n")), None);
    }

    #[test]
    fn the_remaining_time_is_the_lifetime_less_the_age() {
        let mut cached = cached_links();
        cached.created -= 20_000;
        assert_eq!(cached.age().as_secs(), 20);
        assert!(cached.remaining() <= Duration::from_secs(40));
        cached.created += 1_000_000;
        assert_eq!(cached.age(), Duration::ZERO, "after the clock was set back");
    }
}
