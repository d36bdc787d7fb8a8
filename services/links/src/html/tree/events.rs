//! Events for the sink, and the check that the tree has the order of the page.

use super::{Bailout, TextKind, Tree, stack::Serial};
use crate::html::{
    name::Name,
    nodes::NodeKind,
    tokenize::{Span, Tag},
};

impl Tree<'_, '_> {
    /// Starts a link, unless it is part of a template.
    pub(super) fn start_link(&mut self, serial: Serial, href: Span) -> Result<(), Bailout> {
        if let Some(nodes) = &mut self.nodes {
            nodes.set_kind(serial, NodeKind::Link(href));
            return Ok(());
        }
        if self.stack.any(Name::Template) {
            return Ok(());
        }
        if self.link.is_some() {
            return Err(Bailout::NeedsTree);
        }
        self.event(false)?;
        self.link = Some(serial);
        self.sink.start(&self.page[href.range()]);
        Ok(())
    }

    /// Text at the current place; `foster` if it is inserted before the table.
    #[inline]
    pub(super) fn insert_text(&mut self, text: Span, kind: TextKind, foster: bool) -> Result<(), Bailout> {
        if self.nodes.is_some() {
            self.insert_text_node(text, kind, foster);
        } else if self.link.is_some() && !self.stack.any(Name::Template) {
            self.event(foster)?;
            self.sink.text(&self.page[text.range()], kind);
        }
        Ok(())
    }

    /// Notes the first `<base>` that has an `href`.
    pub(super) fn note_base(&mut self, tag: &Tag) -> Result<(), Bailout> {
        if let Some(href) = tag.href
            && self.nodes.is_some()
        {
            self.insert_node(NodeKind::Base(href), self.foster);
        } else if tag.href.is_some() && !self.stack.any(Name::Template) {
            self.event(self.foster && self.stack.top_is_in(Name::is_table_part))?;
            self.notes.base = self.notes.base.or(tag.href.map(|href| &self.page[href.range()]));
        }
        Ok(())
    }

    /// Notes the title that was just inserted; the first one counts.
    pub(super) fn note_title(&mut self, text: Span) -> Result<(), Bailout> {
        if self.nodes.is_some() {
            self.set_kind_of_current(NodeKind::Title(text));
        } else if !self.stack.any(Name::Template) {
            self.event(false)?;
            self.notes.title.get_or_insert(&self.page[text.range()]);
        }
        Ok(())
    }

    /// A link, its text, a base or a title, which the tree must hold in the order of the page. Foster parenting inserts it
    /// before the table: that is still the order of the page if the table holds no event yet.
    #[inline]
    fn event(&mut self, foster: bool) -> Result<(), Bailout> {
        if foster || self.stack.fostered > 0 {
            return self.fostered_event(foster);
        }
        self.events += 1;
        Ok(())
    }

    fn fostered_event(&mut self, foster: bool) -> Result<(), Bailout> {
        let mut tables = Vec::new();
        if foster {
            tables.extend(self.stack.table_below(self.stack.len()));
        }
        for index in 0..self.stack.len() {
            if self.stack.elements[index].fostered {
                tables.extend(self.stack.table_below(index));
            }
        }
        self.stack.steps += self.stack.len();
        for &table in &tables {
            if self.stack.elements[table].events != self.events {
                return Err(Bailout::NeedsTree);
            }
        }
        self.events += 1;
        for &table in &tables {
            self.stack.elements[table].events = self.events;
        }
        Ok(())
    }
}
