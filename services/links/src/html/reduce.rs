//! Stage 3, link events to a canonical page: nothing but `<a href="…">text</a>`, which any parser reads alike.
//!
//! In: the events of the tree. Out: UTF-8 in chunks, each given to the reader as soon as it is full, so that
//! neither the canonical page nor its parse grows with the page. Values keep their character references; what could
//! be taken for markup is written as one.

use super::{
    canonical::Reader,
    tree::{LinkSink, TextKind},
};
use memchr::{memchr, memchr2};

/// A chunk goes to the reader once it holds this many bytes.
const CHUNK: usize = 32 * 1024;

/// Writes the canonical page.
#[derive(Debug, Default)]
pub(crate) struct Reducer {
    chunk: Vec<u8>,
    /// How many bytes went to the reader before.
    flushed: usize,
    reader: Reader,
}

impl Reducer {
    /// The reader, after the last chunk.
    pub(crate) fn finish(mut self) -> Reader {
        self.flush();
        self.reader
    }

    fn flush(&mut self) {
        self.reader.read(&self.chunk);
        self.flushed += self.chunk.len();
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
        self.chunk.extend_from_slice(b"\">");
    }

    /// Text, each `<` as a reference and, in text without references, each `&`.
    fn push_text(&mut self, mut text: &[u8], references: bool) {
        let find = |text: &[u8]| if references { memchr(b'<', text) } else { memchr2(b'<', b'&', text) };
        while let Some(at) = find(text) {
            self.chunk.extend_from_slice(&text[..at]);
            self.chunk.extend_from_slice(if text[at] == b'<' { b"&lt;" } else { b"&amp;" });
            text = &text[at + 1..];
            self.flush_if_full(); // a reference is whole, so the text may be parted here
        }
        self.chunk.extend_from_slice(text);
    }
}

impl LinkSink for Reducer {
    fn start(&mut self, href: &[u8]) {
        self.flush_if_full();
        self.push_start(href);
    }

    fn text(&mut self, mut text: &[u8], kind: TextKind) {
        let references = kind.references && memchr(b'&', text).is_some();
        while let Some(at) = memchr(0, text) {
            self.push_text(&text[..at], kind.references);
            if kind.keeps_nul {
                self.chunk.extend_from_slice("\u{FFFD}".as_bytes());
            }
            // Not `&am` NUL `p;`: a void element parts the text.
            self.chunk.extend_from_slice(b"<br>");
            text = &text[at + 1..];
            self.flush_if_full();
        }
        self.push_text(text, kind.references);
        if references {
            self.chunk.extend_from_slice(b"<br>"); // nor `&am</b>p;`
        }
    }

    fn end(&mut self) {
        self.chunk.extend_from_slice(b"</a>");
    }

    fn position(&self) -> usize {
        self.flushed + self.chunk.len()
    }

    fn split(&mut self, position: usize, href: &[u8]) -> Option<usize> {
        let at = position.checked_sub(self.flushed)?;
        let rest = self.chunk.split_off(at);
        let before = self.chunk.len();
        self.end();
        self.push_start(href);
        let longer = self.chunk.len() - before;
        self.chunk.extend_from_slice(&rest);
        Some(longer)
    }
}
