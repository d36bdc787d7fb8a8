//! Framesets, which hold no links, and what follows them (WHATWG HTML, sections 13.2.6.4.20, 13.2.6.4.21 and 13.2.6.4.23).

use super::{Bailout, Mode, Next, TagResult, TextKind, Tree};
use crate::html::{
    name::Name,
    text,
    tokenize::{Span, Tag},
};

impl Tree<'_, '_> {
    pub(super) fn start_tag_in_frameset(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Noframes => return self.start_tag_in_head(tag),
            Name::Frameset if self.mode == Mode::InFrameset => {
                self.insert(tag);
            }
            _ => {}
        }
        Ok(Next::Done)
    }

    pub(super) fn end_tag_in_frameset(&mut self, tag: &Tag) -> TagResult {
        match (self.mode, tag.name) {
            (Mode::InFrameset, Name::Frameset) if self.stack.len() > 1 => {
                self.pop();
                if !self.stack.top_is(Name::Frameset) {
                    self.mode = Mode::AfterFrameset;
                }
            }
            (Mode::AfterFrameset, Name::Html) => self.mode = Mode::AfterAfterFrameset,
            _ => {}
        }
        Ok(Next::Done)
    }

    /// Only white space counts, and only where formatting elements are reconstructed for it: after `</html>`.
    pub(super) fn text_in_frameset(&mut self, text: Span, kind: TextKind) -> Result<(), Bailout> {
        let bytes = &self.page[text.range()];
        let has_space = |bytes: &[u8]| bytes.iter().any(u8::is_ascii_whitespace);
        let is_space = has_space(bytes) || kind.references && has_space(text::decoded(bytes).as_bytes());
        if self.mode == Mode::AfterAfterFrameset && is_space { self.reconstruct() } else { Ok(()) }
    }
}
