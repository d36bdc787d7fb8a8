//! Formats of a list of links, for the command line, the API and the web downloads.
//!
//! In formats with one line a link, line breaks and control characters inside a value become U+FFFD.

pub mod csv;
pub mod ndjson;
mod sanitized;

use crate::Link;
use sanitized::sanitized;
use serde::Serializer as _;
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
        let mut links = links.into_iter();
        match self {
            Self::Markdown => links.try_for_each(|Link { text, href }| {
                let (text, href) = (sanitized(&text), sanitized(&href));
                ["[", &text, "](", &href, ")\n"].iter().try_for_each(|part| out.write_all(part.as_bytes()))
            }),
            Self::Text => links.try_for_each(|link| {
                out.write_all(sanitized(&link.href).as_bytes())?;
                out.write_all(b"\n")
            }),
            Self::Json => {
                write_json_array(out, links)?;
                out.write_all(b"\n")
            }
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

fn write_json_array<'a>(
    out: &mut dyn io::Write,
    links: impl IntoIterator<Item = Link<'a>>,
) -> io::Result<()> {
    Ok(serde_json::Serializer::new(out).collect_seq(links)?)
}

#[cfg(test)]
mod tests;
