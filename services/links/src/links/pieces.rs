//! How a list of links is written into blocks, and read from them: `+`, href, NUL, text, NUL; or `=`, text, NUL where
//! the href is that of the link before.

use memchr::memchr;

/// Ends each href and each text. Neither can hold it: the tokenizer drops or replaces NUL (WHATWG HTML, section
/// 13.2.5), and the URL standard encodes it.
pub(super) const END: char = '\0';

/// What a link starts with: its own href, or that of the link before, which many have.
pub(super) const OWN_HREF: char = '+';
pub(super) const SAME_HREF: char = '=';

/// What comes next in a block of [`Links`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// A link with an href of its own.
    Href(&'a str),
    /// A link with the href of the link before.
    SameHref,
    /// Some of the link's text.
    Text(&'a str),
    /// The link ends.
    End,
}

/// Goes through one block.
#[derive(Clone, Debug)]
pub(crate) struct Pieces<'a> {
    rest: &'a str,
    in_text: bool,
}

impl<'a> Pieces<'a> {
    /// `in_text`: whether the block before ended inside of a text.
    pub(crate) const fn new(block: &'a str, in_text: bool) -> Self {
        Self { rest: block, in_text }
    }

    /// Whether the block, once read, ended inside of a text.
    pub(crate) const fn in_text(&self) -> bool {
        self.in_text
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.in_text {
            if let Some(rest) = self.rest.strip_prefix(END) {
                self.rest = rest;
                self.in_text = false;
                return Some(Piece::End);
            }
            let length = memchr(END as u8, self.rest.as_bytes()).unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(length);
            self.rest = rest;
            return (!text.is_empty()).then_some(Piece::Text(text));
        }
        self.in_text = !self.rest.is_empty();
        if let Some(rest) = self.rest.strip_prefix(SAME_HREF) {
            self.rest = rest;
            return Some(Piece::SameHref);
        }
        let (href, rest) = self.rest.strip_prefix(OWN_HREF)?.split_once(END)?;
        self.rest = rest;
        Some(Piece::Href(href))
    }
}
