//! Extracts the links of a page and converts cached links to other formats, on a CPU pool.

use crate::cached_result::PageLinks;
use bytes::Bytes;
use fetch::{FetchError, FetchedPage, Step};
use kit::{CpuPool, Deadline};
use links::{Method, format::Format};
use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::{
    fmt, iter,
    time::{Duration, Instant},
};
use xxhash_rust::xxh3::xxh3_64;

/// Converting this many bytes takes less time than handing them to another thread.
const CONVERT_INLINE: usize = 32 * 1024;

/// A successful extraction.
pub(crate) struct Extracted {
    pub(crate) links: PageLinks,
    pub(crate) method: Method,
    /// Parts of the page that could not be parsed: their links are missing.
    pub(crate) unparsed_chunks: usize,
    pub(crate) time: Duration,
}

/// The links of `page`, if they are there by `deadline`; `None` if the extraction panicked. One that has started runs to
/// its end.
pub(crate) async fn extract(
    pool: &CpuPool,
    page: FetchedPage,
    deadline: Deadline,
) -> Option<Result<Extracted, FetchError>> {
    let extracted = deadline.run(pool.run(move || extract_now(&page))).await;
    // Extraction is fast: the time was spent in the queue of the pool.
    extracted.unwrap_or(Some(Err(FetchError::Timeout(Step::Queue))))
}

fn extract_now(page: &FetchedPage) -> Result<Extracted, FetchError> {
    let start = Instant::now();
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
        validators: page.validators.clone(),
        hash: xxh3_64(&json),
        json: json.into(),
    };
    Ok(Extracted { links, method, unparsed_chunks, time: start.elapsed() })
}

/// The links in `json` in another `format`; `None` if the conversion panicked.
pub(crate) async fn convert(pool: &CpuPool, json: Bytes, format: Format) -> Option<Box<[u8]>> {
    let inline = json.len() <= CONVERT_INLINE;
    let write = move || convert_now(&json, format);
    if inline { write() } else { pool.run(write).await? }
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
