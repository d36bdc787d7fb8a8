//! From a page's bytes to its links, off the async threads and no more at once than there are processors.

use crate::entry::Links;
use fetch::{FetchError, FetchedPage, Step};
use kit::CpuPool;
use links::{Link, Method, format::Format};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The places for extraction.
#[derive(Debug)]
pub(crate) struct Extractor(CpuPool);

/// What came of a page.
#[derive(Debug)]
pub(crate) struct Extracted {
    /// The page's links.
    pub(crate) links: Links,
    /// By which way they were found.
    pub(crate) method: Method,
    /// How many `href`s did not resolve.
    pub(crate) unresolved: usize,
    /// How long it took.
    pub(crate) time: Duration,
}

impl Extractor {
    /// Extracts on `pool`.
    pub(crate) fn new(pool: CpuPool) -> Self {
        Self(pool)
    }

    /// The links of `page`, before `deadline`. Nothing when the extraction panicked. One that takes longer goes on
    /// to its end, which is near, in its turn.
    pub(crate) async fn links(
        &self,
        page: FetchedPage,
        deadline: Instant,
    ) -> Option<Result<Extracted, FetchError>> {
        match timeout_at(deadline, self.0.run(move || extract(&page))).await {
            Ok(extracted) => extracted,
            // No page takes so long by itself: others had the processors.
            Err(_) => Some(Err(FetchError::Timeout(Step::Queue))),
        }
    }
}

fn extract(page: &FetchedPage) -> Result<Extracted, FetchError> {
    let start = Instant::now();
    let html = links::Page { body: &page.body, encoding: page.encoding(), url: Some(&page.url) };
    let found = html.links();
    if found.truncated {
        return Err(FetchError::TooLarge);
    }
    let mut url = page.url.clone();
    url.set_fragment(None);
    // Exactly as long as it is: a cache that counts bytes would otherwise hold up to twice as many.
    let json = Format::Json.write(&found.links).into_bytes().into_boxed_slice();
    let links = Links::new(url.into(), json.into());
    Ok(Extracted { links, method: found.method, unresolved: found.unresolved, time: start.elapsed() })
}

/// Kept links in another format.
pub(crate) async fn rewrite(extractor: &Extractor, links: &Links, format: Format) -> Option<String> {
    /// Up to here it takes less time than to hand it to another thread and back.
    const AT_ONCE: usize = 32 * 1024;
    let json = links.json.clone();
    let write = move || {
        let links: Vec<Link> = serde_json::from_slice(&json).ok()?;
        Some(format.write(links))
    };
    if links.json.len() <= AT_ONCE { write() } else { extractor.0.run(write).await? }
}
