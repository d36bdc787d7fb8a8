//! The hrefs, one a line.

use super::line::sanitized;
use crate::Link;
use std::io;

pub(super) fn write(out: &mut dyn io::Write, links: &[Link]) -> io::Result<()> {
    for link in links {
        writeln!(out, "{}", sanitized(&link.href))?;
    }
    Ok(())
}
