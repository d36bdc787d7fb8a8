//! Tables (WHATWG HTML, sections 13.2.6.4.9 to 13.2.6.4.15).

use super::{Mode, Next, TagResult, Tree, stack::Scope};
use crate::html::{name::Name, tokenize::Tag};

impl Tree<'_, '_> {
    /// "Clear the stack back to a table context", or a table body's or row's.
    fn clear_back_to(&mut self, context: impl Fn(Name) -> bool) {
        let is_context = |name| matches!(name, Name::Template | Name::Html) || context(name);
        while self.stack.top().is_some_and(|top| !top.is_in(is_context)) {
            self.pop();
        }
    }

    /// Inserts the tag's element, whose content is in `mode`.
    fn enter(&mut self, tag: &Tag, mode: Mode) -> Next {
        self.insert(tag);
        self.mode = mode;
        Next::Done
    }

    /// Inserts an element that the tag implies.
    fn enter_implied(&mut self, name: Name, mode: Mode) -> Next {
        self.insert_implied(name);
        self.mode = mode;
        Next::Again
    }

    /// Closes an element that is in table scope, and continues with `then` in `mode`.
    fn leave(&mut self, name: Name, mode: Mode, then: Next) -> Next {
        if !self.close_in_scope(Scope::Table, name) {
            return Next::Done;
        }
        if matches!(name, Name::Caption | Name::Td | Name::Th) {
            self.formatting.clear_to_marker();
        }
        self.mode = mode;
        then
    }

    pub(super) fn start_tag_in_table(&mut self, tag: &Tag) -> TagResult {
        if tag.name.is_table_structure() {
            self.clear_back_to(|name| name == Name::Table);
        }
        match tag.name {
            Name::Caption => {
                self.formatting.entries.push(None);
                Ok(self.enter(tag, Mode::InCaption))
            }
            Name::Colgroup => Ok(self.enter(tag, Mode::InColumnGroup)),
            Name::Col => Ok(self.enter_implied(Name::Colgroup, Mode::InColumnGroup)),
            Name::Tbody | Name::Tfoot | Name::Thead => Ok(self.enter(tag, Mode::InTableBody)),
            Name::Td | Name::Th | Name::Tr => Ok(self.enter_implied(Name::Tbody, Mode::InTableBody)),
            Name::Table => Ok(self.close_table(Next::Again)),
            Name::Style | Name::Script | Name::Template => self.start_tag_in_head(tag),
            Name::Input if self.attribute(tag, b"type").is_some_and(|t| t.eq_ignore_ascii_case("hidden")) => {
                Ok(Next::Done)
            }
            Name::Form => {
                if !self.stack.any(Name::Template) && self.form.is_none() {
                    self.form = Some(self.new_serial()); // closed at once: no open element has this serial
                }
                Ok(Next::Done)
            }
            _ => {
                self.foster = true;
                let done = self.start_tag_in_body(tag);
                self.foster = false;
                done
            }
        }
    }

    pub(super) fn end_tag_in_table(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Table => Ok(self.close_table(Next::Done)),
            Name::Body | Name::Html => Ok(Next::Done),
            name if name.is_table_structure() => Ok(Next::Done),
            Name::Template => self.end_tag_in_template(tag),
            _ => {
                self.foster = true;
                let done = self.end_tag_in_body(tag);
                self.foster = false;
                done
            }
        }
    }

    fn close_table(&mut self, then: Next) -> Next {
        if !self.close_in_scope(Scope::Table, Name::Table) {
            return Next::Done;
        }
        self.reset_mode();
        then
    }

    pub(super) fn start_tag_in_caption(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            name if name.is_table_structure() => Ok(self.leave(Name::Caption, Mode::InTable, Next::Again)),
            _ => self.start_tag_in_body(tag),
        }
    }

    pub(super) fn end_tag_in_caption(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Caption => Ok(self.leave(Name::Caption, Mode::InTable, Next::Done)),
            Name::Table => Ok(self.leave(Name::Caption, Mode::InTable, Next::Again)),
            Name::Body | Name::Html => Ok(Next::Done),
            name if name.is_table_structure() => Ok(Next::Done),
            _ => self.end_tag_in_body(tag),
        }
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
            Name::Template => self.end_tag_in_template(tag),
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

    pub(super) fn start_tag_in_table_body(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Tr => {
                self.clear_back_to(Name::is_table_body);
                Ok(self.enter(tag, Mode::InRow))
            }
            Name::Td | Name::Th => {
                self.clear_back_to(Name::is_table_body);
                Ok(self.enter_implied(Name::Tr, Mode::InRow))
            }
            name if name.is_table_structure() => Ok(self.leave_table_body()),
            _ => self.start_tag_in_table(tag),
        }
    }

    pub(super) fn end_tag_in_table_body(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            name if name.is_table_body() => Ok(self.leave(name, Mode::InTable, Next::Done)),
            Name::Table => Ok(self.leave_table_body()),
            _ => self.end_tag_in_table(tag),
        }
    }

    fn leave_table_body(&mut self) -> Next {
        if !self.stack.any_in_scope(Scope::Table, Name::is_table_body) {
            return Next::Done;
        }
        self.clear_back_to(Name::is_table_body);
        self.pop();
        self.mode = Mode::InTable;
        Next::Again
    }

    pub(super) fn start_tag_in_row(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Td | Name::Th => {
                self.clear_back_to(|name| name == Name::Tr);
                self.formatting.entries.push(None);
                Ok(self.enter(tag, Mode::InCell))
            }
            name if name.is_table_structure() => Ok(self.leave(Name::Tr, Mode::InTableBody, Next::Again)),
            _ => self.start_tag_in_table(tag),
        }
    }

    pub(super) fn end_tag_in_row(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Tr => Ok(self.leave(Name::Tr, Mode::InTableBody, Next::Done)),
            Name::Table => Ok(self.leave(Name::Tr, Mode::InTableBody, Next::Again)),
            name if name.is_table_body() && self.stack.in_scope(Scope::Table, name) => {
                Ok(self.leave(Name::Tr, Mode::InTableBody, Next::Again))
            }
            _ => self.end_tag_in_table(tag),
        }
    }

    pub(super) fn start_tag_in_cell(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            name if name.is_table_structure() => Ok(self.leave_cell()),
            _ => self.start_tag_in_body(tag),
        }
    }

    pub(super) fn end_tag_in_cell(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            Name::Td | Name::Th => Ok(self.leave(tag.name, Mode::InRow, Next::Done)),
            Name::Body | Name::Caption | Name::Col | Name::Colgroup | Name::Html => Ok(Next::Done),
            name if name.is_table_part() => {
                Ok(if self.stack.in_scope(Scope::Table, name) { self.leave_cell() } else { Next::Done })
            }
            _ => self.end_tag_in_body(tag),
        }
    }

    /// Closes the cell, which is a `td` or a `th`, and processes the tag again.
    fn leave_cell(&mut self) -> Next {
        self.pop_through(|name| matches!(name, Name::Td | Name::Th));
        self.formatting.clear_to_marker();
        self.mode = Mode::InRow;
        Next::Again
    }
}
