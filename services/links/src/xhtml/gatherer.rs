//! Gathers links with their texts in document order; unlike in HTML, links may hold links.

use super::stop::Stop;
use crate::{Links, html::Collapse};

/// The links of a document so far.
pub(super) struct Gatherer {
    links: Links,
    base: Option<String>,
    /// The outermost open link and the links in it.
    pending: Vec<PendingLink>,
    /// The open ones of these, by their positions.
    open: Vec<usize>,
    /// Text since the last markup. As in Chromium, an error leaves it out.
    text: String,
    /// How many more bytes of hrefs and texts there is room for: each text may be part of many links.
    room: usize,
    /// Whether there was any element or text of a body.
    pub(super) has_content: bool,
}

#[derive(Default)]
struct PendingLink {
    href: String,
    text: String,
    collapse: Collapse,
}

impl Gatherer {
    /// For a page of that many bytes.
    pub(super) fn new(length: usize) -> Self {
        Self {
            links: Links::default(),
            base: None,
            pending: Vec::new(),
            open: Vec::new(),
            text: String::new(),
            room: length.saturating_mul(8).saturating_add(128 * 1024),
            has_content: false,
        }
    }

    /// Notes the `href` of a `<base>`; the first one counts.
    pub(super) fn base(&mut self, href: String) {
        self.base.get_or_insert(href);
    }

    pub(super) fn start(&mut self, href: String) -> Result<(), Stop> {
        self.room = self.room.checked_sub(href.len()).ok_or(Stop::TooCostly)?;
        self.open.push(self.pending.len());
        self.pending.push(PendingLink { href, ..PendingLink::default() });
        Ok(())
    }

    pub(super) fn text(&mut self, text: &str) {
        if !self.open.is_empty() {
            self.text.push_str(text);
        }
    }

    /// Markup follows the text so far.
    pub(super) fn markup(&mut self) -> Result<(), Stop> {
        if !self.text.is_empty() {
            for &index in &self.open {
                self.room = self.room.checked_sub(self.text.len()).ok_or(Stop::TooCostly)?;
                let link = &mut self.pending[index];
                link.collapse.push(&self.text, |words| link.text.push_str(words));
            }
            self.text.clear();
        }
        Ok(())
    }

    /// The innermost open link ends.
    pub(super) fn end(&mut self) {
        self.open.pop();
        if self.open.is_empty() {
            for link in self.pending.drain(..) {
                self.links.push(&link.href, &link.text);
            }
        }
    }

    /// The links, those included that are still open, and the base.
    pub(super) fn finish(mut self) -> (Links, Option<String>) {
        self.open.clear();
        self.end();
        (self.links, self.base)
    }
}
