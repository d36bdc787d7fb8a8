//! Link events straight to links, without a canonical page: what `tl` costs is the difference.

use super::{
    text,
    tree::{LinkSink, TextKind},
};
use crate::Link;

/// Gathers links.
#[derive(Debug, Default)]
pub(crate) struct Direct {
    pub(crate) links: Vec<Link>,
    /// The position at which the last link's text starts.
    text_start: usize,
}

impl LinkSink for Direct {
    fn start(&mut self, href: &[u8]) {
        self.text_start = self.position() as usize;
        self.links.push(Link { text: String::new(), href: text::attribute_value(href) });
    }

    fn text(&mut self, text: &[u8], kind: TextKind) {
        let Some(link) = self.links.last_mut() else { return };
        for (index, part) in text.split(|&c| c == 0).enumerate() {
            if index > 0 && kind.keeps_nul {
                link.text.push('\u{FFFD}');
            }
            let part = text::utf8(part);
            if kind.references {
                text::push_decoded(&mut link.text, &part);
            } else {
                text::push_collapsed(&mut link.text, &part);
            }
        }
    }

    fn end(&mut self) {
        if let Some(link) = self.links.last_mut() {
            text::finish(&mut link.text);
        }
    }

    fn position(&self) -> u32 {
        u32::try_from(self.text_start + self.links.last().map_or(0, |link| link.text.len()))
            .unwrap_or(u32::MAX)
    }

    fn split(&mut self, position: u32, href: &[u8]) -> Option<u32> {
        let position = position as usize;
        let before = position - self.text_start;
        let rest = self.links.last_mut()?.text.split_off(before);
        self.end();
        self.start(href);
        let trimmed = rest.trim_start();
        self.links.last_mut()?.text.push_str(trimmed);
        self.text_start = position + rest.len() - trimmed.len();
        Some(0)
    }
}
