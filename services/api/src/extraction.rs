//! Extracts the links of a page and converts cached links to other formats, on the CPU pool.

use crate::cached_result::PageLinks;
use bytes::Bytes;
use fetch::{FetchError, FetchedPage, Step};
use kit::{CpuPool, Deadline};
use links::{Link, Method, format::Format};
use std::time::{Duration, Instant};

/// Converting this many bytes takes less time than handing them to another thread.
const CONVERT_INLINE: usize = 32 * 1024;

#[derive(Debug)]
pub(crate) struct Extractor(CpuPool);

/// A successful extraction.
#[derive(Debug)]
pub(crate) struct Extracted {
    pub(crate) links: PageLinks,
    pub(crate) method: Method,
    pub(crate) time: Duration,
}

impl Extractor {
    pub(crate) fn new(pool: CpuPool) -> Self {
        Self(pool)
    }

    /// The links of `page`, if they are there by `deadline`; `None` if the extraction panicked. One that has started
    /// runs to its end.
    pub(crate) async fn links(
        &self,
        page: FetchedPage,
        deadline: Deadline,
    ) -> Option<Result<Extracted, FetchError>> {
        match deadline.run(self.0.run(move || extract(&page))).await {
            Ok(extracted) => extracted,
            // Extraction is fast: the time was spent in the queue of the pool.
            Err(_) => Some(Err(FetchError::Timeout(Step::Queue))),
        }
    }

    /// `links` in `format`; `None` if the conversion panicked.
    pub(crate) async fn convert(&self, links: &PageLinks, format: Format) -> Option<Bytes> {
        let json = links.json.clone();
        if format == Format::Json {
            return Some(json);
        }
        let inline = json.len() <= CONVERT_INLINE;
        let write = move || {
            let links: Vec<Link> = serde_json::from_slice(&json).ok()?;
            Some(format.write(links).into())
        };
        if inline { write() } else { self.0.run(write).await? }
    }
}

fn extract(page: &FetchedPage) -> Result<Extracted, FetchError> {
    let start = Instant::now();
    let html = links::Page { body: &page.body, encoding: page.encoding(), url: Some(&page.url) };
    let extraction = html.links();
    if extraction.truncated {
        return Err(FetchError::TooLarge);
    }
    let mut url = page.url.clone();
    url.set_fragment(None);
    let method = extraction.method;
    let links = PageLinks {
        url: url.into(),
        count: extraction.links.len(),
        unresolved: extraction.unresolved,
        approximate: method == Method::Approximate,
        hash: 0,
        json: Bytes::new(),
    };
    // Boxed to drop the spare capacity, which a cache that counts bytes would not see.
    let json = Format::Json.write(&extraction.links).into_bytes().into_boxed_slice();
    Ok(Extracted { links: links.with_json(json.into()), method, time: start.elapsed() })
}
