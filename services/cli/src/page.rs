//! Reads a target's page and extracts its links.

use crate::{
    api_client::BatchClient,
    client::UserClient,
    done_page::DonePage,
    found_page::FoundPage,
    local_page::LocalReader,
    page_error::PageError,
    page_format::PageFormat,
    target::{Source, Target},
};
use fetch::PageUrl;
use kit::CpuPool;
use links::Page;
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::SystemTime,
};

/// What is done with every page.
pub struct PageReader {
    pub client: UserClient,
    /// The API that is asked instead.
    pub api: Option<BatchClient>,
    pub pool: CpuPool,
    /// Reads what is not fetched.
    pub local: Arc<LocalReader>,
    pub format: PageFormat,
    /// Whether standard input has been taken for a page or for the list.
    pub stdin_taken: AtomicBool,
}

impl PageReader {
    /// The page, with the selected links.
    pub async fn page(&self, target: &Target) -> Result<DonePage, PageError> {
        let (local, format) = (Arc::clone(&self.local), self.format);
        let name = target.shared_name();
        let done = move |page: FoundPage| DonePage::new(page, &name, format, &mut Vec::new());
        if let Some(api) = &self.api {
            return api.links(target, local.links.selection).await.map(done);
        }
        match &target.source {
            Source::Url { authorization } => {
                let page = self.client.fetch(&PageUrl::parse(target.name())?, authorization.as_ref()).await?;
                let (at, length) = (SystemTime::now(), page.body.len());
                let work = move || {
                    let (declared, url, syntax) = (page.declared, Some(&page.url), page.syntax);
                    let body = &page.body;
                    let found = local.links.links(Page { body, declared, url, syntax, ..Page::default() })?;
                    Ok(done(FoundPage { url: Some(page.url), found, at, api: None }))
                };
                self.pool.run_sized(length, work).await.unwrap_or(Err(PageError::Panicked))
            }
            // A named pipe may be silent for long: it must not hold a thread of the pool.
            Source::File(path) => {
                let path = path.clone();
                blocking(move || local.file(&path).map(done)).await
            }
            Source::Stdin => {
                if self.stdin_taken.swap(true, Relaxed) {
                    return Err(PageError::StdinTaken);
                }
                blocking(move || local.stdin().map(done)).await
            }
        }
    }
}

/// Runs work that blocks off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PageError> + Send + 'static,
) -> Result<T, PageError> {
    match tokio::task::spawn_blocking(work).await {
        // Only where the program ends, as when its reader has gone.
        Err(error) if error.is_cancelled() => pending().await,
        result => result.unwrap_or(Err(PageError::Panicked)),
    }
}
