//! The adoption agency algorithm (WHATWG HTML, section 13.2.6.4.7): the end tags of formatting elements.
//!
//! Where a block is open inside the formatting element, the standard moves the block out of it and opens clones. The tree
//! keeps the order of the page, but a link then ends, and its clone starts, where the block was opened: the output
//! that was written since is corrected.

use super::{
    Bailout, Tree,
    formatting::Formatting,
    stack::{Element, Serial},
};
use crate::html::{
    name::Name,
    nodes::{NONE, NodeKind, Place},
    tokenize::Tag,
};

impl Tree<'_, '_> {
    /// The end tag of a formatting element.
    pub(super) fn adopt(&mut self, tag: &Tag) -> Result<(), Bailout> {
        if let Some(&current) = self.stack.top()
            && current.is(tag.name)
        {
            if self.formatting.last_is(current.serial) {
                self.formatting.entries.pop(); // the most common case, with the result of the loop below
                self.pop();
                return Ok(());
            }
            if self.formatting.position(current.serial).is_none() {
                self.pop();
                return Ok(());
            }
        }
        for _ in 0..8 {
            let found = self.formatting.since_marker().find(|(_, entry)| entry.name == tag.name);
            let Some((entry_index, &entry)) = found else {
                self.any_other_end_tag(tag);
                return Ok(());
            };
            let position = if entry.open { self.stack.position(entry.serial) } else { None };
            let Some(at) = position else {
                self.formatting.entries.remove(entry_index);
                return Ok(());
            };
            self.stack.steps += self.stack.len() - at - 1;
            let above = &self.stack.elements[at + 1..];
            if above.iter().any(Element::bounds_scope) {
                return Ok(());
            }
            let Some(block) = above.iter().position(Element::is_special) else {
                self.formatting.entries.remove(entry_index);
                self.truncate(at);
                return Ok(());
            };
            self.move_block(entry, at, at + 1 + block)?;
        }
        Ok(())
    }

    /// Steps 11 to 19 for the formatting element at `at` and its "furthest block".
    fn move_block(&mut self, entry: Formatting, at: usize, mut block: usize) -> Result<(), Bailout> {
        let Element { mark, serial: block_node, .. } = self.stack.elements[block];
        let mut last_node = block_node;
        let mut bookmark: Option<Serial> = None;
        for (kept, index) in (at + 1..block).rev().enumerate() {
            let between = self.stack.elements[index];
            let listed = self.formatting.position(between.serial);
            let Some(list_index) = listed.filter(|_| kept < 3) else {
                if let Some(list_index) = listed {
                    self.formatting.entries.remove(list_index);
                }
                self.remove_open(index)?;
                block -= 1;
                continue;
            };
            let serial = self.new_serial();
            if let Some(entry) = &mut self.formatting.entries[list_index] {
                entry.serial = serial; // the element is replaced by a clone
            }
            self.stack.elements[index].serial = serial;
            self.clone_link(serial, list_index);
            self.move_node(last_node, Place { parent: serial, before: NONE });
            last_node = serial;
            if self.link == Some(between.serial) {
                self.split_link(serial, mark, block)?;
            }
            bookmark.get_or_insert(serial);
        }
        self.stack.steps += self.formatting.entries.len() + block - at;

        let Some(old) = self.formatting.position(entry.serial) else { return Err(Bailout::NeedsTree) };
        let place = if self.nodes.is_some() { Some(self.place(at - 1, self.foster)) } else { None };
        let serial = self.new_serial();
        if let Some((place, nodes)) = place.zip(self.nodes.as_mut()) {
            nodes.insert(last_node, place);
            nodes.move_children(block_node, serial);
            nodes.append(block_node, serial);
            if let Some(href) = entry.href {
                nodes.set_kind(serial, NodeKind::Link(href));
            }
            if !self.selected_contents.is_empty() {
                self.selected_content_moved(last_node);
            }
        }
        let clone = Formatting { serial, open: true, ..entry };
        match bookmark.and_then(|serial| self.formatting.position(serial)) {
            None => self.formatting.entries[old] = Some(clone),
            Some(after) => {
                self.formatting.entries.insert(after + 1, Some(clone));
                self.formatting.entries.remove(old);
            }
        }
        if self.link == Some(entry.serial) {
            self.split_link(serial, mark, block)?;
        }
        let mut element = self.stack.elements[at];
        self.remove_open(at)?;
        element.serial = serial;
        element.fostered = false;
        self.stack.insert(block, element); // directly above the block, whose index is one less now
        Ok(())
    }

    /// Makes the clone of an `a` in the list a link.
    fn clone_link(&mut self, serial: Serial, list_index: usize) {
        if let Some(nodes) = &mut self.nodes
            && let Some(Formatting { href: Some(href), .. }) = self.formatting.entries[list_index]
        {
            nodes.set_kind(serial, NodeKind::Link(href));
        }
    }

    /// Ends the open link where the block at `block` was opened; its clone `serial` continues from there.
    fn split_link(&mut self, serial: Serial, mark: u32, block: usize) -> Result<(), Bailout> {
        let entry = self.formatting.position(serial).and_then(|index| self.formatting.entries[index]);
        let Some(Formatting { href: Some(href), .. }) = entry else {
            return Err(Bailout::NeedsTree);
        };
        self.stack.steps += href.range().len();
        let Some(longer) = self.sink.split(mark, &self.page[href.range()]) else {
            return Err(Bailout::NeedsTree);
        };
        self.link = Some(serial);
        for element in &mut self.stack.elements[block + 1..] {
            element.mark += longer;
        }
        Ok(())
    }

    /// A start tag `a` ends an `a` that is on the list after the last marker.
    pub(super) fn end_open_a(&mut self, tag: &Tag) -> Result<(), Bailout> {
        let found = self.formatting.since_marker().find(|(_, entry)| entry.name == Name::A);
        let Some((_, &Formatting { serial, .. })) = found else { return Ok(()) };
        self.adopt(tag)?;
        if let Some(index) = self.formatting.position(serial) {
            self.formatting.entries.remove(index);
        }
        if let Some(index) = self.stack.position(serial) {
            self.remove_open(index)?;
        }
        Ok(())
    }
}
