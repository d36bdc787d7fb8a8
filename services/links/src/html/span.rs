//! Positions in a page, and the search for a byte that is usually near.

use memchr::memchr;
use std::ops::Range;

/// The most bytes of a page that are read: a position in it, and in what is written of it, fits into four bytes.
pub(crate) const MAX_PAGE: usize = 256 * 1024 * 1024;

/// A word whose bytes are all 1.
pub(crate) const EACH_BYTE: u64 = u64::MAX / 0xFF;

/// A range of the page, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "no position is beyond MAX_PAGE")]
    pub(crate) const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    #[inline]
    pub(crate) const fn start(self) -> usize {
        self.start as usize
    }

    #[inline]
    pub(crate) const fn end(self) -> usize {
        self.end as usize
    }

    #[inline]
    pub(crate) const fn range(self) -> Range<usize> {
        self.start()..self.end()
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// The first `byte`. It is usually near, and a call of `memchr` takes longer than a look at 16 bytes.
#[inline]
pub(super) fn near(byte: u8, bytes: &[u8]) -> Option<usize> {
    let (found, seen) = in_two_words(bytes, |word| equal_bytes(word, byte));
    found.or_else(|| memchr(byte, &bytes[seen..]).map(|at| seen + at))
}

/// The first of two bytes, if it is one of the first 16.
#[inline]
pub(super) fn near_either(one: u8, other: u8, bytes: &[u8]) -> Option<usize> {
    in_two_words(bytes, |word| equal_bytes(word, one) | equal_bytes(word, other)).0
}

/// The first byte of the first 16 that is marked in its word; otherwise, how many were looked at.
#[inline]
fn in_two_words(bytes: &[u8], marks: impl Fn(u64) -> u64) -> (Option<usize>, usize) {
    let mut rest = bytes;
    for before in [0, 8] {
        let Some((word, after)) = rest.split_first_chunk() else { break };
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return (Some(before + found.trailing_zeros() as usize / 8), 0);
        }
        rest = after;
    }
    (None, bytes.len() - rest.len())
}

/// Marks the bytes that equal `byte`: the lowest bit set is in the first of them ("Determine if a word has a zero byte",
/// Bit Twiddling Hacks).
#[inline]
pub(super) const fn equal_bytes(word: u64, byte: u8) -> u64 {
    let differs = word ^ (EACH_BYTE * byte as u64);
    differs.wrapping_sub(EACH_BYTE) & !differs & (EACH_BYTE << 7)
}
