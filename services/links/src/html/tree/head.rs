//! The modes before and after the body, and templates (WHATWG HTML, sections 13.2.6.4.1 to 13.2.6.4.6, 13.2.6.4.18 and on).

use super::{Bailout, Mode, Next, TagResult, Tree};
use crate::html::{
    name::Name,
    tokenize::{RawKind, Tag},
};

impl Tree<'_, '_> {
    /// "Anything else" in each mode before the body, up to the body.
    pub(super) fn leave_head(&mut self) {
        self.enter_head();
        while matches!(self.mode, Mode::InHead | Mode::InHeadNoscript) {
            self.pop();
            self.mode = if self.mode == Mode::InHead { Mode::AfterHead } else { Mode::InHead };
        }
        if self.mode == Mode::AfterHead {
            self.insert_implied(Name::Body);
            self.mode = Mode::InBody;
        }
    }

    /// "Anything else" in the modes before the head.
    fn enter_head(&mut self) {
        if matches!(self.mode, Mode::Initial | Mode::BeforeHtml) {
            self.insert_implied(Name::Html);
            self.mode = Mode::BeforeHead;
        }
        if self.mode == Mode::BeforeHead {
            self.insert_implied(Name::Head);
            self.head_seen = true;
            self.mode = Mode::InHead;
        }
    }

    pub(super) fn start_tag_before_head(&mut self, tag: &Tag) -> TagResult {
        if tag.name != Name::Html {
            self.enter_head();
            return Ok(if tag.name == Name::Head { Next::Done } else { Next::Again });
        }
        if self.mode != Mode::BeforeHead {
            self.insert(tag);
            self.mode = Mode::BeforeHead;
        }
        Ok(Next::Done)
    }

    pub(super) fn end_tag_before_head(&mut self, tag: &Tag) -> TagResult {
        if self.mode == Mode::Initial {
            self.mode = Mode::BeforeHtml;
        }
        if matches!(tag.name, Name::Head | Name::Body | Name::Html | Name::Br) {
            self.enter_head();
            return Ok(Next::Again);
        }
        Ok(Next::Done)
    }

    /// The rules of "in head", to which other modes refer.
    pub(super) fn start_tag_in_head(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Html | Name::Head => {}
            Name::Base => self.note_base(tag)?,
            Name::Basefont | Name::Bgsound | Name::Link => {}
            Name::Meta => self.note_encoding(tag)?,
            Name::Title => self.insert_raw(tag, RawKind::Rcdata)?,
            Name::Noframes | Name::Style => self.insert_raw(tag, RawKind::Rawtext)?,
            Name::Script => self.insert_raw(tag, RawKind::Script)?,
            Name::Noscript => {
                self.insert(tag);
                self.mode = Mode::InHeadNoscript;
            }
            Name::Template => self.open_template(tag)?,
            _ => {
                self.pop();
                self.mode = Mode::AfterHead;
                return Ok(Next::Again);
            }
        }
        Ok(Next::Done)
    }

    pub(super) fn end_tag_in_head(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Head | Name::Body | Name::Html | Name::Br => {
                self.pop();
                self.mode = Mode::AfterHead;
                Ok(if tag.name == Name::Head { Next::Done } else { Next::Again })
            }
            _ => self.end_tag_in_template(tag),
        }
    }

    pub(super) fn start_tag_in_head_noscript(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Html | Name::Head | Name::Noscript => Ok(Next::Done),
            Name::Basefont | Name::Bgsound | Name::Link | Name::Meta | Name::Noframes | Name::Style => {
                self.start_tag_in_head(tag)
            }
            _ => {
                self.pop();
                self.mode = Mode::InHead;
                Ok(Next::Again)
            }
        }
    }

    pub(super) fn end_tag_in_head_noscript(&mut self, tag: &Tag) -> TagResult {
        if matches!(tag.name, Name::Noscript | Name::Br) {
            self.pop();
            self.mode = Mode::InHead;
        }
        Ok(if tag.name == Name::Br { Next::Again } else { Next::Done })
    }

    pub(super) fn start_tag_after_head(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Html | Name::Head => Ok(Next::Done),
            Name::Body => {
                self.insert(tag);
                self.frameset_ok = false;
                self.mode = Mode::InBody;
                Ok(Next::Done)
            }
            Name::Frameset => {
                self.insert(tag);
                self.mode = Mode::InFrameset;
                Ok(Next::Done)
            }
            name if name.is_head_content() => self.start_tag_in_head(tag), // the head is reopened for them
            _ => {
                self.leave_head();
                Ok(Next::Again)
            }
        }
    }

    pub(super) fn end_tag_after_head(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Body | Name::Html | Name::Br => {
                self.leave_head();
                Ok(Next::Again)
            }
            _ => self.end_tag_in_template(tag),
        }
    }

    pub(super) fn start_tag_after_body(&mut self, tag: &Tag) -> TagResult {
        if tag.name == Name::Html {
            return Ok(Next::Done);
        }
        self.mode = Mode::InBody;
        Ok(Next::Again)
    }

    pub(super) fn end_tag_after_body(&mut self, tag: &Tag) -> TagResult {
        if (self.mode, tag.name) == (Mode::AfterBody, Name::Html) {
            self.mode = Mode::AfterAfterBody;
            return Ok(Next::Done);
        }
        self.mode = Mode::InBody;
        Ok(Next::Again)
    }

    fn open_template(&mut self, tag: &Tag) -> Result<(), Bailout> {
        self.formatting.entries.push(None);
        self.mode = Mode::InTemplate;
        self.template_modes.push(Mode::InTemplate);
        self.frameset_ok = false;
        self.insert(tag);
        self.start_template(tag)
    }

    fn close_template(&mut self) {
        if !self.stack.any(Name::Template) {
            return;
        }
        self.pop_through(|name| name == Name::Template);
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
