//! What a target is, and the page it names.

use fetch::{FetchError, Fetcher, PageUrl};
use links::{Extraction, Page};
use std::{
    ffi::OsStr,
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};
use url::Url;

/// HTML that is not fetched may have this many bytes: an endless pipe ends in an error, not in swap.
const LOCAL_LIMIT: u64 = 256 << 20;

/// Where a page comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A page on the web, not yet checked.
    Url(String),
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// Why a target has no links to show.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It could not be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// Too large to be read.
    #[error("over {} MiB", LOCAL_LIMIT >> 20)]
    TooLarge,
    /// Neither a file nor a URL.
    #[error("no such file; a web page is written with its scheme, as in https://{0}")]
    Missing(String),
}

impl TargetError {
    /// A stable code: the API's, for what the API knows too.
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
    /// What `target` names: `-`, anything with an http(s) scheme, a file that exists, anything else with `://`.
    pub fn parse(target: impl AsRef<OsStr>) -> Self {
        let target = target.as_ref();
        // A name of a file need not be UTF-8; a URL is.
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

    /// Its links; `raw` leaves hrefs as written. `base` is the URL of a page that was not fetched.
    pub async fn links(
        &self,
        fetcher: &Fetcher,
        base: Option<Url>,
        raw: bool,
    ) -> Result<Extraction, TargetError> {
        if let Self::Url(text) = self {
            let page = fetcher.fetch(&PageUrl::parse(text)?).await?;
            return blocking(move || extract(&page.body, page.encoding(), Some(&page.url), raw)).await;
        }
        let target = self.clone();
        blocking(move || {
            let body = target.read()?;
            let url = base.or_else(|| target.file_url());
            extract(&body, links::charset::encoding_of(&body, None), url.as_ref(), raw)
        })
        .await
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

    /// A file's own URL, as a browser that opened it would have.
    fn file_url(&self) -> Option<Url> {
        let Self::File(path) = self else { return None };
        Url::from_file_path(path.canonicalize().ok()?).ok()
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

fn extract(
    body: &[u8],
    encoding: &'static links::Encoding,
    url: Option<&Url>,
    raw: bool,
) -> Result<Extraction, TargetError> {
    let page = Page { body, encoding, url };
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
