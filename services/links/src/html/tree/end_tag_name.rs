//! Compares the name of an end tag with those of open elements, for names without a [`Name`](crate::html::name::Name).

use crate::html::text;
use std::cell::Cell;

/// The steps for a byte where names cannot be compared byte by byte.
const BROKEN: usize = 8;

/// The name of an end tag, and the steps of its comparisons so far.
pub(super) struct EndTagName<'a> {
    written: &'a [u8],
    /// Whether only names of the same bytes equal it, letter case aside.
    is_plain: bool,
    pub(super) steps: Cell<usize>,
}

impl<'a> EndTagName<'a> {
    pub(super) fn new(written: &'a [u8]) -> Self {
        Self { written, is_plain: written.is_ascii() && !written.contains(&0), steps: Cell::new(0) }
    }

    /// Whether both are the same name in the tree.
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
}
