//! Comma-separated values (RFC 4180): `text,href`, after a `page` column for several pages.

use super::sanitized::sanitized;
use crate::Link;
use ::csv::{Terminator, Writer, WriterBuilder};
use std::io;

/// Writes the links of one page after a header line.
pub(super) fn write<'a>(
    out: &mut dyn io::Write,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    out.write_all(b"text,href\r\n")?;
    let mut writer = writer(out);
    for link in links {
        writer.write_record([&*sanitized(&link.text), &*sanitized(&link.href)])?;
    }
    writer.flush()
}

/// Writes the header line of several pages' links: `page,text,href`.
pub fn write_pages_header(out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(b"page,text,href\r\n")
}

/// Writes the links of one of several pages, with `page` in the first column and no header line.
pub fn write_page<'a>(
    out: &mut dyn io::Write,
    page: &str,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    let page = sanitized(page);
    let mut writer = writer(out);
    for link in links {
        writer.write_record([&*page, &*sanitized(&link.text), &*sanitized(&link.href)])?;
    }
    writer.flush()
}

fn writer<W: io::Write>(out: W) -> Writer<W> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out)
}
