//! The API's array: `[{"text": …, "href": …}]`.

use crate::Link;
use std::io;

pub(super) fn write(out: &mut dyn io::Write, links: &[Link]) -> io::Result<()> {
    serde_json::to_writer(&mut *out, links)?;
    out.write_all(b"\n")
}
