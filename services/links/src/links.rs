//! A page's links: one link, and a list of many that takes little more memory than their characters.

mod records;

pub(crate) use records::{RecordPart, Records};

use records::{END, OWN_HREF, SAME_HREF};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    fmt::{self, Debug},
    ops::Range,
    slice,
};

/// One HTML `a` element with an `href`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link<'a> {
    /// Text content, runs of white space collapsed and trimmed; `[IMG]` when empty.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// The address: resolved by the URL standard, or as written.
    #[serde(borrow)]
    pub href: Cow<'a, str>,
}

/// Stands for an empty text, which is not stored.
const NO_TEXT: &str = "[IMG]";

/// Sizes of blocks in bytes: each is twice as large as the one before it, up to the largest, or as long as its href.
const FIRST_BLOCK: usize = 1024;
const LARGEST_BLOCK: usize = 64 * 1024;

/// Links in tree order, duplicates included. They are kept in blocks, so that a million short links take a few megabytes
/// and a list that grows is never copied. An href is within one block; a text may continue in the next.
#[derive(Clone, Default)]
pub struct Links {
    blocks: Vec<String>,
    len: usize,
    /// The last href that was stored: its block, and its bytes there.
    last_href: (usize, Range<usize>),
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

    /// The memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(String::capacity).sum()
    }

    /// The links, in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter { records: Records::new("", false), blocks: self.blocks.iter(), href: "" }
    }

    /// Adds a link to the end.
    pub fn push(&mut self, href: &str, text: &str) {
        self.start(href);
        self.push_text(text);
        self.end();
    }

    /// Starts a link. Its text follows, in parts, up to [`end`](Self::end).
    pub(crate) fn start(&mut self, href: &str) {
        debug_assert!(!href.contains(END));
        self.len += 1;
        let (block, range) = &self.last_href;
        if self.len > 1 && self.blocks.get(*block).is_some_and(|block| block[range.clone()] == *href) {
            self.block_with_room(1).push(SAME_HREF);
            return;
        }
        let block = self.block_with_room(href.len() + 2);
        block.push(OWN_HREF);
        block.push_str(href);
        let range = block.len() - href.len()..block.len();
        block.push(END);
        self.last_href = (self.blocks.len() - 1, range);
    }

    /// Adds to the last link's text, white space as it is.
    pub(crate) fn push_text(&mut self, mut text: &str) {
        debug_assert!(!text.contains(END));
        while !text.is_empty() {
            let block = self.block_with_room(char::MAX_LEN_UTF8);
            let (fits, rest) = text.split_at(text.floor_char_boundary(block.capacity() - block.len()));
            block.push_str(fits);
            text = rest;
        }
    }

    pub(crate) fn end(&mut self) {
        self.block_with_room(1).push(END);
    }

    /// The blocks, so that the caller can free each one after reading its [`Records`].
    pub(crate) fn into_blocks(self) -> impl Iterator<Item = String> {
        self.blocks.into_iter()
    }

    /// The last block where it has room for `bytes` more, otherwise a new one.
    #[inline]
    fn block_with_room(&mut self, bytes: usize) -> &mut String {
        let room = self.blocks.last().map_or(0, |block| block.capacity() - block.len());
        if room < bytes {
            self.add_block(bytes);
        }
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    #[cold]
    fn add_block(&mut self, least: usize) {
        let mut size = FIRST_BLOCK;
        if let Some(last) = self.blocks.last_mut() {
            size = (last.capacity() * 2).min(LARGEST_BLOCK);
            if last.len() < last.capacity() / 8 * 7 {
                last.shrink_to_fit(); // a long href did not fit in any more
            }
        }
        self.blocks.push(String::with_capacity(size.max(least)));
    }
}

/// Two lists are equal if their links are, however they are divided into blocks.
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

/// The links of a list, in order. Only a text that spans blocks, as few do, is copied.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    records: Records<'a>,
    blocks: slice::Iter<'a, String>,
    href: &'a str,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Link<'a>;

    fn next(&mut self) -> Option<Link<'a>> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.records.next() {
                Some(RecordPart::Href(href)) => self.href = href,
                Some(RecordPart::SameHref) => {}
                Some(RecordPart::Text(part)) => text += part,
                Some(RecordPart::End) => {
                    let text = if text.is_empty() { Cow::Borrowed(NO_TEXT) } else { text };
                    return Some(Link { text, href: Cow::Borrowed(self.href) });
                }
                None => self.records = Records::new(self.blocks.next()?, self.records.in_text),
            }
        }
    }
}

#[cfg(test)]
mod tests;
