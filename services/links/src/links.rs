//! A page's links: what one is, and a list of many that takes no more room than their characters.

use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    fmt::{self, Debug},
    mem, slice,
};

/// One HTML `a` element with an `href`.
///
/// Its strings are borrowed from the list it stands in, or owned where it came from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link<'a> {
    /// Text content, runs of white space collapsed and trimmed; `[IMG]` when empty.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// Where it leads: resolved by the URL standard, or as written.
    #[serde(borrow)]
    pub href: Cow<'a, str>,
}

/// The text of a link without any. It is not stored.
const NO_TEXT: &str = "[IMG]";

/// Ends each href and each text. Neither can hold it: the tokenizer drops or replaces NUL (WHATWG HTML, section
/// 13.2.5), and the URL standard encodes it.
pub(crate) const END: char = '\0';

/// A block has this many bytes at least, and twice as many as the one before it.
const FIRST_BLOCK: usize = 1024;
const LARGEST_BLOCK: usize = 64 * 1024;

/// Links in tree order, duplicates kept.
///
/// They are kept in blocks: href, [`END`], text, `END`, and so on. A million links of a few bytes take a few megabytes,
/// and a list that grows is never copied. An href stands in one block; a text may go on in the next.
#[derive(Clone, Default)]
pub struct Links {
    blocks: Vec<String>,
    len: usize,
}

impl Links {
    /// How many links there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The links, in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: "", blocks: self.blocks.iter() }
    }

    /// Starts a link. Its text follows, in parts, up to [`end`](Self::end).
    pub(crate) fn start(&mut self, href: &str) {
        let block = match self.blocks.last_mut() {
            Some(block) if block.capacity() - block.len() > href.len() => block,
            _ => self.add_block(href.len() + 1),
        };
        block.push_str(href);
        block.push(END);
        self.len += 1;
    }

    /// Adds to the last link's text, white space as it is.
    pub(crate) fn push_text(&mut self, mut text: &str) {
        while let Some(block) = self.blocks.last_mut() {
            let (fits, rest) = text.split_at(text.floor_char_boundary(block.capacity() - block.len()));
            block.push_str(fits);
            if rest.is_empty() {
                return;
            }
            text = rest;
            self.add_block(END.len_utf8() + char::MAX_LEN_UTF8);
        }
    }

    /// Ends the last link.
    pub(crate) fn end(&mut self) {
        match self.blocks.last_mut() {
            Some(block) if block.capacity() > block.len() => block.push(END),
            _ => self.add_block(1).push(END),
        }
    }

    /// The blocks, so that each can be let go once it has been read.
    pub(crate) fn into_blocks(self) -> impl Iterator<Item = String> {
        self.blocks.into_iter()
    }

    #[cold]
    fn add_block(&mut self, least: usize) -> &mut String {
        let mut size = FIRST_BLOCK;
        if let Some(last) = self.blocks.last_mut() {
            size = (last.capacity() * 2).min(LARGEST_BLOCK);
            if last.len() < last.capacity() / 8 * 7 {
                last.shrink_to_fit(); // a long href did not fit in any more
            }
        }
        self.blocks.push_mut(String::with_capacity(size.max(least)))
    }
}

/// Two lists are equal if their links are, whatever their blocks.
impl PartialEq for Links {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other)
    }
}

impl Eq for Links {}

impl Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a Links {
    type Item = Link<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Goes through [`Links`]. Only a text that stands in two blocks, as few do, is copied.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    /// What is left of the block that is being read.
    rest: &'a str,
    blocks: slice::Iter<'a, String>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Link<'a>;

    fn next(&mut self) -> Option<Link<'a>> {
        let href = self.value()?;
        let text = self.value().filter(|text| !text.is_empty()).unwrap_or(Cow::Borrowed(NO_TEXT));
        Some(Link { text, href })
    }
}

impl<'a> Iter<'a> {
    /// The characters up to the next [`END`].
    fn value(&mut self) -> Option<Cow<'a, str>> {
        let mut value = Cow::Borrowed("");
        loop {
            if let Some((last, rest)) = self.rest.split_once(END) {
                self.rest = rest;
                value += last;
                return Some(value);
            }
            value += mem::replace(&mut self.rest, self.blocks.next()?);
        }
    }
}

#[cfg(test)]
mod tests;
