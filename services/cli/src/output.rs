//! Writes the links of one or several targets in the formats of `links::format`.

use crate::{args::OutputFormat, target::TargetError};
use links::{
    Extraction, Links, Method,
    format::{
        Format, csv,
        ndjson::{self, PageMembers},
    },
};
use serde_json::json;
use std::io::{self, Write};

/// Writes pages one after the other.
pub struct Writer<W> {
    out: W,
    format: OutputFormat,
    /// Whether there are several targets: CSV then names the page, JSON joins the pages' links in one array.
    several: bool,
    /// What comes before the next link of that array.
    separator: &'static str,
}

impl<W: Write> Writer<W> {
    /// A writer to `out` of one page, or of `several`; writes what comes before the first page.
    pub fn new(mut out: W, format: OutputFormat, several: bool) -> io::Result<Self> {
        if several && format == OutputFormat::Csv {
            csv::write_pages_header(&mut out)?;
        }
        Ok(Self { out, format, several, separator: "[" })
    }

    /// Writes the links of `page`.
    pub fn links(&mut self, page: &str, found: &Extraction) -> io::Result<()> {
        let out = &mut self.out;
        let links = &found.links;
        match self.format {
            OutputFormat::Markdown => Format::Markdown.write_to(out, links)?,
            OutputFormat::Text => Format::Text.write_to(out, links)?,
            OutputFormat::Ndjson => {
                let approximate = found.method == Method::Approximate;
                let members =
                    PageMembers { page, count: links.len(), unresolved: found.unresolved, approximate };
                ndjson::write_links(out, members, links)?;
            }
            OutputFormat::Csv if self.several => csv::write_page(out, page, links)?,
            OutputFormat::Csv => Format::Csv.write_to(out, links)?,
            OutputFormat::Json if self.several => self.joined(links)?,
            OutputFormat::Json => Format::Json.write_to(out, links)?,
        }
        self.out.flush()
    }

    /// Writes that `page` failed, in NDJSON; the other formats have no form for it.
    pub fn failure(&mut self, page: &str, error: &TargetError) -> io::Result<()> {
        if self.format == OutputFormat::Ndjson {
            let error = json!({ "code": error.code(), "detail": error.to_string() });
            ndjson::write_error(&mut self.out, page, &error)?;
        }
        self.out.flush()
    }

    /// Writes what comes after the last page.
    pub fn finish(mut self) -> io::Result<()> {
        if self.format == OutputFormat::Json && self.several {
            let end = if self.separator == "[" { "[]\n" } else { "]\n" };
            self.out.write_all(end.as_bytes())?;
        }
        self.out.flush()
    }

    fn joined(&mut self, links: &Links) -> io::Result<()> {
        for link in links {
            self.out.write_all(self.separator.as_bytes())?;
            serde_json::to_writer(&mut self.out, &link)?;
            self.separator = ",";
        }
        Ok(())
    }
}
