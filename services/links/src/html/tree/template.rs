//! Templates (WHATWG HTML, section 13.2.6.4.18 and the rules for `template` in section 13.2.6.4.4).

use super::{LinkSink, Mode, Next, TagResult, Tree};
use crate::html::{name::Name, tokenize::Tag};

impl<S: LinkSink> Tree<'_, '_, S> {
    pub(super) fn open_template(&mut self, tag: &Tag) {
        self.formatting.push_marker();
        self.mode = Mode::InTemplate;
        self.template_modes.push(Mode::InTemplate);
        self.insert(tag);
    }

    pub(super) fn close_template(&mut self) {
        if !self.stack.any(Name::Template) {
            return;
        }
        while self.stack.top_is_in(Name::has_thoroughly_implied_end) {
            self.pop();
        }
        self.pop_through_named(Name::Template);
        self.formatting.clear_to_marker();
        self.template_modes.pop();
        self.reset_mode();
    }

    pub(super) fn start_tag_in_template(&mut self, tag: &Tag) -> TagResult {
        let mode = match tag.name {
            name if name.is_head_content() => return self.start_tag_in_head(tag),
            Name::Caption | Name::Colgroup | Name::Tbody | Name::Tfoot | Name::Thead => Mode::InTable,
            Name::Col => Mode::InColumnGroup,
            Name::Tr => Mode::InTableBody,
            Name::Td | Name::Th => Mode::InRow,
            _ => Mode::InBody,
        };
        self.template_modes.pop();
        self.template_modes.push(mode);
        self.mode = mode;
        Ok(Next::Again)
    }

    pub(super) fn end_tag_in_template(&mut self, tag: &Tag) -> TagResult {
        if tag.name == Name::Template {
            self.close_template();
        }
        Ok(Next::Done)
    }
}
