//! A page that is done: its part of the output, made where the links were found, and what is told of it.

use crate::{found_page::FoundPage, page_format::PageFormat};
use links::Method;

/// The most bytes of links that are kept a second time, as output: more of them become output while they are written.
const MOST_FORMATTED: usize = 1024 * 1024;

/// A page for the writer.
#[derive(Debug)]
pub struct DonePage {
    pub output: PageOutput,
    pub report: PageReport,
}

/// What is written of a page.
#[derive(Debug)]
pub enum PageOutput {
    Formatted(Box<[u8]>),
    Found(Box<FoundPage>),
}

/// What is told of a page on standard error.
#[derive(Clone, Copy, Debug)]
pub struct PageReport {
    /// How many links it has.
    pub links: usize,
    /// How many links are left out.
    pub unresolved: usize,
    pub unparsed_chunks: usize,
    pub is_approximate: bool,
    pub is_of_api: bool,
}

impl DonePage {
    /// The page of the target `name`; `buffer` is memory for its output, whatever it holds.
    pub fn new(page: FoundPage, name: &str, format: PageFormat, buffer: &mut Vec<u8>) -> Self {
        let found = &page.found;
        let report = PageReport {
            links: found.links.len(),
            unresolved: found.unresolved,
            unparsed_chunks: found.unparsed_chunks,
            is_approximate: found.method == Method::Approximate,
            is_of_api: page.api.is_some(),
        };
        buffer.clear();
        let bytes = found.links.bytes();
        let is_formatted = bytes <= MOST_FORMATTED && {
            buffer.reserve(bytes);
            format.write(buffer, name, &page).is_ok()
        };
        let output = if is_formatted {
            PageOutput::Formatted(buffer.as_slice().into())
        } else {
            PageOutput::Found(page.into())
        };
        Self { output, report }
    }

    /// The memory that its output takes, in bytes.
    pub fn bytes(&self) -> usize {
        match &self.output {
            PageOutput::Formatted(bytes) => bytes.len(),
            PageOutput::Found(page) => page.found.links.bytes(),
        }
    }
}

impl PageReport {
    /// Whether the page may have links that are not written, or others.
    pub const fn is_incomplete(&self) -> bool {
        self.unresolved > 0 || self.unparsed_chunks > 0 || self.is_approximate
    }
}
