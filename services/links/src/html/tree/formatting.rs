//! The list of active formatting elements (WHATWG HTML, section 13.2.4.3).

use super::stack::Serial;
use crate::html::{name::Name, tokenize::Span};
use std::cell::Cell;

/// A formatting element, which is reconstructed where another element closed it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Formatting {
    pub(super) name: Name,
    pub(super) serial: Serial,
    /// Whether the element is on the stack of open elements.
    pub(super) open: bool,
    pub(super) written: Span,
    /// An `a` element's `href`.
    pub(super) href: Option<Span>,
}

/// The list, the earliest first.
#[derive(Debug, Default)]
pub(super) struct ActiveFormatting {
    /// A `None` is a marker, which keeps formatting from leaking into cells, objects, captions and templates.
    pub(super) entries: Vec<Option<Formatting>>,
    /// How many entries were examined so far: part of the cost of the tree.
    pub(super) steps: Cell<usize>,
}

impl ActiveFormatting {
    pub(super) fn last_is(&self, serial: Serial) -> bool {
        matches!(self.entries.last(), Some(Some(last)) if last.serial == serial)
    }

    pub(super) fn clear_to_marker(&mut self) {
        while let Some(Some(_)) = self.entries.pop() {}
    }

    /// The elements after the last marker, the latest first, each with its position.
    pub(super) fn since_marker(&self) -> impl Iterator<Item = (usize, &Formatting)> {
        self.entries.iter().enumerate().rev().map_while(|(index, entry)| {
            self.examined(1);
            entry.as_ref().map(|element| (index, element))
        })
    }

    pub(super) fn position(&self, serial: Serial) -> Option<usize> {
        let found = self.entries.iter().rposition(|e| matches!(e, Some(e) if e.serial == serial));
        self.examined(self.entries.len() - found.unwrap_or(0));
        found
    }

    /// Marks the element as closed: it left the stack of open elements.
    pub(super) fn close(&mut self, serial: Serial) {
        if let Some(index) = self.position(serial)
            && let Some(element) = &mut self.entries[index]
        {
            element.open = false;
        }
    }

    fn examined(&self, entries: usize) {
        self.steps.update(|steps| steps + entries);
    }

    /// Whether the last element is closed.
    #[inline]
    pub(super) fn needs_reconstruction(&self) -> bool {
        matches!(self.entries.last(), Some(Some(last)) if !last.open)
    }

    /// The first of the closed elements at the end of the list, where reconstruction starts.
    pub(super) fn first_to_reconstruct(&self) -> usize {
        let is_done = |e: &Option<Formatting>| matches!(e, None | Some(Formatting { open: true, .. }));
        self.entries.iter().rposition(is_done).map_or(0, |index| index + 1)
    }
}
