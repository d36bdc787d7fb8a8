//! Links as a file.

use crate::{Site, asked::Asked, page, result, summary};
use bytes::Bytes;
use http::{HeaderValue, header};
use kit::{RequestId, Response};
use links::format::Format;
use std::sync::Arc;

/// What a file can be written as: name in addresses, name on the page.
pub(crate) const FORMATS: [(Format, &str, &str); 3] =
    [(Format::Json, "json", "JSON"), (Format::Csv, "csv", "CSV"), (Format::Markdown, "markdown", "Markdown")];

/// The format that addresses call `name`.
pub(crate) fn format(name: &str) -> Option<Format> {
    FORMATS.iter().find(|(_, known, _)| *known == name).map(|(format, ..)| *format)
}

/// The selected links in the format asked for, on every page of the list; or an error page.
pub(crate) async fn answer(
    site: &Arc<Site>,
    asked: Asked,
    format: Format,
    id: Option<RequestId>,
) -> Response {
    let host = asked.page.url().host_str().unwrap_or_default().to_owned();
    let typed = asked.page.as_str().to_owned();
    match result::make(Arc::clone(site), asked, id, move |_, asked, answer| {
        let links = summary::select(answer.links()?, asked, answer);
        Ok(format.write(links))
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
