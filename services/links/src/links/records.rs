//! How a list of links is stored in blocks: `+`, href, NUL, text, NUL; or `=`, text, NUL where the href is the one before.

use memchr::memchr;

/// Ends each href and each text. Neither can hold it: the tokenizer drops or replaces NUL, and the URL standard encodes it.
pub(super) const END: char = '\0';

/// The first character of a record: with an href of its own, or with the href of the record before, as many have.
pub(super) const OWN_HREF: char = '+';
pub(super) const SAME_HREF: char = '=';

/// The next part of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordPart<'a> {
    /// A link starts, with an href of its own.
    Href(&'a str),
    /// A link starts, with the href of the link before.
    SameHref,
    /// Some of the link's text.
    Text(&'a str),
    /// The link ends.
    End,
}

/// Reads the records of one block. A text may continue in the next block: one piece of memory for it would have to be
/// copied to grow, which takes more than three times the page where broken UTF-8 makes three bytes of one.
#[derive(Clone, Debug)]
pub(crate) struct Records<'a> {
    rest: &'a str,
    /// Whether the block, once read, ended inside a text.
    pub(crate) in_text: bool,
}

impl<'a> Records<'a> {
    /// `in_text`: whether the block before ended inside a text.
    pub(crate) const fn new(block: &'a str, in_text: bool) -> Self {
        Self { rest: block, in_text }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = RecordPart<'a>;

    fn next(&mut self) -> Option<RecordPart<'a>> {
        if self.in_text {
            if let Some(rest) = self.rest.strip_prefix(END) {
                (self.rest, self.in_text) = (rest, false);
                return Some(RecordPart::End);
            }
            let length = memchr(END as u8, self.rest.as_bytes()).unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(length);
            self.rest = rest;
            return (!text.is_empty()).then_some(RecordPart::Text(text));
        }
        if let Some(rest) = self.rest.strip_prefix(SAME_HREF) {
            (self.rest, self.in_text) = (rest, true);
            return Some(RecordPart::SameHref);
        }
        let rest = self.rest.strip_prefix(OWN_HREF)?;
        let (href, rest) = rest.split_at(memchr(END as u8, rest.as_bytes())?);
        (self.rest, self.in_text) = (&rest[END.len_utf8()..], true);
        Some(RecordPart::Href(href))
    }
}
