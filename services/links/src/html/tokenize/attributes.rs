//! A tag's attributes (WHATWG HTML, sections 13.2.5.32 to 13.2.5.40).
//!
//! Most of the time of a page is spent here.

#![expect(clippy::inline_always, reason = "measured: each loop over attributes is faster without calls")]

use crate::html::span::{Span, near, near_either};

/// The bytes that end an attribute's name.
static ENDS_NAME: [bool; 256] = ends_name();

const fn ends_name() -> [bool; 256] {
    let mut ends = [false; 256];
    let mut c: u8 = 255;
    while c > 0 {
        ends[c as usize] = c.is_ascii_whitespace() || matches!(c, b'=' | b'>' | b'/');
        c -= 1;
    }
    ends
}

/// Reads the attributes of one tag, in order, duplicates included.
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'a> {
    page: &'a [u8],
    at: usize,
    /// Whether the tag is self-closing, once its end was read.
    self_closing: Option<bool>,
}

impl<'a> Attributes<'a> {
    /// Starts right after the tag's name, at `at`.
    #[inline]
    pub(crate) fn new(page: &'a [u8], at: usize) -> Self {
        Self { page, at, self_closing: None }
    }

    /// The position after the tag, once all attributes were read; `None` where the page ends inside it.
    #[inline]
    pub(crate) fn end(&self) -> Option<usize> {
        self.self_closing.map(|_| self.at)
    }

    #[inline]
    pub(crate) fn self_closing(&self) -> bool {
        self.self_closing == Some(true)
    }

    /// Reads to the tag's end.
    #[inline(never)]
    pub(crate) fn skip(&mut self) {
        while self.quick(false).is_some() {}
    }

    /// Reads to the tag's end; gives the value of the first `href`.
    #[inline(never)]
    pub(crate) fn href(&mut self) -> Option<Span> {
        let mut href = None;
        while let Some((name, value)) = self.quick(true) {
            if href.is_none() && is_href(&self.page[name.range()]) {
                href = Some(value);
            }
        }
        href
    }

    /// As [`next`](Self::next), but quicker where `=` follows the name at once, and with the wrong names unless they are
    /// `wanted`.
    #[inline(always)]
    fn quick(&mut self, wanted: bool) -> Option<(Span, Span)> {
        let start = self.at;
        if self.page.get(start) == Some(&b'>') {
            return self.finish(1, false); // as after most values
        }
        let Some(found) = near_either(b'=', b'>', &self.page[start..]) else { return self.next() };
        let text = &self.page[start..start + found];
        if self.page[start + found] == b'>' {
            let is_closing = text.ends_with(b"/");
            if !wanted {
                self.at = start + found;
                return self.finish(1, is_closing);
            }
            return self.next();
        }
        let ends_name = |&c: &u8| ENDS_NAME[c as usize];
        if text.last().is_none_or(ends_name) {
            return self.next(); // the equals sign may start a name
        }
        let before = if wanted { text.iter().rposition(ends_name).map_or(0, |at| at + 1) } else { 0 };
        if before > 1 {
            return self.next(); // an attribute without a value may come first
        }
        self.at = start + found + 1;
        Some((Span::new(start + before, start + found), self.value()?))
    }

    /// The next attribute's name and value, both as written; `None`, for the last time, at the end of the tag or the page.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<(Span, Span)> {
        loop {
            match self.after_spaces()? {
                b'>' => return self.finish(1, false),
                b'/' if self.page.get(self.at + 1) == Some(&b'>') => return self.finish(2, true),
                b'/' => self.at += 1,
                _ => break,
            }
        }
        let start = self.at;
        self.at += 1; // an equals sign that comes first is part of the name
        self.at += self.page[self.at..].iter().position(|&c| ENDS_NAME[c as usize])?;
        let name = Span::new(start, self.at);
        if self.after_spaces()? != b'=' {
            return Some((name, Span::new(self.at, self.at)));
        }
        self.at += 1;
        Some((name, self.value()?))
    }

    #[inline(always)]
    fn value(&mut self) -> Option<Span> {
        let quote = self.after_spaces()?;
        if quote == b'"' || quote == b'\'' {
            let start = self.at + 1;
            let end = start + near(quote, &self.page[start..])?;
            self.at = end + 1;
            return Some(Span::new(start, end));
        }
        let start = self.at;
        self.at += self.page[start..].iter().position(|&c| c.is_ascii_whitespace() || c == b'>')?;
        Some(Span::new(start, self.at))
    }

    #[inline(always)]
    fn after_spaces(&mut self) -> Option<u8> {
        loop {
            let c = *self.page.get(self.at)?;
            if !c.is_ascii_whitespace() {
                return Some(c);
            }
            self.at += 1;
        }
    }

    #[inline(always)]
    fn finish(&mut self, length: usize, self_closing: bool) -> Option<(Span, Span)> {
        self.at += length;
        self.self_closing = Some(self_closing);
        None
    }
}

/// Whether it is the name `href`, in any letter case.
#[inline(always)]
fn is_href(name: &[u8]) -> bool {
    const LOWER: u32 = u32::MAX / 0xFF * 0x20;
    name.try_into().is_ok_and(|name| u32::from_le_bytes(name) | LOWER == u32::from_le_bytes(*b"href"))
}
