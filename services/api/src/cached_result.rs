//! The result of a fetch: the links of a page, written as JSON once, or the reason why there are none.

use crate::answer_fields::{AnswerFields, LazyFields};
use bytes::Bytes;
use fetch::{FetchError, PageUrl, Phase, Validators};
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
    #[serde(skip)]
    fields: LazyFields,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PageLinks {
    pub(crate) url: String,
    pub(crate) count: usize,
    /// The number of links that were left out because their `href` does not resolve.
    pub(crate) unresolved: usize,
    /// Whether the links were found by tags alone, because an exact answer would have cost too much.
    pub(crate) approximate: bool,
    /// The page's title, if it has one; missing in values that were written before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// What the origin said about the version of the page.
    pub(crate) validators: Validators,
    /// `xxh3_64` of `json`, for entity tags and to detect truncated values.
    pub(crate) hash: u64,
    /// The JSON array of the links, as it is sent.
    #[serde(skip)]
    pub(crate) json: Bytes,
}

#[cfg(test)]
impl PageLinks {
    /// The links in `json` of some page.
    pub(crate) fn of_json(json: impl Into<Bytes>) -> Self {
        let json = json.into();
        Self {
            url: "http://example.com/".to_owned(),
            count: 0,
            unresolved: 0,
            approximate: false,
            title: None,
            validators: Validators::default(),
            hash: xxhash_rust::xxh3::xxh3_64(&json),
            json,
        }
    }
}

impl CachedResult {
    /// A result of this moment; `lifetime` counts in whole seconds.
    pub(crate) fn new(result: Result<PageLinks, FetchError>, lifetime: Duration) -> Self {
        Self {
            created: millis(SystemTime::now()),
            lifetime: lifetime.as_secs(),
            result,
            fields: LazyFields::default(),
        }
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

    /// How long it may be used if that is possible for `grace` after it has expired.
    pub(crate) fn remaining_with(&self, grace: Duration) -> Duration {
        self.lifetime().saturating_add(grace).saturating_sub(self.age())
    }

    /// Whether it is fresh, or expired for less than `limit`.
    pub(crate) fn is_stale_within(&self, limit: Duration) -> bool {
        !self.remaining_with(limit).is_zero()
    }

    /// The seconds until it expires, of a result that has this `age`; negative after that.
    pub(crate) fn ttl(&self, age: Duration) -> i64 {
        let lifetime = self.lifetime;
        let age = age.as_secs() + u64::from(age.as_secs() >= lifetime && age.subsec_nanos() > 0);
        0_i64.saturating_add_unsigned(lifetime).saturating_sub_unsigned(age)
    }

    /// The same links as of now, after the origin has said that they are current; `None` of a failure.
    pub(crate) fn renewed(&self, validators: &Validators, lifetime: Duration) -> Option<Self> {
        let links = self.result.as_ref().ok()?;
        let validators = links.validators.updated(validators);
        Some(Self::new(Ok(PageLinks { validators, ..links.clone() }), lifetime))
    }

    /// The result with the links in `json`; `None` if it is a failure, has other links, or its URL is none of a page as we
    /// write it.
    pub(crate) fn with_json(mut self, json: Bytes) -> Option<Self> {
        let links = self.result.as_mut().ok()?;
        links.json = json;
        let same = links.hash == xxh3_64(&links.json);
        let url = PageUrl::parse(&links.url).is_ok_and(|url| url.as_url().as_str() == links.url);
        (same && url).then_some(self)
    }

    /// The same result with a lifetime and a `Retry-After` of `longest` at most and not from the future, where it would
    /// never expire: for values that others may have written.
    pub(crate) fn clamped(&self, longest: Duration) -> Self {
        let created = self.created.min(millis(SystemTime::now()));
        let lifetime = self.lifetime.min(longest.as_secs());
        let mut result = self.result.clone();
        if let Err(FetchError::UpstreamStatus { retry_after: Some(wait), .. }) = &mut result {
            *wait = longest.min(*wait);
        }
        Self { created, lifetime, result, fields: LazyFields::default() }
    }

    /// The header fields of the answers with `links`, which are those of this result.
    pub(crate) fn fields(&self, links: &PageLinks) -> &AnswerFields {
        let PageLinks { url, title, hash, .. } = links;
        self.fields.get_or_init(|| AnswerFields::new(url, title.as_deref(), *hash, self.lifetime()))
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let links = |links: &PageLinks| {
            let title = links.title.as_ref().map_or(0, String::len);
            // The URL and the title, which takes three times as much there, are also in a field of the answers.
            2 * links.url.len()
                + 4 * title
                + links.validators.bytes()
                + links.json.len()
                + AnswerFields::BYTES
        };
        size_of::<Self>() + self.result.as_ref().map_or(0, links)
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
            | FetchError::Timeout(Phase::Queue | Phase::Extraction)
    )
}

pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached_links() -> CachedResult {
        CachedResult::new(Ok(PageLinks::of_json("[]\n")), Duration::from_mins(1))
    }

    #[test]
    fn the_remaining_time_is_the_lifetime_less_the_age() {
        let mut cached = cached_links();
        cached.created -= 20_000;
        assert_eq!(cached.age().as_secs(), 20);
        assert!(cached.remaining() <= Duration::from_secs(40));
        assert!((39..=40).contains(&cached.ttl(cached.age())));
        cached.created += 1_000_000;
        assert_eq!(cached.age(), Duration::ZERO, "after the clock was set back");
    }

    #[test]
    fn the_ttl_of_an_expired_result_is_negative() {
        let expired = cached_links().created_earlier(Duration::from_millis(60_001));
        assert_eq!((expired.ttl(expired.age()), expired.remaining()), (-1, Duration::ZERO));
        assert!(expired.is_stale_within(Duration::from_secs(1)));
        assert!(!expired.is_stale_within(Duration::ZERO));
    }

    #[test]
    fn renewing_keeps_the_links_and_starts_a_new_lifetime() {
        let old = cached_links().created_earlier(Duration::from_hours(1));
        let validators = Validators { etag: Some("\"2\"".into()), last_modified: None };
        let new = old.renewed(&validators, Duration::from_secs(9)).unwrap();
        assert!(new.ttl(new.age()) > 7 && new.created() > old.created());
        let (old, new) = (old.result.unwrap(), new.result.unwrap());
        assert_eq!((new.validators, new.hash, new.json), (validators, old.hash, old.json));
    }
}
