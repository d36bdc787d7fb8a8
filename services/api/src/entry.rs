//! What the cache keeps of a page: its links as they are answered, or why there are none.

use bytes::Bytes;
use fetch::FetchError;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use xxhash_rust::xxh3::xxh3_64;

/// A page's result, when it was had, and how long it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When, in milliseconds since the epoch: the clock that replicas share.
    stored: u64,
    /// How long it may be used, in seconds; 0: only by those who waited for it.
    life: u64,
    /// The result.
    pub(crate) outcome: Outcome,
}

/// The result for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was read whole.
    Links(Links),
    /// It could not be had.
    Failure(FetchError),
}

/// The links of a page, written down once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    /// The page's final URL.
    pub(crate) page: String,
    /// How many links there are.
    pub(crate) count: usize,
    /// How many `href`s did not resolve.
    pub(crate) unresolved: usize,
    /// Whether the links were found by tags alone.
    pub(crate) approximate: bool,
    /// The array of links in JSON, as answered.
    pub(crate) json: Bytes,
    /// A hash of `json`, for entity tags.
    pub(crate) tag: u64,
}

impl Links {
    /// Hashes `json`; linear in it.
    pub(crate) fn new(page: String, json: Bytes) -> Self {
        let tag = xxh3_64(&json);
        Self { page, count: 0, unresolved: 0, approximate: false, json, tag }
    }
}

/// The first line of an encoded entry; the JSON of the links follows it.
#[derive(Serialize, Deserialize)]
struct Head {
    stored: u64,
    life: u64,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Links { page: String, count: usize, unresolved: usize, approximate: bool, tag: u64 },
    Failure(FetchError),
}

impl Entry {
    /// A result had just now, to be used for `life` (whole seconds).
    pub(crate) fn new(outcome: Outcome, life: Duration) -> Self {
        Self { stored: now(), life: life.as_secs(), outcome }
    }

    /// How old it is. A clock that went back makes it new.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(now().saturating_sub(self.stored))
    }

    /// Its whole life.
    pub(crate) fn life(&self) -> Duration {
        Duration::from_secs(self.life)
    }

    /// What is left of its life.
    pub(crate) fn remaining(&self) -> Duration {
        self.life().saturating_sub(self.age())
    }

    /// Whether it was had at `moment` or later, by the clock that replicas share.
    pub(crate) fn is_since(&self, moment: SystemTime) -> bool {
        self.stored >= millis(moment)
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let outcome = match &self.outcome {
            Outcome::Links(links) => links.page.len() + links.json.len(),
            Outcome::Failure(_) => 0,
        };
        size_of::<Self>() + outcome
    }

    /// For a cache outside the process: one line of JSON about the entry, then the links as they are answered.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (kind, json) = match &self.outcome {
            Outcome::Links(links) => {
                let Links { count, unresolved, approximate, tag, .. } = *links;
                let page = links.page.clone();
                (Kind::Links { page, count, unresolved, approximate, tag }, links.json.as_ref())
            }
            Outcome::Failure(error) => (Kind::Failure(error.clone()), [].as_slice()),
        };
        let head = Head { stored: self.stored, life: self.life, kind };
        let mut bytes = serde_json::to_vec(&head).expect("a struct of strings and numbers has a JSON form");
        bytes.push(b'\n');
        bytes.extend_from_slice(json);
        bytes
    }

    /// An encoded entry; nothing when it is not one, or not whole.
    pub(crate) fn decode(bytes: &Bytes) -> Option<Self> {
        let end = bytes.iter().position(|&byte| byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let json = bytes.slice(end + 1..);
        let outcome = match head.kind {
            Kind::Links { page, count, unresolved, approximate, tag } => {
                let links = Links { count, unresolved, approximate, ..Links::new(page, json) };
                (links.tag == tag).then_some(Outcome::Links(links))?
            }
            Kind::Failure(error) => Outcome::Failure(error),
        };
        Some(Self { stored: head.stored, life: head.life, outcome })
    }
}

fn now() -> u64 {
    millis(SystemTime::now())
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Entry {
        let links = Links::new("http://example.com/".into(), Bytes::from_static(b"[]\n"));
        Entry::new(Outcome::Links(links), Duration::from_mins(1))
    }

    #[test]
    fn come_back_as_they_were() {
        let failure = FetchError::UpstreamStatus { status: 503, retry_after: Some(Duration::from_secs(7)) };
        for entry in [links(), Entry::new(Outcome::Failure(failure), Duration::from_secs(30))] {
            assert_eq!(Entry::decode(&entry.encode().into()), Some(entry));
        }
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        let whole = links().encode();
        for end in 0..whole.len() {
            assert_eq!(Entry::decode(&Bytes::copy_from_slice(&whole[..end])), None, "cut at {end}");
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(Entry::decode(&flipped.into()), None);
        assert_eq!(Entry::decode(&Bytes::from_static(b"\xff\n{}\n")), None);
    }

    #[test]
    fn age_and_rest_make_a_life() {
        let mut entry = links();
        entry.stored -= 20_000;
        assert_eq!(entry.age().as_secs(), 20);
        assert!(entry.remaining() <= Duration::from_secs(40));
        entry.stored += 1_000_000;
        assert_eq!(entry.age(), Duration::ZERO, "a clock that went back");
    }
}
