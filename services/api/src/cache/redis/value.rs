//! Values as they are in Redis: large ones compressed; anything that we would not have written is no value.

use crate::cache_entry::CacheEntry;
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use std::{
    fmt,
    io::{self, Read},
    time::Duration,
};

/// Values of this many bytes or more are compressed.
const COMPRESS_FROM: usize = 16 * 1024;
/// Bytes of the largest value in Redis: all requests share one connection, and a larger value would delay the others.
pub(super) const MAX_STORED: usize = 4 * 1024 * 1024;
/// Bytes of the largest value before compression.
const MAX_PLAIN: usize = 16 * 1024 * 1024;
/// The binary logarithm of the largest window that a frame may ask for: 16 MiB.
const WINDOW_LOG: u32 = 24;
/// The fastest level; links compress to less than a tenth with it.
const LEVEL: i32 = 1;
/// The start of a Zstandard frame (RFC 8878, section 3.1.1); a value that is not compressed starts with `{`.
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Whether [`encode`] or [`decode`] may take more than a millisecond for this many bytes.
pub(super) fn is_slow(bytes: usize) -> bool {
    bytes >= COMPRESS_FROM
}

/// The bytes that [`encode`] takes at most, `entry` not included; `None` if its value would be too large.
pub(super) fn max_memory(entry: &CacheEntry) -> Option<u64> {
    let plain = entry.weight();
    (plain <= MAX_PLAIN).then(|| 2 * plain as u64)
}

/// The value for Redis; `None` if it is too large.
pub(super) fn encode(entry: &CacheEntry) -> Option<Vec<u8>> {
    let plain = entry.encode();
    if plain.len() > MAX_PLAIN {
        return None;
    }
    let stored =
        if plain.len() < COMPRESS_FROM { plain } else { zstd::encode_all(&plain[..], LEVEL).ok()? };
    (stored.len() <= MAX_STORED).then_some(stored)
}

/// The entry that `stored` encodes, with lifetimes of `longest` at most; `None` if it is anything else.
pub(super) fn decode(stored: &Bytes, longest: Duration) -> Option<CacheEntry> {
    if stored.len() > MAX_STORED {
        return None;
    }
    let plain = if stored.starts_with(&MAGIC) { decompress(stored).ok()? } else { stored.clone() };
    let entry = CacheEntry::decode(&plain)?;
    if let Some(Ok(links)) = entry.page().map(|page| &page.result) {
        let rows: Vec<Row> = serde_json::from_slice(&links.json).ok()?;
        if rows.len() != links.count {
            return None;
        }
    }
    Some(entry.clamped(longest))
}

fn decompress(stored: &[u8]) -> io::Result<Bytes> {
    let mut decoder = zstd::Decoder::with_buffer(stored)?;
    decoder.window_log_max(WINDOW_LOG)?;
    let mut plain = Vec::new();
    decoder.take(MAX_PLAIN as u64 + 1).read_to_end(&mut plain)?;
    if plain.len() > MAX_PLAIN {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // Boxed to drop the spare capacity, which a cache that counts bytes would not see.
    Ok(plain.into_boxed_slice().into())
}

/// A link in JSON, checked and forgotten: a list of these takes no memory.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read to be checked")]
struct Row {
    text: Text,
    href: Text,
}

struct Text;

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Self)
    }
}

impl Visitor<'_> for Text {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cached_result::{CachedResult, PageLinks};

    use std::sync::Arc;

    const HOUR: Duration = Duration::from_hours(1);

    fn cached(json: &str, count: usize) -> CacheEntry {
        let links = PageLinks { count, ..PageLinks::of_json(json.to_owned()) };
        CacheEntry::of(&Arc::new(CachedResult::new(Ok(links), HOUR)))
    }

    fn links(count: usize) -> CacheEntry {
        let row = |number| format!(r#"{{"text":"link {number}","href":"http://example.com/{number}"}}"#);
        let rows: Vec<_> = (0..count).map(row).collect();
        cached(&format!("[{}]", rows.join(",")), count)
    }

    #[test]
    fn values_come_back_and_large_ones_are_compressed() {
        for (count, most) in [(0, 300), (1, 400), (400, 8_000), (10_000, 100_000)] {
            let value = links(count);
            let stored = encode(&value).unwrap();
            assert!(stored.len() <= most, "{count}: {}", stored.len());
            assert_eq!(decode(&stored.into(), HOUR), Some(value), "{count}");
        }
        let failure = CacheEntry::of(&Arc::new(CachedResult::new(Err(fetch::FetchError::Dns), HOUR)));
        assert_eq!(decode(&encode(&failure).unwrap().into(), HOUR), Some(failure));
    }

    #[test]
    fn anything_that_is_no_json_of_links_is_no_value() {
        for (json, count) in [
            ("", 0),
            ("nonsense", 0),
            ("{}", 0),
            ("[]", 1),
            ("[] []", 0),
            ("[1]", 1),
            (r#"[{"text":"a"}]"#, 1),
            (r#"[{"text":"a","href":1}]"#, 1),
            (r#"[{"text":"a","href":"b"}"#, 1),
        ] {
            assert_eq!(decode(&cached(json, count).encode().into(), HOUR), None, "{json}");
        }
        assert_eq!(decode(&Bytes::new(), HOUR), None);
        let mut cut = encode(&links(1_000)).unwrap();
        cut.pop();
        assert_eq!(decode(&cut.into(), HOUR), None);
    }

    #[test]
    fn a_url_that_no_page_has_is_no_value() {
        for url in ["", "http://e", "ftp://e/", "http://e/>; rel=next", "http://e/ ", "http://u@e/"] {
            let links = PageLinks { url: url.to_owned(), ..PageLinks::of_json("[]") };
            let entry = CacheEntry::of(&Arc::new(CachedResult::new(Ok(links), HOUR)));
            assert_eq!(decode(&entry.encode().into(), HOUR), None, "{url}");
        }
    }

    #[test]
    fn a_time_to_retry_is_cut_to_the_longest_lifetime() {
        let busy = |wait| fetch::FetchError::UpstreamStatus { status: 503, retry_after: Some(wait) };
        let failure = CacheEntry::of(&Arc::new(CachedResult::new(Err(busy(99 * HOUR)), HOUR)));
        let value = decode(&failure.encode().into(), HOUR).unwrap();
        assert_eq!(value.failure().unwrap().result, Err(busy(HOUR)));
    }

    #[test]
    fn values_that_are_too_large_are_not_read() {
        assert_eq!(encode(&cached(&format!("[{}]", " ".repeat(MAX_PLAIN)), 0)), None);
        let bomb = zstd::encode_all(&vec![b' '; 4 * MAX_PLAIN][..], LEVEL).unwrap();
        assert!(bomb.len() < 100_000);
        assert_eq!(decode(&bomb.into(), HOUR), None);
        assert_eq!(decode(&vec![b'{'; MAX_STORED + 1].into(), HOUR), None);
    }

    #[test]
    fn a_lifetime_is_cut_to_the_longest_and_a_time_to_come_is_now() {
        let longest = Duration::from_mins(1);
        let value = decode(&links(1).encode().into(), longest).unwrap();
        assert_eq!(value.page().unwrap().lifetime(), longest);
        let entry = links(1);
        let text = String::from_utf8(entry.encode()).unwrap();
        let created = format!(r#""created":{}"#, entry.fetched() / 1_000);
        let (before, rest) = text.split_once(&created).unwrap();
        let future = format!(r#"{before}"created":99999999999{rest}"#);
        let value = decode(&Bytes::from(future), HOUR).unwrap();
        assert!(value.fetched() <= links(1).fetched(), "it would never expire");
    }
}
