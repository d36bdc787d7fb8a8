//! Tables, their captions and columns (WHATWG HTML, sections 13.2.6.4.9 to 13.2.6.4.12).

use super::{Form, LinkSink, Mode, Next, TagResult, Tree, stack::Scope};
use crate::html::{name::Name, tokenize::Tag};

impl<S: LinkSink> Tree<'_, '_, S> {
    /// "Clear the stack back to a table context", or a table body's or row's.
    pub(super) fn clear_back_to(&mut self, context: impl Fn(Name) -> bool) {
        let is_context = |name| matches!(name, Name::Template | Name::Html) || context(name);
        while self.stack.top().is_some_and(|top| !top.is_in(is_context)) {
            self.pop();
        }
    }

    fn clear_back_to_table(&mut self) {
        self.clear_back_to(|name| name == Name::Table);
    }

    #[rustfmt::skip]
    pub(super) fn start_tag_in_table(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Caption => {
                self.clear_back_to_table();
                self.formatting.push_marker();
                self.insert(tag);
                self.mode = Mode::InCaption;
            }
            Name::Colgroup => {
                self.clear_back_to_table();
                self.insert(tag);
                self.mode = Mode::InColumnGroup;
            }
            Name::Col => {
                self.clear_back_to_table();
                self.insert_implied(Name::Colgroup);
                self.mode = Mode::InColumnGroup;
                return Ok(Next::Again);
            }
            Name::Tbody | Name::Tfoot | Name::Thead => {
                self.clear_back_to_table();
                self.insert(tag);
                self.mode = Mode::InTableBody;
            }
            Name::Td | Name::Th | Name::Tr => {
                self.clear_back_to_table();
                self.insert_implied(Name::Tbody);
                self.mode = Mode::InTableBody;
                return Ok(Next::Again);
            }
            Name::Table => {
                if self.stack.in_scope(Scope::Table, Name::Table) {
                    self.pop_through_named(Name::Table);
                    self.reset_mode();
                    return Ok(Next::Again);
                }
            }
            Name::Style | Name::Script | Name::Template => return self.start_tag_in_head(tag),
            Name::Input if self.attribute(tag, b"type").is_some_and(|t| t.eq_ignore_ascii_case("hidden")) => {}
            Name::Form => {
                if !self.stack.any(Name::Template) && self.form == Form::None {
                    self.form = Form::Closed;
                }
            }
            _ => {
                self.foster = true;
                let done = self.start_tag_in_body(tag);
                self.foster = false;
                return done;
            }
        }
        Ok(Next::Done)
    }

    pub(super) fn end_tag_in_table(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Table => {
                if self.stack.in_scope(Scope::Table, Name::Table) {
                    self.pop_through_named(Name::Table);
                    self.reset_mode();
                }
            }
            Name::Body | Name::Html => {}
            name if name.is_table_structure() => {}
            Name::Template => self.close_template(),
            _ => {
                self.foster = true;
                let done = self.end_tag_in_body(tag);
                self.foster = false;
                return done;
            }
        }
        Ok(Next::Done)
    }

    pub(super) fn start_tag_in_caption(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            name if name.is_table_structure() => Ok(self.close_caption(Next::Again)),
            _ => self.start_tag_in_body(tag),
        }
    }

    pub(super) fn end_tag_in_caption(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Caption => Ok(self.close_caption(Next::Done)),
            Name::Table => Ok(self.close_caption(Next::Again)),
            Name::Body | Name::Html => Ok(Next::Done),
            name if name.is_table_structure() => Ok(Next::Done),
            _ => self.end_tag_in_body(tag),
        }
    }

    fn close_caption(&mut self, then: Next) -> Next {
        if !self.stack.in_scope(Scope::Table, Name::Caption) {
            return Next::Done;
        }
        self.imply_end_tags(None);
        self.pop_through_named(Name::Caption);
        self.formatting.clear_to_marker();
        self.mode = Mode::InTable;
        then
    }

    pub(super) fn start_tag_in_column_group(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Html | Name::Col => Ok(Next::Done),
            Name::Template => self.start_tag_in_head(tag),
            _ => Ok(self.leave_column_group(Next::Again)),
        }
    }

    pub(super) fn end_tag_in_column_group(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Colgroup => Ok(self.leave_column_group(Next::Done)),
            Name::Col => Ok(Next::Done),
            Name::Template => self.end_tag_in_head(tag),
            _ => Ok(self.leave_column_group(Next::Again)),
        }
    }

    fn leave_column_group(&mut self, then: Next) -> Next {
        if !self.stack.top_is(Name::Colgroup) {
            return Next::Done;
        }
        self.pop();
        self.mode = Mode::InTable;
        then
    }
}
