//! Link events to links without a canonical page, to measure what `tl` costs.

use super::{
    text::{self, Collapse},
    tree::{LinkSink, TextKind},
};
use crate::Links;

/// Gathers links. It cannot split one: such a page goes the whole way.
#[derive(Debug, Default)]
pub(crate) struct Direct {
    pub(crate) links: Links,
    collapse: Collapse,
}

impl LinkSink for Direct {
    fn start(&mut self, href: &[u8]) {
        self.links.start(&text::value(&text::utf8(href)));
    }

    fn text(&mut self, text: &[u8], kind: TextKind) {
        for (index, part) in text.split(|&c| c == 0).enumerate() {
            if index > 0 && kind.keeps_nul {
                self.collapse.push("\u{FFFD}", |text| self.links.push_text(text));
            }
            let part = text::utf8(part);
            if kind.references {
                self.collapse.push_with_references(&part, |text| self.links.push_text(text));
            } else {
                self.collapse.push(&part, |text| self.links.push_text(text));
            }
        }
    }

    fn end(&mut self) {
        self.links.end();
        self.collapse = Collapse::default();
    }

    fn position(&self) -> u32 {
        0
    }

    fn split(&mut self, _: u32, _: &[u8]) -> Option<u32> {
        None
    }
}
