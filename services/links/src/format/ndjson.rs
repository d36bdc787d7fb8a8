//! A page a line: `{"page", "links"}` or `{"page", "error"}`, for answers about several pages.

use super::json;
use crate::Link;
use serde::Serialize;
use std::io;

#[derive(Serialize)]
struct Failed<'a, E> {
    page: &'a str,
    error: E,
}

/// Writes the line of a page whose links were found; `page` is the target as it was asked for.
pub fn write_links<'a>(
    out: &mut dyn io::Write,
    page: &str,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    out.write_all(b"{\"page\":")?;
    serde_json::to_writer(&mut *out, page)?;
    out.write_all(b",\"links\":")?;
    json::write_array(out, links)?;
    out.write_all(b"}\n")
}

/// Writes the line of a page that failed; `error` is anything that serializes, such as a message or a problem.
pub fn write_error(out: &mut dyn io::Write, page: &str, error: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Failed { page, error })?;
    out.write_all(b"\n")
}
