//! Restores the order of the list: pages that are done wait for earlier ones, within limits.

use std::collections::BTreeMap;

/// How many pages wait, and how many bytes, before no new page is begun.
const MOST_PAGES: usize = 1000;
const MOST_BYTES: usize = 32 << 20;

/// Pages that are done and wait for an earlier one.
pub struct Sequencer<T> {
    waiting: BTreeMap<u64, (T, usize)>,
    bytes: usize,
    next: u64,
}

impl<T> Default for Sequencer<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), bytes: 0, next: 0 }
    }
}

impl<T> Sequencer<T> {
    /// Adds a page that is done and takes `bytes` of memory.
    pub fn push(&mut self, index: u64, page: T, bytes: usize) {
        self.bytes += bytes;
        self.waiting.insert(index, (page, bytes));
    }

    /// The next page of the list, if it is done.
    pub fn pop(&mut self) -> Option<T> {
        let first = self.waiting.first_entry().filter(|entry| *entry.key() == self.next)?;
        let (page, bytes) = first.remove();
        self.bytes -= bytes;
        self.next += 1;
        Some(page)
    }

    /// The pages that still wait, in order, for the end of an interrupted run.
    pub fn rest(self) -> impl Iterator<Item = T> {
        self.waiting.into_values().map(|(page, _)| page)
    }

    /// Whether the page at `index` may be begun while `in_progress` pages are in progress.
    pub fn may_begin(&self, index: u64, in_progress: usize) -> bool {
        // All others wait for this one.
        index == self.next || self.waiting.len() + in_progress < MOST_PAGES && self.bytes < MOST_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_in_the_order_of_the_list() {
        let mut sequencer = Sequencer::default();
        sequencer.push(1, "b", 1);
        assert_eq!(sequencer.pop(), None);
        sequencer.push(0, "a", 1);
        assert_eq!([sequencer.pop(), sequencer.pop(), sequencer.pop()], [Some("a"), Some("b"), None]);
    }

    #[test]
    fn only_the_page_that_all_wait_for_is_begun_when_too_much_waits() {
        let mut sequencer = Sequencer::default();
        (1..=1000).for_each(|index| sequencer.push(index, (), 0));
        assert!(sequencer.may_begin(0, 0) && !sequencer.may_begin(1001, 0));
        let mut sequencer = Sequencer::default();
        sequencer.push(1, (), MOST_BYTES);
        assert!(sequencer.may_begin(0, 0) && !sequencer.may_begin(2, 0));
    }
}
