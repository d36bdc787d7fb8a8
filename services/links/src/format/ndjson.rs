//! One line a page: its links, or its error.

use super::write_json_array;
use crate::Link;
use serde::Serialize;
use std::io;

/// The members of a page's line that stand before its `links`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PageMembers<'a> {
    /// The target as the user gave it.
    pub page: &'a str,
    /// The page's final URL, if it has one.
    pub url: Option<&'a str>,
    /// The page's [title](crate::Extraction::title).
    pub title: Option<&'a str>,
    /// The number of links.
    pub count: usize,
    /// The number of hrefs that were left out because they do not resolve or exceed a limit.
    pub unresolved: usize,
    /// Whether the links were found by [`Method::Approximate`](crate::Method::Approximate).
    pub approximate: bool,
}

/// The end of a page's line, after its links.
pub const END: &[u8] = b"}\n";

#[derive(Serialize)]
struct ErrorLine<'a, E> {
    page: &'a str,
    error: E,
}

/// Writes the line of a page; `members` are [`PageMembers`], or another object that has these and more.
pub fn write_links<'a>(
    out: &mut dyn io::Write,
    members: impl Serialize,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    write_members(out, members)?;
    write_json_array(out, links)?;
    out.write_all(END)
}

/// Writes the beginning of the same line. Its links, a JSON array without white space at its end, and [`END`] follow.
pub fn write_members(out: &mut dyn io::Write, members: impl Serialize) -> io::Result<()> {
    let mut object = serde_json::to_vec(&members)?;
    object.pop(); // the closing brace
    out.write_all(&object)?;
    out.write_all(b",\"links\":")
}

/// Writes the line of a page that failed; `error` is anything that serializes, such as a message or a problem.
pub fn write_error(out: &mut dyn io::Write, page: &str, error: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &ErrorLine { page, error })?;
    out.write_all(b"\n")
}
