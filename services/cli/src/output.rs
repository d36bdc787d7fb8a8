//! Writes the links of one or several targets in the formats of `links::format`.

use crate::{args::OutputFormat, found_page::FoundPage, page_error::PageError};
use links::{
    Links, Method,
    format::{
        Format, csv,
        ndjson::{self, PageMembers},
    },
};
use serde::Serialize;
use serde_json::json;
use std::{
    fmt::Display,
    io::{self, Write},
    mem,
};

/// Writes pages one after the other.
pub struct Writer<W> {
    out: W,
    format: OutputFormat,
    /// Whether there are several targets: CSV then names the page, JSON joins the pages' links in one array.
    several: bool,
    /// What comes before the next link of that array.
    separator: &'static str,
    /// Whether the header line is still to be written.
    header_due: bool,
}

/// The members of a page's line of NDJSON before its links.
#[derive(Serialize)]
struct PageLine<'a> {
    #[serde(flatten)]
    members: PageMembers<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'a str>,
    /// Not of the API's pages, which have an age.
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched: Option<String>,
}

impl<W: Write> Writer<W> {
    /// A writer to `out` of one page, or of `several`. It writes nothing before there is a page or the end.
    pub fn new(out: W, format: OutputFormat, several: bool) -> Self {
        Self { out, format, several, separator: "[", header_due: several && format == OutputFormat::Csv }
    }

    /// Writes the links of `page`.
    pub fn links(&mut self, page: &str, FoundPage { url, found, at, api }: &FoundPage) -> io::Result<()> {
        self.header()?;
        let out = &mut self.out;
        let links = &found.links;
        match self.format {
            OutputFormat::Markdown => Format::Markdown.write_to(out, links),
            OutputFormat::Text => Format::Text.write_to(out, links),
            OutputFormat::Ndjson => {
                let line = PageLine {
                    members: PageMembers {
                        page,
                        url: url.as_ref().map(weburl::WebUrl::as_str),
                        title: found.title.as_deref(),
                        count: links.len(),
                        unresolved: found.unresolved,
                        approximate: found.method == Method::Approximate,
                    },
                    age: api.as_ref().and_then(|api| api.age),
                    cache: api.as_ref().and_then(|api| api.cache.as_deref()),
                    fetched: api.is_none().then(|| humantime::format_rfc3339_seconds(*at).to_string()),
                };
                ndjson::write_links(out, line, links)
            }
            OutputFormat::Csv if self.several => csv::write_page(out, page, links),
            OutputFormat::Csv => Format::Csv.write_to(out, links),
            OutputFormat::Json if self.several => self.joined(links),
            OutputFormat::Json => Format::Json.write_to(out, links),
        }
    }

    /// Writes that `page` failed, in NDJSON; the other formats have no form for it.
    pub fn failure(&mut self, page: &str, error: &PageError, detail: impl Display) -> io::Result<()> {
        if self.format == OutputFormat::Ndjson {
            let error = match error {
                PageError::Api(error) => error.clone(),
                _ => json!({ "code": error.code(), "detail": detail.to_string() }),
            };
            ndjson::write_error(&mut self.out, page, &error)?;
        }
        Ok(())
    }

    /// Passes on what has been written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes what comes after the last page.
    pub fn finish(mut self) -> io::Result<()> {
        self.header()?;
        if self.format == OutputFormat::Json && self.several {
            let end = if self.separator == "[" { "[]\n" } else { "]\n" };
            self.out.write_all(end.as_bytes())?;
        }
        self.out.flush()
    }

    fn header(&mut self) -> io::Result<()> {
        if mem::take(&mut self.header_due) { csv::write_pages_header(&mut self.out) } else { Ok(()) }
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
