//! Extracts the links of a page and converts cached links to other formats, on a CPU pool.

use crate::cached_result::PageLinks;
use bytes::Bytes;
use fetch::{FetchError, FetchedPage, JobRecord, Phase};
use kit::{ByteBudget, CpuPool, Deadline};
use links::{Method, format::Format};
use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::{
    fmt, iter,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes that the links of any page may take besides three times the page.
const LONG_LINKS: u64 = 4 << 20;
/// Bytes of a node of a tree, and of the link that it may be.
const NODE: u64 = 160;
/// Converting this many bytes takes less time than handing them to another thread.
const CONVERT_INLINE: u64 = 32 * 1024;

/// The threads for extractions and conversions, and the memory that these may take. Clones share both.
#[derive(Clone)]
pub(crate) struct ExtractionPool {
    threads: CpuPool,
    memory: ByteBudget,
    limit: u64,
}

impl ExtractionPool {
    pub(crate) fn new(threads: &CpuPool, memory: u64) -> Self {
        Self { threads: threads.clone(), memory: ByteBudget::new(memory), limit: memory }
    }

    /// Runs `job`, which takes about `bytes` of memory, once they are free; `None` if it panicked. A job that takes more
    /// than there is runs alone.
    async fn run<T: Send + 'static>(
        &self,
        bytes: u64,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let reserved = self.memory.reserve(bytes.min(self.limit)).await;
        // The job owns the memory, because it goes on when its caller is cancelled.
        let job = move || {
            let _reserved = reserved;
            job()
        };
        self.threads.run(job).await
    }
}

/// A successful extraction.
pub(crate) struct Extracted {
    pub(crate) links: PageLinks,
    pub(crate) method: Method,
    /// Parts of the page that could not be parsed: their links are missing.
    pub(crate) unparsed_chunks: usize,
    pub(crate) time: Duration,
}

/// The links of `page`, if they are there by `deadline`; `None` if the extraction panicked. One that has started runs to
/// its end. Its phases go to `record`.
pub(crate) async fn extract(
    pool: &ExtractionPool,
    page: FetchedPage,
    deadline: Deadline,
    record: &mut JobRecord,
) -> Option<Result<Extracted, FetchError>> {
    record.enter(Phase::Queue);
    let begun = Arc::new(OnceLock::new());
    let start = Arc::clone(&begun);
    let bytes = extraction_bytes(&page);
    let work = move || extract_now(&page, *start.get_or_init(Instant::now));
    let extracted = deadline.run(pool.run(bytes, work)).await;
    if let Some(start) = begun.get() {
        record.enter_at(Phase::Extraction, *start);
    }
    record.end();
    extracted.unwrap_or_else(|_| Some(Err(FetchError::Timeout(record.phase()))))
}

/// The memory of an extraction, its result included, at most: docs/links.md has the bounds.
fn extraction_bytes(page: &FetchedPage) -> u64 {
    let length = page.body.len() as u64;
    let (decoded, links) = (3 * length, 3 * length + LONG_LINKS);
    let nodes = (length / 8 + 20_000).min(500_000);
    decoded + links + nodes * NODE
}

fn extract_now(page: &FetchedPage, start: Instant) -> Result<Extracted, FetchError> {
    let FetchedPage { body, declared, url, syntax, .. } = page;
    let html = links::Page { body, declared: *declared, url: Some(url), syntax: *syntax };
    let mut time = page.processor_time;
    let extraction = time.measure(|| html.links());
    if extraction.truncated || time.is_too_long(page.body.len()) {
        return Err(FetchError::TooLarge);
    }
    // Boxed to drop the spare capacity, which a cache that counts bytes would not see.
    let json = Format::Json.write(&extraction.links).into_bytes().into_boxed_slice();
    let (method, unparsed_chunks) = (extraction.method, extraction.unparsed_chunks);
    let links = PageLinks {
        url: page.url.without_fragment().into(),
        count: extraction.links.len(),
        unresolved: extraction.unresolved,
        approximate: method == Method::Approximate,
        title: extraction.title,
        validators: page.validators.clone(),
        hash: xxh3_64(&json),
        json: json.into(),
    };
    Ok(Extracted { links, method, unparsed_chunks, time: start.elapsed() })
}

/// The links in `json` in another `format`; `None` if the conversion panicked.
pub(crate) async fn convert(pool: &ExtractionPool, json: Bytes, format: Format) -> Option<Box<[u8]>> {
    let length = json.len() as u64;
    let inline = length <= CONVERT_INLINE;
    let write = move || convert_now(&json, format);
    if inline { write() } else { pool.run(length, write).await? }
}

/// Writes each link as it is read: a list of a million links would take more memory than both texts.
fn convert_now(json: &[u8], format: Format) -> Option<Box<[u8]>> {
    struct Rewrite(Vec<u8>, Format);
    impl<'de> Visitor<'de> for Rewrite {
        type Value = Vec<u8>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an array of links")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<Vec<u8>, A::Error> {
            let mut failed = None;
            let links = iter::from_fn(|| {
                array.next_element().unwrap_or_else(|error| {
                    failed = Some(error);
                    None
                })
            });
            let written = self.1.write_to(&mut self.0, links).map_err(A::Error::custom);
            failed.map_or(written, Err).map(|()| self.0)
        }
    }
    // No other format is longer than JSON, but for the header line of CSV.
    let out = Vec::with_capacity(json.len() + 16);
    let written = serde_json::Deserializer::from_slice(json).deserialize_seq(Rewrite(out, format));
    Some(written.ok()?.into_boxed_slice())
}
