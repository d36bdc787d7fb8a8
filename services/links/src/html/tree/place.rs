//! Where nodes are inserted, for pages that are read with nodes (WHATWG HTML, section 13.2.6.1, and `template for`).

use super::{Bailout, Mode, TextKind, Tree, instruction, stack::Element};
use crate::html::{
    name::Name,
    nodes::{NONE, NodeId, NodeKind, NodeTree, Place},
    tokenize::{Span, Tag},
};

impl Tree<'_, '_> {
    /// "The appropriate place for inserting a node": in the element at `target` of the stack, or before its table.
    pub(super) fn place(&mut self, target: usize, foster: bool) -> Place {
        let end = |parent| Place { parent, before: NONE };
        let Some(element) = self.stack.elements.get(target) else { return end(NodeTree::DOCUMENT) };
        if !foster || !element.is_in(Name::is_table_part) {
            return self.inside(element.serial);
        }
        let found = self.stack.elements.iter().rposition(|e| e.is(Name::Template) || e.is(Name::Table));
        self.stack.steps += self.stack.len() - found.unwrap_or(0);
        match found {
            Some(index) if self.stack.elements[index].is(Name::Table) && index > 0 => {
                let table = self.stack.elements[index].serial;
                match self.nodes.as_ref().map_or(NONE, |nodes| nodes.get(table).parent) {
                    NONE => self.inside(self.stack.elements[index - 1].serial),
                    parent => Place { parent, before: table },
                }
            }
            found => self.inside(self.stack.elements[found.unwrap_or(0)].serial),
        }
    }

    /// The end of an element's content.
    fn inside(&self, node: NodeId) -> Place {
        let kind = self.nodes.as_ref().map(|nodes| (nodes, nodes.get(node).kind));
        match kind {
            Some((nodes, NodeKind::Patch { marker, before })) => {
                let parent = nodes.get(marker).parent;
                // It is gone once another template in this one has gone to the same marker.
                let is_there = before != NONE
                    && nodes.get(before).parent == parent
                    && matches!(nodes.get(before).kind, NodeKind::Instruction(_));
                Place { parent, before: if is_there { before } else { NONE } }
            }
            _ => Place { parent: node, before: NONE },
        }
    }

    /// The current node's place for new nodes.
    pub(super) fn current_place(&mut self, foster: bool) -> Place {
        self.place(self.stack.len().wrapping_sub(1), foster)
    }

    /// Inserts a node at the current place, if the page is read with nodes and the place is part of a document.
    pub(super) fn insert_node(&mut self, kind: NodeKind, foster: bool) {
        if self.nodes.is_some() {
            let place = self.current_place(foster);
            if let Some(nodes) = self.nodes.as_mut().filter(|_| place.parent != NONE) {
                let node = nodes.add(kind);
                nodes.insert(node, place);
            }
        }
    }

    /// Moves a node, if the page is read with nodes.
    pub(super) fn move_node(&mut self, node: NodeId, place: Place) {
        if let Some(nodes) = self.nodes.as_mut().filter(|_| place.parent != NONE) {
            nodes.insert(node, place);
        }
    }

    pub(super) fn insert_text_node(&mut self, text: Span, kind: TextKind, foster: bool) {
        self.insert_node(NodeKind::Text(text, kind), foster);
    }

    pub(super) fn set_kind_of_current(&mut self, kind: NodeKind) {
        if let Some(nodes) = &mut self.nodes
            && let Some(top) = self.stack.top()
        {
            nodes.set_kind(top.serial, kind);
        }
    }

    /// Notes a processing instruction that a `template for` may refer to. After the body it is part of `html`, and after
    /// `</html>` of the document, as a comment is.
    pub(super) fn note_instruction(&mut self, span: Span) {
        self.has_instructions = true;
        let parent = match self.mode {
            Mode::AfterBody => self.stack.elements.first().map_or(NodeTree::DOCUMENT, |html| html.serial),
            Mode::AfterAfterBody | Mode::AfterAfterFrameset => NodeTree::DOCUMENT,
            _ => return self.insert_node(NodeKind::Instruction(span), false),
        };
        if let Some(nodes) = &mut self.nodes {
            let node = nodes.add(NodeKind::Instruction(span));
            nodes.append(parent, node);
        }
    }

    /// The start of the `template` that was just inserted: with `for` its content may go to a marker.
    pub(super) fn start_template(&mut self, tag: &Tag) -> Result<(), Bailout> {
        let wanted = if self.has_instructions { self.attribute(tag, b"for") } else { None };
        let wanted = wanted.filter(|name| !name.is_empty());
        if self.nodes.is_none() {
            return if wanted.is_some() { Err(Bailout::NeedsTree) } else { Ok(()) };
        }
        self.set_kind_of_current(NodeKind::Template);
        let Some((wanted, parent)) = wanted.zip(self.stack.len().checked_sub(2)) else { return Ok(()) };
        // The content of a template that goes elsewhere is searched there.
        let parent = self.inside(self.stack.elements[parent].serial).parent;
        let body = self.stack.elements.get(1).filter(|second| second.is(Name::Body)).map(|body| body.serial);
        let scope = if body == Some(parent) { self.stack.elements[0].serial } else { parent };
        if scope == NONE {
            return Ok(());
        }
        let (page, Some(nodes)) = (self.page, &mut self.nodes) else { return Ok(()) };
        let Some(marker) = instruction::find(page, nodes, scope, &wanted) else { return Ok(()) };
        let before = instruction::clear(page, nodes, marker);
        self.set_kind_of_current(NodeKind::Patch { marker, before });
        Ok(())
    }

    /// The end of an element whose end matters for nodes.
    pub(super) fn end_node(&mut self, element: &Element) {
        if element.is(Name::Option) {
            self.end_option(element.serial);
        } else if element.is(Name::Template)
            && let Some(nodes) = &mut self.nodes
            && let NodeKind::Patch { marker, before } = nodes.get(element.serial).kind
        {
            nodes.set_kind(marker, NodeKind::Other); // no other template finds it
            if before != NONE && before != marker {
                nodes.detach(before);
            }
        }
    }
}
