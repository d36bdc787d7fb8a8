//! Stage 4, the canonical page to links, through `tl`.
//!
//! `tl` is exact on canonical input and on that alone: it decodes no references, does not know raw text, loses
//! unquoted values and takes upper-case names for others. Its nodes are read as a flat list; its `inner_text` is
//! recursive and quadratic.

use super::text;
use crate::Link;
use tl::{Node, ParserOptions};

/// Gathers links from the chunks of a canonical page.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    links: Vec<Link>,
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
                        self.start_link(text::value(within(&chunk, href.as_bytes())));
                    }
                }
                Node::Raw(raw) => {
                    if let Some(link) = self.links.last_mut() {
                        text::push_decoded(&mut link.text, within(&chunk, raw.as_bytes()));
                    }
                }
                Node::Comment(_) => {}
            }
        }
    }

    /// The links, in order, `href` as written.
    pub(crate) fn finish(mut self) -> Vec<Link> {
        self.finish_last();
        self.links
    }

    fn start_link(&mut self, href: String) {
        self.finish_last();
        if self.links.len() == self.links.capacity() {
            // By a half, not by twice: a page of links makes a list that is larger than itself.
            self.links.reserve_exact(self.links.len() / 2 + 16);
        }
        self.links.push(Link { text: String::new(), href });
    }

    fn finish_last(&mut self) {
        if let Some(link) = self.links.last_mut() {
            text::finish(&mut link.text);
        }
    }
}

/// A part of the chunk as text: that it is UTF-8 need not be found out again, which takes as long as the rest.
fn within<'c>(chunk: &'c str, part: &[u8]) -> &'c str {
    let start = part.as_ptr().addr().wrapping_sub(chunk.as_ptr().addr());
    chunk.get(start..start.saturating_add(part.len())).unwrap_or_default()
}
