//! A page's links: what one is, and a list of many that takes little more room than their characters.

mod pieces;

pub(crate) use pieces::{Piece, Pieces};

use pieces::{END, OWN_HREF, SAME_HREF};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    fmt::{self, Debug},
    ops::Range,
    slice,
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

/// A block has this many bytes at least, and twice as many as the one before it.
const FIRST_BLOCK: usize = 1024;
const LARGEST_BLOCK: usize = 64 * 1024;

/// Links in tree order, duplicates kept.
///
/// A million links of a few bytes take a few megabytes, and a list that grows is never copied: it is kept in blocks. An
/// href stands in one block; a text may go on in the next.
#[derive(Clone, Default)]
pub struct Links {
    blocks: Vec<String>,
    len: usize,
    /// Where the last href of its own stands: block, and bytes in it.
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

    /// The links, in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter { pieces: Pieces::new("", false), blocks: self.blocks.iter(), href: "" }
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

    /// Ends the last link.
    pub(crate) fn end(&mut self) {
        self.block_with_room(1).push(END);
    }

    /// The blocks, so that each can be let go once its [`Pieces`] have been read.
    pub(crate) fn into_blocks(self) -> impl Iterator<Item = String> {
        self.blocks.into_iter()
    }

    /// The last block, or a new one where it has no room for so many `bytes`.
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
    pieces: Pieces<'a>,
    blocks: slice::Iter<'a, String>,
    href: &'a str,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Link<'a>;

    fn next(&mut self) -> Option<Link<'a>> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.pieces.next() {
                Some(Piece::Href(href)) => self.href = href,
                Some(Piece::SameHref) => {}
                Some(Piece::Text(part)) => text += part,
                Some(Piece::End) => {
                    let text = if text.is_empty() { Cow::Borrowed(NO_TEXT) } else { text };
                    return Some(Link { text, href: Cow::Borrowed(self.href) });
                }
                None => self.pieces = Pieces::new(self.blocks.next()?, self.pieces.in_text()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
