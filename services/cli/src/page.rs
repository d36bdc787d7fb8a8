//! Reads a target's page and extracts its links.

use crate::{
    api_client::BatchClient,
    client::UserClient,
    file_id::FileId,
    found_page::FoundPage,
    media,
    page_error::PageError,
    target::{Source, Target},
};
use fetch::PageUrl;
use kit::CpuPool;
use links::{Extraction, LinkSelection, Page, Syntax};
use std::{
    fs::File,
    io::{self, Read},
    path::{self, Path},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::SystemTime,
};
use url::Url;
use weburl::WebUrl;

/// What is done with every page.
pub struct PageReader {
    pub client: UserClient,
    /// The API that is asked instead.
    pub api: Option<BatchClient>,
    pub pool: CpuPool,
    /// The URL of pages that are not fetched.
    pub base: Option<WebUrl>,
    /// Whether these are XHTML, whatever their name.
    pub xhtml: bool,
    /// Whether hrefs stay as they are written.
    pub raw: bool,
    pub selection: LinkSelection,
    /// The file that results are written to: it is no page.
    pub output: Option<FileId>,
    /// Whether standard input has been taken for a page or for the list.
    pub stdin_taken: AtomicBool,
}

impl PageReader {
    /// The selected links of the page.
    pub async fn links(&self, target: &Target) -> Result<FoundPage, PageError> {
        if let Some(api) = &self.api {
            return api.links(target, self.selection).await;
        }
        match &target.source {
            Source::Url { authorization } => {
                let page = self.client.fetch(&PageUrl::parse(target.name())?, authorization.as_ref()).await?;
                let (at, extract) = (SystemTime::now(), self.extract());
                let work = move || {
                    let (declared, url, syntax) = (page.declared, Some(&page.url), page.syntax);
                    let found = extract(Page { body: &page.body, declared, url, syntax })?;
                    Ok(FoundPage { url: Some(page.url), found, at, api: None })
                };
                self.pool.run(work).await.unwrap_or(Err(PageError::Panicked))
            }
            Source::File(path) => {
                let regular = path.is_file();
                let (path, limit) = (path.clone(), self.client.limits.max_local_bytes);
                let (base, extract) = (self.base.clone(), self.extract());
                let syntax = self.syntax(is_named_xhtml(&path));
                let output = self.output;
                let work = move || {
                    let file = open(&path)?;
                    let metadata = file.metadata()?;
                    if output.is_some() && output == FileId::of(&metadata) {
                        return Err(PageError::IsOutput);
                    }
                    let url = base.or_else(|| file_url(&path));
                    local(file, metadata.len(), limit, url, syntax, extract)
                };
                // A named pipe may be silent for long: it must not hold a thread of the pool.
                if regular {
                    self.pool.run(work).await.unwrap_or(Err(PageError::Panicked))
                } else {
                    blocking(work).await
                }
            }
            Source::Stdin => {
                if self.stdin_taken.swap(true, Relaxed) {
                    return Err(PageError::StdinTaken);
                }
                let (limit, base, extract) =
                    (self.client.limits.max_local_bytes, self.base.clone(), self.extract());
                let syntax = self.syntax(false);
                blocking(move || local(io::stdin().lock(), 0, limit, base, syntax, extract)).await
            }
        }
    }

    /// The syntax of a page that is not fetched.
    fn syntax(&self, is_named_xhtml: bool) -> Syntax {
        if self.xhtml || is_named_xhtml { Syntax::Xhtml } else { Syntax::Html }
    }

    fn extract(&self) -> impl FnOnce(Page<'_>) -> Result<Extraction, PageError> + Send + use<> {
        let (raw, selection) = (self.raw, self.selection);
        move |page| {
            let mut found = if raw { page.selected_as_written(selection) } else { page.links() };
            if found.truncated {
                return Err(PageError::TooLong);
            }
            if !raw {
                found.links = selection.of(found.links, page.url);
            }
            Ok(found)
        }
    }
}

fn open(path: &Path) -> Result<File, PageError> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => PageError::Missing,
        _ => error.into(),
    })
}

fn is_named_xhtml(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xhtml") || end.eq_ignore_ascii_case("xht"))
}

/// A file has its own URL, as in a browser, which follows no symbolic links either.
fn file_url(path: &Path) -> Option<WebUrl> {
    let url = Url::from_file_path(path::absolute(path).ok()?).ok()?;
    WebUrl::parse(url.as_str()).ok()
}

/// The links of HTML that is not fetched, of `size` bytes as far as that is known.
fn local(
    source: impl Read,
    size: u64,
    limit: u64,
    url: Option<WebUrl>,
    syntax: Syntax,
    extract: impl FnOnce(Page<'_>) -> Result<Extraction, PageError>,
) -> Result<FoundPage, PageError> {
    let at = SystemTime::now();
    let mut body = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or(0));
    source.take(limit.saturating_add(1)).read_to_end(&mut body)?;
    if let Some(kind) = media::kind(&body) {
        return Err(PageError::Media(kind));
    }
    if body.len() as u64 > limit {
        return Err(PageError::TooLarge);
    }
    let found = extract(Page { body: &body, declared: None, url: url.as_ref(), syntax })?;
    Ok(FoundPage { url, found, at, api: None })
}

/// Runs work that blocks off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PageError> + Send + 'static,
) -> Result<T, PageError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(PageError::Panicked))
}
