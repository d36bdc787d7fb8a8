//! Extracts the links of a page, on a CPU pool.

use crate::{
    cached_result::PageLinks,
    conversion::{self, Converted},
    error::ApiError,
    extraction_pool::ExtractionPool,
    negotiation::AnswerForm,
};
use bytes::Bytes;
use fetch::{Cause, FetchError, FetchedPage, JobRecord, Phase, ProcessorTime, Validators};
use kit::Deadline;
use links::{Encoding, Method, Syntax, format::Format};
use std::{
    mem,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use weburl::WebUrl;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes that the links of any page may take besides three times the page.
const LONG_LINKS: u64 = 4 << 20;
/// Bytes of a page whose extraction takes a few milliseconds, whatever the page: if it seems to take longer, the processor
/// was not ours, as in a virtual machine whose host is busy.
const SMALL: usize = 64 << 10;
/// Bytes of a node of a tree, and of the link that it may be.
const NODE: u64 = 160;

/// A page whose links are wanted.
pub(crate) struct ReceivedPage {
    pub(crate) body: Bytes,
    /// The encoding that the sender declares.
    pub(crate) declared: Option<&'static Encoding>,
    /// Its final URL, if it is known.
    pub(crate) url: Option<WebUrl>,
    pub(crate) syntax: Syntax,
    /// The form in which its links are wanted instead of the cached one.
    pub(crate) form: Option<AnswerForm>,
    pub(crate) validators: Validators,
    /// The processor time that it has taken already.
    pub(crate) processor_time: ProcessorTime,
}

impl From<FetchedPage> for ReceivedPage {
    fn from(page: FetchedPage) -> Self {
        let FetchedPage { url, body, declared, syntax, validators, processor_time, .. } = page;
        Self { body, declared, url: Some(url), syntax, form: None, validators, processor_time }
    }
}

/// A successful extraction.
pub(crate) struct Extracted {
    pub(crate) links: PageLinks,
    /// The links in the form of the page, if it has one; `links` are without JSON then.
    pub(crate) converted: Option<Result<Converted<Bytes>, ApiError>>,
    pub(crate) method: Method,
    /// Parts of the page that could not be parsed: their links are missing.
    pub(crate) unparsed_chunks: usize,
    pub(crate) time: Duration,
}

/// The links of `page`, if they are there by `deadline`; `None` if the extraction panicked. One that has started runs to
/// its end, and keeps `held` until then. Its phases go to `record`.
pub(crate) async fn extract(
    pool: &ExtractionPool,
    page: ReceivedPage,
    held: impl Send + 'static,
    deadline: Deadline,
    record: &mut JobRecord,
) -> Option<Result<Extracted, FetchError>> {
    record.enter(Phase::Queue);
    let begun = Arc::new(OnceLock::new());
    let start = Arc::clone(&begun);
    let bytes = extraction_bytes(&page);
    let job = move || {
        let _held = held;
        extract_now(page, *start.get_or_init(Instant::now))
    };
    let extracted = deadline.run(pool.run(bytes, job)).await;
    if let Some(start) = begun.get() {
        record.enter_at(Phase::Extraction, *start);
    }
    record.end();
    extracted.unwrap_or_else(|_| {
        record.cause = (record.phase() == Phase::Queue).then(Cause::busy);
        Some(Err(FetchError::Timeout(record.time_out())))
    })
}

/// The memory of an extraction, its result included, at most: docs/links.md has the bounds.
fn extraction_bytes(page: &ReceivedPage) -> u64 {
    let length = page.body.len() as u64;
    let (decoded, links) = (3 * length, 3 * length + LONG_LINKS);
    let nodes = (length / 8 + 20_000).min(500_000);
    // When links are converted, nothing else of the page is left.
    let conversion = page.form.map_or(0, |form| links + conversion::memory(links, form));
    (decoded + links + nodes * NODE).max(conversion)
}

fn extract_now(page: ReceivedPage, start: Instant) -> Result<Extracted, FetchError> {
    let ReceivedPage { body, declared, url, syntax, form, validators, processor_time: mut time } = page;
    let html = links::Page { body: &body, declared, url: url.as_ref(), syntax, hrefs_only: false };
    let extraction = time.measure(|| html.links());
    if extraction.truncated || body.len() > SMALL && time.is_too_long(body.len()) {
        return Err(FetchError::TooLarge);
    }
    // Boxed to drop the spare capacity, which a cache that counts bytes would not see.
    let mut json = Bytes::from(Format::Json.write(&extraction.links).into_bytes().into_boxed_slice());
    let (method, unparsed_chunks) = (extraction.method, extraction.unparsed_chunks);
    let (count, unresolved, title) = (extraction.links.len(), extraction.unresolved, extraction.title);
    drop(extraction.links);
    let hash = xxh3_64(&json);
    let converted = form.map(|form| conversion::converted(&mem::take(&mut json), url.as_ref(), form));
    let links = PageLinks {
        url: url.as_ref().map_or_else(String::new, |url| url.without_fragment().into()),
        count,
        unresolved,
        approximate: method == Method::Approximate,
        title,
        validators,
        hash,
        json,
    };
    Ok(Extracted { links, converted, method, unparsed_chunks, time: start.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::{CpuPool, SharedBudget};
    use std::sync::mpsc::channel;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_page_that_came_shortly_before_the_deadline_was_not_held_up_by_others() {
        let pool = ExtractionPool::new(&CpuPool::new(1).unwrap(), 1 << 30, SharedBudget::new(0, 0));
        let (open, gate) = channel::<()>();
        let (begun, begins) = oneshot::channel();
        let busy = tokio::spawn({
            let pool = pool.clone();
            let job = move || begun.send(()).is_ok() && gate.recv().is_err();
            async move { pool.run(1, job).await }
        });
        begins.await.unwrap();
        let page = ReceivedPage {
            body: Bytes::from_static(b"<a href=x>"),
            declared: None,
            url: None,
            syntax: Syntax::Html,
            form: None,
            validators: Validators::default(),
            processor_time: ProcessorTime::default(),
        };
        let mut record = JobRecord::begin();
        let start = record.start;
        record.enter_at(Phase::FirstByte, start);
        record.enter_at(Phase::Body, start + Duration::from_secs(10));
        let deadline = Deadline::after(Duration::from_millis(20));
        let extracted = extract(&pool, page, (), deadline, &mut record).await.unwrap();
        assert_eq!(extracted.err(), Some(FetchError::Timeout(Phase::FirstByte)));
        assert_eq!((record.phase(), record.cause), (Phase::FirstByte, None));
        drop(open);
        assert_eq!(busy.await.unwrap(), Some(true));
    }
}
