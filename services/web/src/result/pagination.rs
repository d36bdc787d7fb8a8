//! The pages of a list.

use super::variables::variables;
use crate::selection::{Addresses, Selection};
use minijinja::Value;
use std::ops::Range;

/// Pages before and after the shown one that have a number; the first and the last have one, too.
const NEAR: usize = 2;

/// The shown page of a list, and how many there are.
#[derive(Debug)]
pub(super) struct Pagination {
    number: usize,
    count: usize,
    size: usize,
}

variables! {
    /// The pages with their addresses.
    PagesView { number, count, previous, next, numbers }
}

variables! {
    /// A page; `gap`: whether pages before it have no number.
    PageNumber { number, address, gap }
}

impl Pagination {
    /// The pages of `matched` links, `size` on each. Too large a number shows the last page.
    pub(super) fn new(page: usize, matched: usize, size: usize) -> Self {
        let count = matched.div_ceil(size).max(1);
        Self { number: page.clamp(1, count), count, size }
    }

    /// The variables of the template.
    pub(super) fn view(&self, addresses: &Addresses, selection: &Selection) -> PagesView {
        let &Self { number, count, .. } = self;
        let address = |page| Value::from_safe_string(addresses.of(&Selection { page, ..selection.clone() }));
        let numbered = |(page, gap): (usize, bool)| PageNumber {
            number: page.into(),
            address: address(page),
            gap: gap.into(),
        };
        PagesView {
            number: number.into(),
            count: count.into(),
            previous: (number > 1).then(|| address(number - 1)).into(),
            next: (number < count).then(|| address(number + 1)).into(),
            numbers: self.numbers().into_iter().map(numbered).collect(),
        }
    }

    /// The pages that have a number, each with whether there are others before it that have none.
    fn numbers(&self) -> Vec<(usize, bool)> {
        let &Self { number, count, .. } = self;
        let near = number.saturating_sub(NEAR).max(1)..=number.saturating_add(NEAR).min(count);
        let mut shown: Vec<usize> = near.chain([1, count]).collect();
        shown.sort_unstable();
        shown.dedup();
        let before = [0].into_iter().chain(shown.iter().copied());
        shown.iter().copied().zip(before).map(|(page, before)| (page, before + 1 < page)).collect()
    }

    /// The links of the shown page, by their positions in the list; it may end after the list.
    pub(super) fn window(&self) -> Range<usize> {
        let start = (self.number - 1) * self.size;
        start..start.saturating_add(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(page: usize, matched: usize) -> Pagination {
        Pagination::new(page, matched, 10)
    }

    #[test]
    fn the_first_the_last_and_near_pages_have_numbers() {
        for (page, matched, expected) in [
            (1, 0, "1"),
            (1, 10, "1"),
            (1, 11, "1 2"),
            (1, 100, "1 2 3 … 10"),
            (5, 100, "1 … 3 4 5 6 7 … 10"),
            (4, 100, "1 2 3 4 5 6 … 10"),
            (usize::MAX, 100, "1 … 8 9 10"),
        ] {
            let numbers = pages(page, matched).numbers();
            let text: Vec<_> =
                numbers.iter().map(|(page, gap)| format!("{}{page}", if *gap { "… " } else { "" })).collect();
            assert_eq!(text.join(" "), expected, "{page} of {matched}");
        }
    }

    #[test]
    fn the_window_is_within_the_list() {
        assert_eq!(pages(0, 25).window(), 0..10);
        assert_eq!(pages(usize::MAX, 25).window(), 20..30);
        assert_eq!(pages(3, 0).window(), 0..10);
    }
}
