//! Comma-separated values (RFC 4180): `text,href`, after a `page` column for several pages.

use super::sanitized::sanitized;
use crate::Link;
use ::csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use std::{borrow::Cow, io};

/// Spreadsheets take a cell that begins with one of these for a formula (OWASP, CSV injection).
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

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

/// Writes the links of one page for a spreadsheet: in UTF-8 with a byte order mark, every value in quotes, so that no
/// separator of another locale divides it, and an apostrophe before what would be a formula.
pub fn write_for_spreadsheets<'a>(
    out: &mut dyn io::Write,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer =
        WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Always).from_writer(out);
    writer.write_record(["text", "href"])?;
    for link in links {
        writer.write_record([&*defused(sanitized(&link.text)), &*defused(sanitized(&link.href))])?;
    }
    writer.flush()
}

/// `value` with an apostrophe before what would be a formula. Where a semicolon separates cells, such a spreadsheet divides
/// what follows the first cell of a line there, whether or not it is in quotes. There are no tabs, which are control
/// characters.
fn defused(value: Cow<'_, str>) -> Cow<'_, str> {
    let is_formula = |value: &str| value.trim_start().starts_with(FORMULA);
    let is_inner_formula =
        |cell: &str| is_formula(cell.trim_start_matches(|c: char| c == '"' || c.is_whitespace()));
    if !is_formula(&value) && !value.split(';').skip(1).any(is_inner_formula) {
        return value;
    }
    let defuse = |cell: &str, is_formula: bool| format!("{}{cell}", if is_formula { "'" } else { "" });
    let mut cells = value.split(';');
    let first = cells.next().map(|cell| defuse(cell, is_formula(cell)));
    let cells = first.into_iter().chain(cells.map(|cell| defuse(cell, is_inner_formula(cell))));
    cells.collect::<Vec<_>>().join(";").into()
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
