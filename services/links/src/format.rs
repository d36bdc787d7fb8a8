//! Formats of a list of links, one module each, for the command line, the API and the web downloads.
//!
//! In formats with one line a link, line breaks and control characters inside a value become U+FFFD.

pub mod csv;
mod json;
mod line;
mod markdown;
pub mod ndjson;
mod text;

use crate::Link;
use std::io;

/// The format of a list of links.
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
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Markdown, Self::Text, Self::Json, Self::Csv];

    /// `links` in this format; the last line is ended too.
    pub fn write<'a>(self, links: impl IntoIterator<Item = Link<'a>>) -> String {
        let mut bytes = Vec::new();
        // Neither fails: memory takes every write, and every format is UTF-8.
        let _ = self.write_to(&mut bytes, links);
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// As [`write`](Self::write), to `out`, without a copy of the whole.
    pub fn write_to<'a>(
        self,
        out: &mut dyn io::Write,
        links: impl IntoIterator<Item = Link<'a>>,
    ) -> io::Result<()> {
        match self {
            Self::Markdown => markdown::write(out, links),
            Self::Text => text::write(out, links),
            Self::Json => json::write(out, links),
            Self::Csv => csv::write(out, links),
        }
    }

    /// The `Content-Type` of a body in this format.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json", // RFC 8259 defines no charset parameter
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// The extension of a file in this format, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Text => "txt",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

#[cfg(test)]
mod tests;
