//! `[text](href)`, one line a link, unescaped.

use super::line::sanitized;
use crate::Link;
use std::io;

pub(super) fn write<'a>(
    out: &mut dyn io::Write,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    for link in links {
        writeln!(out, "[{}]({})", sanitized(&link.text), sanitized(&link.href))?;
    }
    Ok(())
}
