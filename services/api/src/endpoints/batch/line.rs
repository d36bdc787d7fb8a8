//! A line of NDJSON about one page.

use crate::{cached_result::PageLinks, error::ApiError, page_service::Found};
use links::format::ndjson;

/// Bytes of a line without the URL and the links, at most.
const OVERHEAD: usize = 1024;
/// Bytes of a character that JSON escapes, for each byte of it.
const ESCAPED: usize = 6;

/// The most bytes that the line of `found` can have.
pub(super) fn max_length(url: &str, found: &Found) -> usize {
    let links = found.as_ref().ok().and_then(|(cached, _)| cached.result.as_ref().ok());
    OVERHEAD + ESCAPED * url.len() + links.map_or(0, |links| links.json.len())
}

pub(super) fn write(url: &str, found: &Found) -> Vec<u8> {
    let error = match found {
        Ok((cached, _)) => match &cached.result {
            Ok(links) => return with_links(url, links),
            Err(error) => &ApiError::from(error.clone()),
        },
        Err(error) => error,
    };
    let mut line = Vec::new();
    // Cannot fail: memory takes every write, and every part of an error has a JSON form.
    let _ = ndjson::write_error(&mut line, url, &error.member());
    line
}

fn with_links(url: &str, links: &PageLinks) -> Vec<u8> {
    let PageLinks { count, unresolved, approximate, json, .. } = links;
    let page = serde_json::Value::from(url);
    let start = format!(
        r#"{{"page":{page},"count":{count},"unresolved":{unresolved},"approximate":{approximate},"links":"#
    );
    [start.as_bytes(), json.trim_ascii_end(), b"}\n"].concat()
}
