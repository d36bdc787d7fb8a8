//! The result of extraction.

use crate::Links;

/// The result of extraction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extraction {
    /// Its links, in tree order, duplicates kept.
    pub links: Links,
    /// How many `href`s did not resolve and were left out.
    pub unresolved: usize,
    /// How they were found.
    pub method: Method,
    /// How many chunks of the canonical page `tl` could not parse: their links are missing. To be logged: it is a fault.
    pub unparsed_chunks: usize,
    /// Whether the page was longer than 256 MiB in UTF-8; the links beyond are missing.
    pub truncated: bool,
}

/// The way a page's links were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// In one pass, exactly.
    #[default]
    Streamed,
    /// Through a whole tree, exactly.
    Tree,
    /// By tags alone, as an exact answer would have cost too much: hostile or very deeply nested pages.
    Approximate,
}
