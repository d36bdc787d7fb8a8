//! Opens and closes elements, and with them the open link (WHATWG HTML, section 13.2.6.1).

use super::{
    Bailout, Mode, TextKind, Tree,
    stack::{Element, Namespace, Scope, Serial},
};
use crate::html::{
    name::Name,
    nodes::NodeKind,
    tokenize::{RawKind, Span, Tag},
};

impl Tree<'_, '_> {
    pub(super) fn new_serial(&mut self) -> Serial {
        if let Some(nodes) = &mut self.nodes {
            return nodes.add(NodeKind::Other); // an element's serial is its node
        }
        self.next_serial += 1;
        self.next_serial
    }

    /// "Insert an HTML element" for the tag.
    #[inline]
    pub(super) fn insert(&mut self, tag: &Tag) -> Serial {
        self.insert_in(Namespace::Html, tag.name, tag.written)
    }

    pub(super) fn insert_in(&mut self, namespace: Namespace, name: Name, written: Span) -> Serial {
        let serial = self.new_serial();
        if self.nodes.is_some() {
            let place = self.current_place(self.foster);
            self.move_node(serial, place);
        }
        let element = Element {
            name,
            namespace,
            fostered: self.foster && self.stack.top_is_in(Name::is_table_part),
            holds_html: false,
            serial,
            mark: self.sink.position(),
            events: self.events,
            written,
        };
        self.stack.push(element);
        serial
    }

    /// Inserts an element without a token: `html`, `head`, `body`, `tbody`, `tr`, `colgroup`.
    pub(super) fn insert_implied(&mut self, name: Name) {
        self.insert_in(Namespace::Html, name, Span::new(0, 0));
    }

    /// Pops the current node.
    pub(super) fn pop(&mut self) {
        if let Some(element) = self.stack.pop() {
            self.left(&element);
        }
    }

    /// Closes the formatting entry and the link of an element that left the stack.
    #[inline]
    fn left(&mut self, element: &Element) {
        if self.nodes.is_some() {
            self.end_node(element);
        }
        if element.name.is_formatting() && element.namespace == Namespace::Html {
            self.formatting.close(element.serial);
            if self.link == Some(element.serial) {
                self.link = None;
            }
        }
    }

    pub(super) fn truncate(&mut self, length: usize) {
        while self.stack.len() > length {
            self.pop();
        }
    }

    /// Removes an element from the middle of the stack. The elements above it stay where they are in the tree.
    pub(super) fn remove_open(&mut self, index: usize) -> Result<(), Bailout> {
        let element = self.stack.remove(index);
        if self.link == Some(element.serial) {
            return Err(Bailout::NeedsTree); // the text that follows would still be in the link
        }
        if element.is_in(Name::is_formatting) {
            self.formatting.close(element.serial);
        }
        if element.fostered && index < self.stack.len() {
            self.stack.set_fostered(index);
        }
        Ok(())
    }

    /// Pops up to and including the innermost element that `wanted` accepts.
    pub(super) fn pop_through(&mut self, wanted: impl Fn(Name) -> bool) {
        while let Some(element) = self.stack.pop() {
            self.left(&element);
            if element.is_in(&wanted) {
                return;
            }
        }
    }

    /// "Generate implied end tags", except for elements of one name.
    pub(super) fn imply_end_tags(&mut self, except: Option<Name>) {
        while self.stack.top_is_in(|name| name.has_implied_end() && Some(name) != except) {
            self.pop();
        }
    }

    /// Closes the innermost element of that name, if it is in scope, and the elements in it. Implied end tags need no step
    /// of their own here, as all elements up to that one are popped.
    #[inline]
    pub(super) fn close_in_scope(&mut self, scope: Scope, name: Name) -> bool {
        let found = self.stack.in_scope(scope, name);
        if found {
            self.pop_through(|popped| popped == name);
        }
        found
    }

    /// "Close a p element", where one is in button scope.
    #[inline]
    pub(super) fn close_p(&mut self) {
        self.close_in_scope(Scope::Button, Name::P);
    }

    /// Inserts an element together with its content, which is raw text.
    pub(super) fn insert_raw(&mut self, tag: &Tag, kind: RawKind) -> Result<(), Bailout> {
        self.insert(tag);
        let mut text = self.tokens.raw_text(kind, tag.written);
        match tag.name {
            Name::Textarea => text = self.without_line_feed(text, true),
            Name::Title => self.note_title(text)?,
            _ => {}
        }
        if !text.is_empty() {
            let references = kind == RawKind::Rcdata;
            self.insert_text(text, TextKind { references, keeps_nul: true }, false)?;
        }
        self.pop();
        Ok(())
    }

    /// "Reset the insertion mode appropriately".
    pub(super) fn reset_mode(&mut self) {
        let mut mode = Mode::InBody;
        let mut depth = 0;
        for (index, element) in self.stack.elements.iter().enumerate().rev() {
            if element.namespace != Namespace::Html {
                continue;
            }
            mode = match element.name {
                Name::Td | Name::Th if index > 0 => Mode::InCell,
                Name::Tr => Mode::InRow,
                Name::Tbody | Name::Thead | Name::Tfoot => Mode::InTableBody,
                Name::Caption => Mode::InCaption,
                Name::Colgroup => Mode::InColumnGroup,
                Name::Table => Mode::InTable,
                Name::Template => self.template_modes.last().copied().unwrap_or(Mode::InTemplate),
                Name::Head if index > 0 => Mode::InHead,
                Name::Body => Mode::InBody,
                Name::Html if self.head_seen => Mode::AfterHead,
                Name::Html => Mode::BeforeHead,
                _ => continue,
            };
            depth = self.stack.len() - index;
            break;
        }
        self.stack.steps += depth;
        self.mode = mode;
    }
}
