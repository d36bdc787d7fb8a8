//! Stage 4, the canonical page to links, through `tl`.
//!
//! `tl` is exact on canonical input and on that alone: it decodes no references, does not know raw text, loses
//! unquoted values and takes upper-case names for others. Its nodes are read as a flat list; its `inner_text` is
//! recursive and quadratic.

use super::text::{self, Collapse};
use crate::Links;
use tl::{Node, ParserOptions};

/// Gathers links from the chunks of a canonical page.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    links: Links,
    /// The text of the last link so far.
    text: Collapse,
}

impl Reader {
    /// Reads one chunk. Text before its first link belongs to the last link of the chunk before.
    pub(crate) fn read(&mut self, chunk: &[u8]) {
        let chunk = text::utf8(chunk);
        let Ok(page) = tl::parse(&chunk, ParserOptions::default()) else { return };
        for node in page.nodes() {
            match node {
                Node::Tag(tag) => {
                    if let Some(Some(href)) = tag.attributes().get("href") {
                        self.start(within(&chunk, href.as_bytes()));
                    }
                }
                Node::Raw(raw) => {
                    let raw = within(&chunk, raw.as_bytes());
                    self.text.push_with_references(raw, |text| self.links.push_text(text));
                }
                Node::Comment(_) => {}
            }
        }
    }

    /// Starts a link; `href` as written in an attribute.
    pub(crate) fn start(&mut self, href: &str) {
        self.end();
        self.links.start(&text::value(href));
    }

    /// The links, in order, `href` as written.
    pub(crate) fn finish(mut self) -> Links {
        self.end();
        self.links
    }

    fn end(&mut self) {
        if !self.links.is_empty() {
            self.links.end();
            self.text = Collapse::default();
        }
    }
}

/// A part of the chunk as text: that it is UTF-8 need not be found out again, which takes as long as the rest.
fn within<'c>(chunk: &'c str, part: &[u8]) -> &'c str {
    let start = part.as_ptr().addr().wrapping_sub(chunk.as_ptr().addr());
    chunk.get(start..start.saturating_add(part.len())).unwrap_or_default()
}
