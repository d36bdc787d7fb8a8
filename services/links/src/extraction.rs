//! The result of extracting the links of a page.

use crate::Links;
use encoding_rs::{Encoding, UTF_8};
use std::mem;

/// The result of extraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extraction {
    /// Its links, in tree order, duplicates kept.
    pub links: Links,
    /// The page's title, `document.title` of the HTML standard: white space collapsed, without control and bidi characters,
    /// at most 200 Unicode scalar values. `None` where it has none or an empty one.
    pub title: Option<String>,
    /// How many links were left out because their `href` does not resolve, or because of the limits on memory and time.
    pub unresolved: usize,
    /// How they were found.
    pub method: Method,
    /// The encoding that the page was read in.
    pub encoding: &'static Encoding,
    /// How many parts of the page `tl` could not parse: their links are missing. More than 0 is a fault worth logging.
    pub unparsed_chunks: usize,
    /// Whether the page was longer than 256 MiB in UTF-8; the links beyond are missing.
    pub truncated: bool,
}

impl Extraction {
    /// Leaves out the title and the texts of links, where the method has not done so.
    pub(crate) fn remove_texts(&mut self) {
        self.title = None;
        if matches!(self.method, Method::Tree | Method::Xml) {
            let found = mem::take(&mut self.links);
            found.iter().for_each(|link| self.links.push(&link.href, ""));
        }
    }
}

impl Default for Extraction {
    fn default() -> Self {
        Self {
            links: Links::default(),
            title: None,
            unresolved: 0,
            method: Method::default(),
            encoding: UTF_8,
            unparsed_chunks: 0,
            truncated: false,
        }
    }
}

/// How the links of a page were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// In one pass, exactly.
    #[default]
    Streamed,
    /// Through a whole tree, exactly.
    Tree,
    /// By reading the page as XML, exactly.
    Xml,
    /// By tags alone, because an exact answer would have cost too much: hostile or very deeply nested pages.
    Approximate,
}
