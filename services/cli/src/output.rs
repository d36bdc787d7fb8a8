//! Writes the pages of one or several targets, one after the other.

use crate::{
    args::OutputFormat,
    done_page::{DonePage, PageOutput},
    page_error::PageError,
    page_format::PageFormat,
};
use links::format::{csv, ndjson};
use serde_json::json;
use std::{
    fmt::Display,
    io::{self, Write},
    mem,
};

/// Writes pages in one format.
pub struct Writer<W> {
    out: W,
    format: PageFormat,
    /// What comes before the next values of the array that pages share.
    separator: &'static [u8],
    /// Whether the header line is still to be written.
    header_due: bool,
}

impl<W: Write> Writer<W> {
    /// A writer to `out`. It writes nothing before there is a page or the end.
    pub fn new(out: W, format: PageFormat) -> Self {
        let header_due = format.several && format.format == OutputFormat::Csv;
        Self { out, format, separator: b"[", header_due }
    }

    /// Writes the page of the target `name`.
    pub fn page(&mut self, name: &str, page: &DonePage) -> io::Result<()> {
        self.header()?;
        if self.shares_array() && page.report.links > 0 {
            self.out.write_all(mem::replace(&mut self.separator, b","))?;
        }
        match &page.output {
            PageOutput::Formatted(bytes) => self.out.write_all(bytes),
            PageOutput::Found(page) => self.format.write(&mut self.out, name, page),
        }
    }

    /// Writes that the target `name` failed, in NDJSON; the other formats have no form for it.
    pub fn failure(&mut self, name: &str, error: &PageError, detail: impl Display) -> io::Result<()> {
        if self.format.format == OutputFormat::Ndjson {
            let error = match error {
                PageError::Api(error) => error.clone(),
                _ => json!({ "code": error.code(), "detail": detail.to_string() }),
            };
            ndjson::write_error(&mut self.out, name, &error)?;
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
        if self.shares_array() {
            self.out.write_all(if self.separator == b"[" { b"[]\n" } else { b"]\n" })?;
        }
        self.out.flush()
    }

    fn header(&mut self) -> io::Result<()> {
        if mem::take(&mut self.header_due) { csv::write_pages_header(&mut self.out) } else { Ok(()) }
    }

    fn shares_array(&self) -> bool {
        self.format.several && self.format.format == OutputFormat::Json
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found_page::FoundPage;
    use clap::ValueEnum;
    use links::{Extraction, Links};
    use std::time::SystemTime;

    fn page(links: usize) -> FoundPage {
        let mut list = Links::default();
        (0..links).for_each(|number| list.push(&format!("http://h/{number}"), "a, \"b\""));
        let found = Extraction { links: list, ..Extraction::default() };
        FoundPage { url: None, found, at: SystemTime::UNIX_EPOCH, api: None }
    }

    #[test]
    fn pages_are_written_alike_whether_they_are_formatted_before_or_only_now() {
        for format in OutputFormat::value_variants() {
            for format in [false, true].map(|several| PageFormat { format: *format, several }) {
                let written = |done: fn(FoundPage, PageFormat) -> DonePage| {
                    let mut out = Vec::new();
                    let mut writer = Writer::new(&mut out, format);
                    for links in [0, 2, 0, 1] {
                        writer.page("p", &done(page(links), format)).unwrap();
                    }
                    writer.finish().unwrap();
                    String::from_utf8(out).unwrap()
                };
                let formatted = written(|page, format| DonePage::new(page, "p", format, &mut b"x".to_vec()));
                let late = written(|page, format| {
                    let report = DonePage::new(page.clone(), "p", format, &mut Vec::new()).report;
                    DonePage { output: PageOutput::Found(page.into()), report }
                });
                assert_eq!(formatted, late, "{format:?}");
                assert!(formatted.contains("http://h/1"));
            }
        }
    }
}
