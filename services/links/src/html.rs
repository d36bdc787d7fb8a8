//! HTML to links, stage by stage.
//!
//! ```text
//! page ─ tokenize ─ tree ─ canonicalizer ─ tl_reader ─ links
//!                    └─ bailout ─ tree with nodes ──────┘
//!                                  └─ too costly ─ approximate, canonicalizer, tl_reader
//! ```
//!
//! In: a page in UTF-8, in which invalid bytes count as U+FFFD. Out: its links as written, and its first `<base>`.
//! Each way is linear in the page, in time and in memory.

mod approximate;
mod canonicalizer;
pub(crate) mod encoding;
mod found;
mod name;
mod nodes;
mod span;
mod text;
mod title;
mod tl_reader;
pub(crate) mod tokenize;
mod tree;

use crate::{Extraction, Method};
use canonicalizer::Canonicalizer;
pub(crate) use encoding::PageEncoding;
pub(crate) use found::FoundLinks;
use found::PageNotes;
pub(crate) use span::EACH_BYTE;
use span::MAX_PAGE;
pub(crate) use text::Collapse;
pub(crate) use title::{MAX_READ, title_of};
use tree::{Bailout, Tree};

/// How many steps the stages may take for a page beyond one for each byte, however often it is read.
pub(crate) struct Steps {
    /// Of the tree, which counts elements, entries and bytes of names that it examines.
    streamed: usize,
    /// Of the tree with nodes, which counts those that it moves too.
    nodes: usize,
}

impl Steps {
    /// The steps for a page of that many bytes.
    pub(crate) const fn for_page_of(length: usize) -> Self {
        Self { streamed: length.saturating_mul(8) + 10_000, nodes: length.saturating_mul(8) + 4_000_000 }
    }
}

/// The links of `page`, without a byte order mark; `None` where a `<meta>` has changed `encoding`, in which the page has to
/// be decoded and read again. Without `texts`, texts and the title may be left out.
pub(crate) fn find(
    page: &[u8],
    encoding: &mut PageEncoding,
    steps: &mut Steps,
    texts: bool,
) -> Option<FoundLinks> {
    let page = page.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(page);
    let truncated = page.len() > MAX_PAGE;
    let mut found = find_in(&page[..page.len().min(MAX_PAGE)], encoding, steps, texts)?;
    found.extraction.truncated = truncated;
    Some(found)
}

fn find_in(page: &[u8], encoding: &mut PageEncoding, steps: &mut Steps, texts: bool) -> Option<FoundLinks> {
    let mut canonicalizer = Canonicalizer::new(texts);
    let bailout = match Tree::build(page, encoding, &mut steps.streamed, &mut canonicalizer) {
        Ok(notes) => return Some(streamed(canonicalizer, Method::Streamed, notes)),
        Err(bailout) => bailout,
    };
    drop(canonicalizer);
    match bailout {
        Bailout::OtherEncoding => return None,
        Bailout::NeedsTree => {
            let mut unused = Canonicalizer::new(false);
            match Tree::build_nodes(page, encoding, &mut steps.nodes, &mut unused) {
                Ok(nodes) => {
                    if let Some(found) = nodes::links_of(page, &nodes) {
                        return Some(found);
                    }
                }
                Err(Bailout::OtherEncoding) => return None,
                Err(_) => {}
            }
        }
        Bailout::TooCostly => {}
    }
    find_by_tags(page, encoding, texts)
}

/// The links of `page` by its tags alone, which costs little; `None` and `texts` as for [`find`].
pub(crate) fn find_by_tags(page: &[u8], encoding: &mut PageEncoding, texts: bool) -> Option<FoundLinks> {
    let mut canonicalizer = Canonicalizer::new(texts);
    let notes = approximate::build(page, encoding, &mut canonicalizer).ok()?;
    Some(streamed(canonicalizer, Method::Approximate, notes))
}

fn streamed(canonicalizer: Canonicalizer, method: Method, notes: PageNotes<'_>) -> FoundLinks {
    let title = notes.title.filter(|_| canonicalizer.has_texts()).and_then(title::of_element);
    let extraction = Extraction { title, method, ..canonicalizer.finish() };
    FoundLinks { extraction, base: notes.base.map(text::attribute_value) }
}
