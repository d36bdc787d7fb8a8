//! A page a line: `{"page", "links"}` or `{"page", "error"}`, for answers about several pages.

use crate::Link;
use serde::Serialize;
use std::io;

#[derive(Serialize)]
struct Found<'a> {
    page: &'a str,
    links: &'a [Link],
}

#[derive(Serialize)]
struct Failed<'a, E> {
    page: &'a str,
    error: E,
}

/// Writes the line of a page whose links were found; `page` is the target as it was asked for.
pub fn write_links(out: &mut dyn io::Write, page: &str, links: &[Link]) -> io::Result<()> {
    write_line(out, &Found { page, links })
}

/// Writes the line of a page that failed; `error` is anything that serializes, such as a message or a problem.
pub fn write_error(out: &mut dyn io::Write, page: &str, error: &impl Serialize) -> io::Result<()> {
    write_line(out, &Failed { page, error })
}

fn write_line(out: &mut dyn io::Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
