//! Extracts the links of a page and converts cached links to other formats, on a CPU pool.

use crate::cached_result::PageLinks;
use bytes::Bytes;
use fetch::{FetchError, FetchedPage, Step};
use kit::{CpuPool, Deadline};
use links::{Link, Method, format::Format};
use std::time::{Duration, Instant};
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
    let html = links::Page { body: &page.body, declared: page.declared, url: Some(&page.url) };
    let extraction = html.links();
    if extraction.truncated {
        return Err(FetchError::TooLarge);
    }
    let mut url = page.url.clone();
    url.set_fragment(None);
    // Boxed to drop the spare capacity, which a cache that counts bytes would not see.
    let json = Format::Json.write(&extraction.links).into_bytes().into_boxed_slice();
    let (method, unparsed_chunks) = (extraction.method, extraction.unparsed_chunks);
    let links = PageLinks {
        url: url.into(),
        count: extraction.links.len(),
        unresolved: extraction.unresolved,
        approximate: method == Method::Approximate,
        hash: xxh3_64(&json),
        json: json.into(),
    };
    Ok(Extracted { links, method, unparsed_chunks, time: start.elapsed() })
}

/// `links` in `format`; `None` if the conversion panicked.
pub(crate) async fn convert(pool: &CpuPool, links: &PageLinks, format: Format) -> Option<Bytes> {
    let json = links.json.clone();
    if format == Format::Json {
        return Some(json);
    }
    let inline = json.len() <= CONVERT_INLINE;
    let write = move || {
        let links: Vec<Link> = serde_json::from_slice(&json).ok()?;
        Some(format.write(links).into())
    };
    if inline { write() } else { pool.run(write).await? }
}
