//! From a page's bytes to its links, off the async threads and no more at once than there are processors.

use crate::entry::Links;
use fetch::{FetchError, Page, Step};
use links::{Link, Method, format::Format};
use std::{
    num::NonZero,
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task,
    time::{Instant, timeout_at},
};

/// The places for extraction.
#[derive(Debug)]
pub(crate) struct Extractor(Arc<Semaphore>);

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

impl Default for Extractor {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(processors())))
    }
}

impl Extractor {
    /// The links of `page`, before `deadline`. Nothing when the extraction panicked. One that takes longer goes on
    /// to its end, which is near, in its place: a thread cannot be stopped.
    pub(crate) async fn links(&self, page: Page, deadline: Instant) -> Option<Result<Extracted, FetchError>> {
        let Ok(place) = timeout_at(deadline, Arc::clone(&self.0).acquire_owned()).await else {
            return Some(Err(FetchError::Timeout(Step::Queue)));
        };
        let work = move || {
            let _place = place;
            extract(&page)
        };
        match timeout_at(deadline, task::spawn_blocking(work)).await {
            Ok(extracted) => extracted.ok(),
            // No page takes so long by itself: others had the processors.
            Err(_) => Some(Err(FetchError::Timeout(Step::Queue))),
        }
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

fn extract(page: &Page) -> Result<Extracted, FetchError> {
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
pub(crate) async fn rewrite(links: &Links, format: Format) -> Option<String> {
    /// Up to here it takes less time than to hand it to another thread and back.
    const AT_ONCE: usize = 32 * 1024;
    /// Each takes several times the memory of its links.
    static PLACES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(processors()));
    let json = links.json.clone();
    let write = move || {
        let links: Vec<Link> = serde_json::from_slice(&json).ok()?;
        Some(format.write(links))
    };
    if links.json.len() <= AT_ONCE {
        return write();
    }
    let place = PLACES.acquire().await.ok()?;
    let work = move || {
        let _place = place;
        write()
    };
    task::spawn_blocking(work).await.ok()?
}
