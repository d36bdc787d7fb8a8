//! Targets: URLs, files and standard input, and how their pages are read.

use fetch::{FetchError, Fetcher, PageUrl};
use links::{Extraction, Page, Syntax};
use std::{
    ffi::OsStr,
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};
use url::Url;
use weburl::WebUrl;

/// The limit in bytes of HTML that is not fetched: an endless pipe must not fill the memory.
const LOCAL_LIMIT: u64 = 256 << 20;

/// The source of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A URL, not yet validated.
    Url(String),
    File(PathBuf),
    Stdin,
}

/// Why a target could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{0}")]
    Read(#[from] io::Error),
    #[error("over {} MiB", LOCAL_LIMIT >> 20)]
    TooLarge,
    #[error("no such file; a web page is written with its scheme, as in https://{0}")]
    Missing(String),
}

impl TargetError {
    /// A stable code; the API's where the API has the same error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.code(),
            Self::Read(_) => "unreadable",
            Self::TooLarge => "too-large",
            Self::Missing(_) => "not-found",
        }
    }
}

impl Target {
    /// `-` is standard input; a URL begins with http: or https:, or has `://` and is no file; all else is a file.
    pub fn parse(target: impl AsRef<OsStr>) -> Self {
        let target = target.as_ref();
        // File names need not be UTF-8.
        let Some(text) = target.to_str() else { return Self::File(target.into()) };
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme.trim_start());
        let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        if text == "-" {
            Self::Stdin
        } else if is_http || (text.contains("://") && !Path::new(text).exists()) {
            Self::Url(text.to_owned())
        } else {
            Self::File(text.into())
        }
    }

    /// Its links; with `raw`, hrefs as written. `base` is the URL of a page that is not fetched; `xhtml`: that page is XHTML,
    /// as a file named `.xhtml` or `.xht` is.
    pub async fn links(
        &self,
        fetcher: &Fetcher,
        base: Option<WebUrl>,
        xhtml: bool,
        raw: bool,
    ) -> Result<Extraction, TargetError> {
        if let Self::Url(text) = self {
            let page = fetcher.fetch(&PageUrl::parse(text)?).await?;
            let links = move || {
                let (declared, url) = (page.declared, Some(&page.url));
                extract(Page { body: &page.body, declared, url, syntax: page.syntax }, raw)
            };
            return blocking(links).await;
        }
        let target = self.clone();
        blocking(move || {
            let body = target.read()?;
            // A file has its own URL, as in a browser.
            let url = base.or_else(|| match &target {
                Self::File(path) => {
                    let url = Url::from_file_path(path.canonicalize().ok()?).ok()?;
                    WebUrl::parse(url.as_str()).ok()
                }
                _ => None,
            });
            let syntax = if xhtml || target.is_named_xhtml() { Syntax::Xhtml } else { Syntax::Html };
            extract(Page { body: &body, declared: None, url: url.as_ref(), syntax }, raw)
        })
        .await
    }

    /// Whether it is a file whose name says XHTML.
    fn is_named_xhtml(&self) -> bool {
        let Self::File(path) = self else { return false };
        path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xhtml") || e.eq_ignore_ascii_case("xht"))
    }

    fn read(&self) -> Result<Vec<u8>, TargetError> {
        let source: Box<dyn Read> = match self {
            Self::File(path) => Box::new(File::open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => TargetError::Missing(path.display().to_string()),
                _ => error.into(),
            })?),
            Self::Stdin | Self::Url(_) => Box::new(io::stdin()),
        };
        let mut body = Vec::new();
        source.take(LOCAL_LIMIT + 1).read_to_end(&mut body)?;
        if body.len() as u64 > LOCAL_LIMIT { Err(TargetError::TooLarge) } else { Ok(body) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(text) => f.write_str(text),
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("-"),
        }
    }
}

fn extract(page: Page<'_>, raw: bool) -> Result<Extraction, TargetError> {
    let found = if raw { page.links_as_written() } else { page.links() };
    if found.truncated { Err(TargetError::TooLarge) } else { Ok(found) }
}

/// Runs work that blocks, or takes the processor for long, off the async threads.
pub async fn blocking<T: Send + 'static, E: From<io::Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error).into()),
    }
}
