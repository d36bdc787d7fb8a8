//! Table bodies, rows and cells (WHATWG HTML, sections 13.2.6.4.13 to 13.2.6.4.15).

use super::{LinkSink, Mode, Next, TagResult, Tree, stack::Scope};
use crate::html::{name::Name, tokenize::Tag};

impl<S: LinkSink> Tree<'_, '_, S> {
    fn clear_back_to_body(&mut self) {
        self.clear_back_to(Name::is_table_body);
    }

    fn clear_back_to_row(&mut self) {
        self.clear_back_to(|name| name == Name::Tr);
    }

    pub(super) fn start_tag_in_table_body(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Tr => {
                self.clear_back_to_body();
                self.insert(tag);
                self.mode = Mode::InRow;
                Ok(Next::Done)
            }
            Name::Td | Name::Th => {
                self.clear_back_to_body();
                self.insert_implied(Name::Tr);
                self.mode = Mode::InRow;
                Ok(Next::Again)
            }
            name if name.is_table_structure() => self.leave_table_body(),
            _ => self.start_tag_in_table(tag),
        }
    }

    pub(super) fn end_tag_in_table_body(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Tbody | Name::Tfoot | Name::Thead => {
                if self.stack.in_scope(Scope::Table, tag.name) {
                    self.clear_back_to_body();
                    self.pop();
                    self.mode = Mode::InTable;
                }
                Ok(Next::Done)
            }
            Name::Table => self.leave_table_body(),
            Name::Body | Name::Html => Ok(Next::Done),
            name if name.is_table_structure() => Ok(Next::Done),
            _ => self.end_tag_in_table(tag),
        }
    }

    fn leave_table_body(&mut self) -> TagResult {
        let is_open = |name| matches!(name, Name::Table | Name::Tbody | Name::Tfoot);
        if !self.stack.any_in_scope(Scope::Table, is_open) {
            return Ok(Next::Done);
        }
        self.clear_back_to_body();
        self.pop();
        self.mode = Mode::InTable;
        Ok(Next::Again)
    }

    pub(super) fn start_tag_in_row(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Td | Name::Th => {
                self.clear_back_to_row();
                self.insert(tag);
                self.formatting.push_marker();
                self.mode = Mode::InCell;
                Ok(Next::Done)
            }
            name if name.is_table_structure() => self.leave_row(Next::Again),
            _ => self.start_tag_in_table(tag),
        }
    }

    pub(super) fn end_tag_in_row(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Tr => self.leave_row(Next::Done),
            Name::Table => self.leave_row(Next::Again),
            name if name.is_table_body() && self.stack.in_scope(Scope::Table, name) => {
                self.leave_row(Next::Again)
            }
            Name::Body | Name::Html => Ok(Next::Done),
            name if name.is_table_structure() => Ok(Next::Done),
            _ => self.end_tag_in_table(tag),
        }
    }

    /// Closes the row, if there is one in scope, and continues with `then`.
    fn leave_row(&mut self, then: Next) -> TagResult {
        if !self.stack.in_scope(Scope::Table, Name::Tr) {
            return Ok(Next::Done);
        }
        self.clear_back_to_row();
        self.pop();
        self.mode = Mode::InTableBody;
        Ok(then)
    }

    pub(super) fn start_tag_in_cell(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            name if name.is_table_structure() => {
                let is_cell = |name| matches!(name, Name::Td | Name::Th);
                if !self.stack.any_in_scope(Scope::Table, is_cell) {
                    return Ok(Next::Done);
                }
                self.close_cell();
                Ok(Next::Again)
            }
            _ => self.start_tag_in_body(tag),
        }
    }

    pub(super) fn end_tag_in_cell(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Td | Name::Th => {
                if self.stack.in_scope(Scope::Table, tag.name) {
                    self.imply_end_tags(None);
                    self.pop_through_named(tag.name);
                    self.formatting.clear_to_marker();
                    self.mode = Mode::InRow;
                }
                Ok(Next::Done)
            }
            Name::Body | Name::Caption | Name::Col | Name::Colgroup | Name::Html => Ok(Next::Done),
            name if name.is_table_part() => {
                if !self.stack.in_scope(Scope::Table, tag.name) {
                    return Ok(Next::Done);
                }
                self.close_cell();
                Ok(Next::Again)
            }
            _ => self.end_tag_in_body(tag),
        }
    }

    fn close_cell(&mut self) {
        self.imply_end_tags(None);
        self.pop_through(|name| matches!(name, Name::Td | Name::Th));
        self.formatting.clear_to_marker();
        self.mode = Mode::InRow;
    }
}
