//! Link events straight to links, without a canonical page: what `tl` costs is the difference.

use super::{
    text::{self, Collapse},
    tree::{LinkSink, TextKind},
};
use crate::Links;
use std::mem;

/// Gathers links.
#[derive(Debug, Default)]
pub(crate) struct Direct {
    pub(crate) links: Links,
    /// The open link's text so far, and the position at which it starts.
    text: String,
    collapse: Collapse,
    text_start: usize,
}

impl LinkSink for Direct {
    fn start(&mut self, href: &[u8]) {
        self.links.start(&text::value(&text::utf8(href)));
    }

    fn text(&mut self, text: &[u8], kind: TextKind) {
        for (index, part) in text.split(|&c| c == 0).enumerate() {
            if index > 0 && kind.keeps_nul {
                self.collapse.push("\u{FFFD}", |text| self.text.push_str(text));
            }
            let part = text::utf8(part);
            if kind.references {
                self.collapse.push_with_references(&part, |text| self.text.push_str(text));
            } else {
                self.collapse.push(&part, |text| self.text.push_str(text));
            }
        }
    }

    fn end(&mut self) {
        self.links.push_text(&self.text);
        self.links.end();
        self.text_start += self.text.len();
        self.text.clear();
        self.collapse = Collapse::default();
    }

    fn position(&self) -> u32 {
        u32::try_from(self.text_start + self.text.len()).unwrap_or(u32::MAX)
    }

    fn split(&mut self, position: u32, href: &[u8]) -> Option<u32> {
        let rest = self.text.split_off(position as usize - self.text_start);
        let collapse = mem::take(&mut self.collapse);
        self.end();
        self.start(href);
        self.text.push_str(rest.trim_start());
        self.text_start += rest.len() - self.text.len();
        if !self.text.is_empty() {
            self.collapse = collapse;
        }
        Some(0)
    }
}
