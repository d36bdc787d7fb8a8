//! Stage 4, the canonical page to links, through `tl`.
//!
//! `tl` reads the links once more, independently of the stages before. It is exact on canonical input only: it decodes no
//! references, does not know raw text, loses unquoted values and compares names by letter case. Its nodes are read as a
//! flat list, as its `inner_text` is recursive and quadratic.

use super::text::{self, Collapse};
use crate::{Extraction, Links};
use std::borrow::Cow;
use tl::{Node, ParseError, ParserOptions, VDom};

#[derive(Debug, Default)]
pub(crate) struct TlReader {
    links: Links,
    /// White space at the end of the last link's text so far.
    text: Collapse,
    unparsed_chunks: usize,
}

impl TlReader {
    /// Reads one chunk. Text before its first link belongs to the last link of the chunk before.
    pub(crate) fn read(&mut self, chunk: &[u8]) {
        let chunk = text::utf8(chunk);
        self.gather(&chunk, tl::parse(&chunk, ParserOptions::default()));
    }

    fn gather(&mut self, chunk: &str, page: Result<VDom<'_>, ParseError>) {
        let Ok(page) = page else {
            self.unparsed_chunks += 1;
            return;
        };
        let has_special = text::has_special(chunk);
        for node in page.nodes() {
            match node {
                Node::Tag(tag) => {
                    if let Some(Some(href)) = tag.attributes().get("href") {
                        let href = within(chunk, href.as_bytes());
                        self.start(&if has_special { text::value(href) } else { Cow::Borrowed(href) });
                    }
                }
                Node::Raw(raw) => {
                    let raw = within(chunk, raw.as_bytes());
                    self.text.push_with_references(raw, |text| self.links.push_text(text));
                }
                Node::Comment(_) => {}
            }
        }
    }

    /// Starts a link.
    pub(crate) fn start(&mut self, href: &str) {
        self.end();
        self.links.start(href);
    }

    /// The links, in order, `href` as written.
    pub(crate) fn finish(mut self) -> Extraction {
        self.end();
        Extraction { links: self.links, unparsed_chunks: self.unparsed_chunks, ..Extraction::default() }
    }

    fn end(&mut self) {
        if !self.links.is_empty() {
            self.links.end();
            self.text = Collapse::default();
        }
    }
}

/// A part of the chunk as text, without the cost of validating its UTF-8 again.
fn within<'c>(chunk: &'c str, part: &[u8]) -> &'c str {
    let start = part.as_ptr().addr().wrapping_sub(chunk.as_ptr().addr());
    chunk.get(start..start.saturating_add(part.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{ParseError, TlReader};

    #[test]
    fn each_href_is_decoded_wherever_the_special_character_of_a_chunk_is() {
        for (chunk, expected) in [
            (&b"<a href=\"x\"/>t<a href=\"y&amp;z\"/>"[..], ["x", "y&z"]),
            (b"<a href=\"x\0\"/>t<a href=\"y\"/>", ["x\u{FFFD}", "y"]),
            (b"<a href=\"x\r\n\"/>t<a href=\"\r\"/>", ["x\n", "\n"]),
            (b"<a href=\"x\"/>&amp;<a href=\"y\"/>", ["x", "y"]),
        ] {
            let mut reader = TlReader::default();
            reader.read(chunk);
            let found = reader.finish();
            assert!(found.links.iter().map(|link| link.href).eq(expected), "{:?}", found.links);
        }
    }

    #[test]
    fn a_chunk_that_tl_cannot_parse_is_counted_and_the_others_are_read() {
        let mut reader = TlReader::default();
        reader.read(b"<a href=\"x\">t</a>");
        reader.gather("<a href=\"lost\">t</a>", Err(ParseError::InvalidLength));
        reader.read(b"<a href=\"y\">t</a>");
        let found = reader.finish();
        assert!(found.links.iter().map(|link| link.href).eq(["x", "y"]));
        assert_eq!(found.unparsed_chunks, 1);
    }
}
