//! Links as a file.

use crate::{Site, asked::Asked, page, result, summary};
use bytes::Bytes;
use http::{HeaderValue, header};
use kit::{RequestId, Response};
use std::sync::Arc;

/// What a file can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
    Markdown,
}

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Markdown];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// In addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
        }
    }

    /// On the page.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Markdown => "Markdown",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "md",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }

    fn write(self, links: &[links::Link]) -> String {
        match self {
            Self::Json => links::format::Format::Json,
            Self::Csv => links::format::Format::Csv,
            Self::Markdown => links::format::Format::Markdown,
        }
        .write(links)
    }
}

/// The selected links in the format asked for, on every page of the list; or an error page.
pub(crate) async fn answer(site: &Arc<Site>, asked: Asked, id: Option<RequestId>) -> Response {
    let format = asked.format.unwrap_or(Format::Json);
    let host = asked.page.url().host_str().unwrap_or_default().to_owned();
    let typed = asked.page.as_str().to_owned();
    match result::make(Arc::clone(site), asked, id, move |_, asked, answer| {
        let links = summary::select(answer.links()?, asked, answer);
        Ok(format.write(&links))
    })
    .await
    {
        Ok(file) => attachment(format, &host, file.into()),
        Err(failure) => page::error(site, &failure, &typed),
    }
}

fn attachment(format: Format, host: &str, file: Bytes) -> Response {
    let mut response = Response::new(kit::full(file));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Only letters, digits, dots and hyphens: nothing to quote (RFC 6266), and no name a system stumbles over.
    let host: String =
        host.chars().take(100).map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let value = format!("attachment; filename=\"links-{host}.{}\"", format.extension());
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
