//! Gathers links with their texts in document order, and the title; unlike in HTML, links may hold links.

use super::stop::Stop;
use crate::{
    Extraction, Links, Method,
    html::{Collapse, FoundLinks, MAX_READ, title_of},
};

/// The links of a document so far.
pub(super) struct Gatherer {
    links: Links,
    base: Option<String>,
    /// The child text content of the title, once that has started.
    pub(super) title: Option<String>,
    /// Whether the innermost open element is the title.
    pub(super) in_title: bool,
    /// The outermost open link and the links in it.
    pending: Vec<PendingLink>,
    /// The open ones of these, by their positions.
    open: Vec<usize>,
    /// Text since the last markup. As in Chromium, most errors leave it out.
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
            title: None,
            in_title: false,
            pending: Vec::new(),
            open: Vec::new(),
            text: String::new(),
            room: length.saturating_mul(2).saturating_add(128 * 1024),
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
        if !self.open.is_empty() || self.in_title {
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
            if self.in_title
                && let Some(title) = self.title.as_mut().filter(|title| title.len() < MAX_READ)
            {
                title.push_str(&self.text);
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

    /// The links, those included that are still open.
    pub(super) fn finish(mut self) -> FoundLinks {
        self.open.clear();
        self.end();
        let title = self.title.as_deref().and_then(title_of);
        let extraction =
            Extraction { links: self.links, title, method: Method::Xml, ..Extraction::default() };
        FoundLinks { extraction, base: self.base }
    }
}
