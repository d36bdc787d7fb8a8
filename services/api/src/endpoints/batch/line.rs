//! A line of NDJSON about one page.

use crate::{cached_result::PageLinks, error::ApiError, page_service::Found};
use links::format::ndjson::{self, PageMembers};

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
    let mut line = Vec::new();
    let written = match found.as_ref().map(|(cached, _)| &cached.result) {
        Ok(Ok(PageLinks { count, unresolved, approximate, json, .. })) => {
            let (count, unresolved, approximate) = (*count, *unresolved, *approximate);
            let members = PageMembers { page: url, count, unresolved, approximate };
            ndjson::write_json_links(&mut line, members, json)
        }
        Ok(Err(error)) => ndjson::write_error(&mut line, url, &ApiError::from(error.clone()).member()),
        Err(error) => ndjson::write_error(&mut line, url, &error.member()),
    };
    written.expect("memory takes every write, and every member has a JSON form");
    line
}
