//! HTML to links, stage by stage.
//!
//! ```text
//! page ─ tokenize ─ tree ─ canonicalizer ─ tl_reader ─ links
//!                    └─ bailout ─ dom (html5ever) ──────┘
//!                                  └─ too costly ─ approximate, canonicalizer, tl_reader
//! ```
//!
//! In: a page in UTF-8, in which invalid bytes count as U+FFFD. Out: its links as written, and its first `<base>`.
//! Each way is linear in the page, in time and in memory.

mod approximate;
mod canonicalizer;
mod dom;
mod name;
mod span;
mod text;
mod tl_reader;
pub(crate) mod tokenize;
mod tree;

use crate::{Extraction, Method};
use canonicalizer::Canonicalizer;
use span::MAX_PAGE;
use tree::{Bailout, Tree};

/// The links of `page` as written, without a byte order mark, and the `href` of the first `<base>` that has one.
pub(crate) fn find(page: &[u8]) -> (Extraction, Option<String>) {
    let page = page.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(page);
    let truncated = page.len() > MAX_PAGE;
    let (mut found, base) = find_in(&page[..page.len().min(MAX_PAGE)]);
    found.truncated = truncated;
    (found, base)
}

fn find_in(page: &[u8]) -> (Extraction, Option<String>) {
    let mut canonicalizer = Canonicalizer::default();
    let bailout = match Tree::build(page, &mut canonicalizer) {
        Ok(base) => return (canonicalizer.finish(), base.map(text::attribute_value)),
        Err(bailout) => bailout,
    };
    drop(canonicalizer);
    if bailout != Bailout::TooDeep
        && let Some((links, base)) = dom::find(page)
    {
        return (Extraction { links, method: Method::Tree, ..Extraction::default() }, base);
    }
    let mut canonicalizer = Canonicalizer::default();
    let base = approximate::build(page, &mut canonicalizer);
    let found = Extraction { method: Method::Approximate, ..canonicalizer.finish() };
    (found, base.map(text::attribute_value))
}
