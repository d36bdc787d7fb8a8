//! Whether an end tag and an open element have one name, where the name has no [`Name`](crate::html::name::Name).

use crate::html::text;
use std::cell::Cell;

/// What a byte costs in steps where names cannot be compared byte by byte.
const BROKEN: usize = 8;

/// An end tag's name, and what it took so far to compare it.
pub(super) struct EndTagName<'a> {
    written: &'a [u8],
    is_plain: bool,
    steps: Cell<usize>,
}

impl<'a> EndTagName<'a> {
    pub(super) fn new(written: &'a [u8]) -> Self {
        Self { written, is_plain: text::is_plain_name(written), steps: Cell::new(0) }
    }

    /// Whether the tree would hold both as one name.
    pub(super) fn is(&self, other: &[u8]) -> bool {
        self.steps.update(|steps| steps + other.len());
        if self.written.eq_ignore_ascii_case(other) {
            return true;
        }
        if self.is_plain {
            return false;
        }
        self.steps.update(|steps| steps + other.len() * BROKEN);
        text::name_characters(self.written).eq(text::name_characters(other))
    }

    /// The cost of all comparisons, in steps.
    pub(super) fn steps(&self) -> usize {
        self.steps.get()
    }
}
