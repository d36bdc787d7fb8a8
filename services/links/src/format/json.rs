//! The array of the API: `[{"text": …, "href": …}]`.

use crate::Link;
use serde::Serializer as _;
use std::io;

pub(super) fn write<'a>(
    out: &mut dyn io::Write,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    write_array(out, links)?;
    out.write_all(b"\n")
}

pub(super) fn write_array<'a>(
    out: &mut dyn io::Write,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    Ok(serde_json::Serializer::new(out).collect_seq(links)?)
}
