//! Stage 3, link events to a canonical page: `<a href="…"/>text` and nothing else, which any parser reads alike. A text extends
//! to the next link: the slash spares `tl` its search for end tags, and means nothing to HTML.
//!
//! It is passed to the reader in chunks, so that neither it nor its parse grows with the page. Character references are
//! kept; characters that could be taken for markup are written as references.

use super::{text, tl_reader::TlReader};
use crate::Extraction;
use memchr::{memchr, memchr2, memchr3};

/// A chunk goes to the reader once it holds this many bytes.
const CHUNK: usize = 2 * 1024;

/// The capacity of the first chunk, enough for a small page: allocators return pieces of this size quickest.
const SMALL_CHUNK: usize = 1024;

/// Within the text of one link a chunk may grow to this size, so that the link can still be [split](Canonicalizer::split).
const LONG_TEXT: usize = 32 * 1024;

/// How text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextKind {
    /// Character references are decoded.
    pub(crate) references: bool,
    /// NUL characters become U+FFFD instead of being dropped.
    pub(crate) keeps_nul: bool,
}

pub(crate) struct Canonicalizer {
    chunk: Vec<u8>,
    /// How many bytes were passed to the reader before this chunk.
    flushed: u32,
    reader: TlReader,
    /// Whether the texts of links are wanted.
    texts: bool,
}

impl Canonicalizer {
    /// Without `texts`, all texts of links are left out.
    pub(crate) fn new(texts: bool) -> Self {
        Self { chunk: Vec::with_capacity(SMALL_CHUNK), flushed: 0, reader: TlReader::default(), texts }
    }

    pub(crate) fn has_texts(&self) -> bool {
        self.texts
    }

    /// The links, after the last chunk.
    pub(crate) fn finish(mut self) -> Extraction {
        self.flush();
        self.reader.finish()
    }

    fn flush(&mut self) {
        self.reader.read(&self.chunk);
        self.flushed = self.position();
        self.chunk.clear();
    }

    fn flush_if_full(&mut self) {
        if self.chunk.len() >= CHUNK {
            self.flush();
        }
    }

    fn push_start(&mut self, mut href: &[u8]) {
        self.chunk.extend_from_slice(b"<a href=\"");
        while let Some(at) = memchr(b'"', href) {
            self.chunk.extend_from_slice(&href[..at]);
            self.chunk.extend_from_slice(b"&quot;");
            href = &href[at + 1..];
        }
        self.chunk.extend_from_slice(href);
        self.chunk.extend_from_slice(b"\"/>");
    }

    /// Separates the text before from the text after by a void element, as `&am</b>p;` is no reference.
    fn push_break(&mut self) {
        self.chunk.extend_from_slice(b"<br>");
    }

    /// Keeps invalid UTF-8 invalid: the end of one text and the start of the next may form a character.
    fn part_characters(&mut self, text: &[u8]) {
        if text.first().is_some_and(|&c| is_continuation(c)) {
            self.push_break();
        }
    }

    /// Text, each `<` as a reference and, in text without references, each `&`.
    fn push_text(&mut self, mut text: &[u8], references: bool) {
        while let Some(at) = memchr2(b'<', b'&', text) {
            self.push_plain(&text[..at]);
            self.flush_if_full(); // not within a reference
            let is_reference = text[at] == b'&' && references;
            let rest = &text[at + 1..];
            if is_reference {
                let ends = |&c: &u8| !c.is_ascii_alphanumeric() && c != b'#';
                let length = at + 1 + rest.iter().position(ends).unwrap_or(rest.len());
                self.chunk.extend_from_slice(&text[at..length]); // whole, however long
                text = &text[length..];
            } else {
                self.chunk.extend_from_slice(if text[at] == b'<' { b"&lt;" } else { b"&amp;" });
                text = rest;
            }
        }
        self.push_plain(text);
    }

    /// Text without special characters, in parts if it is long.
    fn push_plain(&mut self, mut text: &[u8]) {
        while text.len() > CHUNK {
            // Not within a character: it has three continuation bytes at most.
            let part = (CHUNK - 3..=CHUNK).rev().find(|&at| !is_continuation(text[at])).unwrap_or(CHUNK);
            self.chunk.extend_from_slice(&text[..part]);
            self.flush();
            text = &text[part..];
        }
        self.chunk.extend_from_slice(text);
    }

    /// A link starts; `href` as written, character references and all.
    pub(crate) fn start(&mut self, href: &[u8]) {
        self.flush_if_full();
        if href.len() <= CHUNK {
            self.push_start(href);
        } else {
            self.flush();
            self.reader.start(&text::value(&text::utf8(href))); // a copy of a long href costs memory
        }
    }

    /// Text inside the link.
    pub(crate) fn text(&mut self, mut text: &[u8], kind: TextKind) {
        if !self.texts {
            return;
        }
        if self.chunk.len() >= LONG_TEXT {
            self.flush();
        }
        self.part_characters(text);
        if memchr3(b'<', b'&', 0, text).is_none() {
            self.push_plain(text); // most text
            return;
        }
        let references = kind.references && memchr(b'&', text).is_some();
        while let Some(at) = memchr(0, text) {
            self.push_text(&text[..at], kind.references);
            if kind.keeps_nul {
                self.chunk.extend_from_slice("\u{FFFD}".as_bytes());
            } else if references {
                self.push_break(); // `&am` NUL `p;` is no reference
            }
            text = &text[at + 1..];
            self.part_characters(text);
            self.flush_if_full();
        }
        self.push_text(text, kind.references);
        if references {
            self.push_break();
        }
    }

    /// The current position in the output, for [`split`](Self::split).
    #[inline]
    pub(crate) fn position(&self) -> u32 {
        self.flushed + u32::try_from(self.chunk.len()).unwrap_or(u32::MAX)
    }

    /// Ends the open link at an earlier `position` and starts another there with the same `href`, which gets the rest of
    /// the text. Returns how much longer the output became; `None` where that part of it was passed on already.
    pub(crate) fn split(&mut self, position: u32, href: &[u8]) -> Option<u32> {
        let at = position.checked_sub(self.flushed)?;
        let rest = self.chunk.split_off(at as usize);
        let before = self.position();
        self.push_start(href);
        let longer = self.position() - before;
        self.chunk.extend_from_slice(&rest);
        Some(longer)
    }
}

/// Whether the byte is a continuation byte of UTF-8.
const fn is_continuation(c: u8) -> bool {
    c & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests;
