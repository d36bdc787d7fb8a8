//! Link events straight to links, without a canonical page: what `tl` costs is the difference.

use super::{
    text,
    tree::{LinkSink, TextKind},
};
use crate::Link;
use memchr::memchr;

/// Gathers links.
#[derive(Debug, Default)]
pub(crate) struct Direct {
    pub(crate) links: Vec<Link>,
}

impl LinkSink for Direct {
    fn start(&mut self, href: &[u8]) {
        self.links.push(Link { text: String::new(), href: text::attribute_value(href) });
    }

    fn text(&mut self, text: &[u8], kind: TextKind) {
        let Some(link) = self.links.last_mut() else { return };
        for (index, part) in text.split(|&c| c == 0).enumerate() {
            if index > 0 && kind.keeps_nul {
                link.text.push('\u{FFFD}');
            }
            let part = String::from_utf8_lossy(part);
            if kind.references && memchr(b'&', part.as_bytes()).is_some() {
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

    fn position(&self) -> usize {
        self.links.last().map_or(0, |link| link.text.len())
    }

    fn split(&mut self, position: usize, href: &[u8]) -> Option<usize> {
        let rest = self.links.last_mut()?.text.split_off(position);
        self.end();
        self.start(href);
        self.links.last_mut()?.text.push_str(rest.trim_start());
        Some(0)
    }
}
