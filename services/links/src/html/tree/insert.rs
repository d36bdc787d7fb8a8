//! Opening and closing elements, and what that means for the open link (WHATWG HTML, section 13.2.6.1).

use super::{
    LinkSink, Mode, TextKind, Tree, Undecided,
    formatting::Formatting,
    stack::{Element, Namespace, Serial},
};
use crate::html::{
    name::Name,
    text,
    tokenize::{Attributes, RawKind, Span, Tag},
};

/// Attributes that cost more steps than this are not compared.
const MAX_COMPARED: usize = 4096;

/// What it costs to take one attribute apart, in steps.
const COMPARISON: usize = 64;

/// Names in lower case, each with its value.
type SortedAttributes = Vec<(Vec<u8>, String)>;

impl<S: LinkSink> Tree<'_, '_, S> {
    pub(super) fn new_serial(&mut self) -> Serial {
        self.next_serial += 1;
        self.next_serial
    }

    /// "Insert an HTML element" for the tag.
    #[inline]
    pub(super) fn insert(&mut self, tag: &Tag) -> Serial {
        self.insert_named(tag.name, tag.written)
    }

    pub(super) fn insert_named(&mut self, name: Name, written: Span) -> Serial {
        self.insert_foreign(name, Namespace::Html, written)
    }

    pub(super) fn insert_foreign(&mut self, name: Name, namespace: Namespace, written: Span) -> Serial {
        let serial = self.new_serial();
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

    /// An element that the standard inserts for no token: `html`, `head`, `body`, `tbody`, `tr`, `colgroup`.
    pub(super) fn insert_implied(&mut self, name: Name) {
        self.insert_named(name, Span::new(0, 0));
    }

    /// Pops the current node; an open link that it was ends.
    pub(super) fn pop(&mut self) {
        if let Some(element) = self.stack.pop() {
            self.left(&element);
        }
    }

    /// Notes that an element left the stack.
    #[inline]
    fn left(&mut self, element: &Element) {
        if element.is_in(Name::is_formatting) {
            self.stack.steps += self.formatting.close(element.serial);
            if self.link == Some(element.serial) {
                self.link = None;
                self.sink.end();
            }
        }
    }

    pub(super) fn truncate(&mut self, length: usize) {
        while self.stack.len() > length {
            self.pop();
        }
    }

    /// Takes an element out of the middle of the stack. What was opened in it stays where it is in the tree.
    pub(super) fn remove_open(&mut self, index: usize) -> Result<(), Undecided> {
        let element = self.stack.remove(index);
        if self.link == Some(element.serial) {
            return Err(Undecided::Moved); // its text would go on
        }
        if element.is_in(Name::is_formatting) {
            self.stack.steps += self.formatting.close(element.serial);
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

    pub(super) fn pop_through_named(&mut self, name: Name) {
        self.pop_through(|found| found == name);
    }

    /// "Generate implied end tags", except for elements of one name.
    pub(super) fn imply_end_tags(&mut self, except: Option<Name>) {
        while self.stack.top_is_in(|name| name.has_implied_end() && Some(name) != except) {
            self.pop();
        }
    }

    /// "Close a p element", where one is in button scope.
    #[inline]
    pub(super) fn close_p(&mut self) {
        if self.stack.in_scope(super::stack::Scope::Button, Name::P) {
            self.imply_end_tags(Some(Name::P));
            self.pop_through_named(Name::P);
        }
    }

    /// "Insert a formatting element": on the stack and on the list. Of three equal ones on the list, the earliest
    /// leaves it (the "Noah's Ark clause").
    pub(super) fn insert_formatting(&mut self, tag: &Tag) -> Result<(), Undecided> {
        let same = self.formatting.since_marker().filter(|(_, entry)| entry.name == tag.name).count();
        self.stack.steps += same;
        if same >= 3 {
            self.drop_earliest_equal(tag.name, tag.written)?;
        }
        let serial = self.insert(tag);
        let Tag { name, written, href, .. } = *tag;
        self.formatting.push(Formatting { name, serial, open: true, written, href });
        if let Some(href) = href.filter(|_| name == Name::A) {
            self.start_link(serial, href)?;
        }
        Ok(())
    }

    /// The Noah's Ark clause: attributes are compared as the tree would hold them.
    #[cold]
    fn drop_earliest_equal(&mut self, name: Name, written: Span) -> Result<(), Undecided> {
        let (attributes, mut read) = self.sorted_attributes(written)?;
        let mut equal = Vec::new();
        for (index, entry) in self.formatting.since_marker().filter(|(_, entry)| entry.name == name) {
            let (others, length) = self.sorted_attributes(entry.written)?;
            read += length;
            if others == attributes {
                equal.push(index);
            }
        }
        self.stack.steps += read;
        if let Some(&earliest) = equal.last().filter(|_| equal.len() >= 3) {
            self.formatting.remove(earliest);
        }
        Ok(())
    }

    /// A tag's attributes by name, and how many bytes they take in the page.
    fn sorted_attributes(&self, written: Span) -> Result<(SortedAttributes, usize), Undecided> {
        let mut attributes = Attributes::new(self.page, written.end());
        let mut found = SortedAttributes::new();
        let mut length = COMPARISON;
        while let Some((name, value)) = attributes.next() {
            length += COMPARISON + value.end() - name.start();
            if length > MAX_COMPARED {
                return Err(Undecided::Rare);
            }
            let name = self.page[name.range()].to_ascii_lowercase();
            found.push((name, text::attribute_value(&self.page[value.range()])));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0)); // stable: the first of several with one name stays first
        found.dedup_by(|later, first| later.0 == first.0);
        Ok((found, length))
    }

    /// "Reconstruct the active formatting elements".
    #[inline]
    pub(super) fn reconstruct(&mut self) -> Result<(), Undecided> {
        if self.formatting.needs_reconstruction() { self.reconstruct_now() } else { Ok(()) }
    }

    fn reconstruct_now(&mut self) -> Result<(), Undecided> {
        let first = self.formatting.first_to_reconstruct();
        self.stack.steps += self.formatting.len() - first;
        for index in first..self.formatting.len() {
            let Some(mut entry) = self.formatting.get(index) else { continue };
            entry.serial = self.insert_named(entry.name, entry.written);
            entry.open = true;
            self.formatting.set(index, entry);
            if let Some(href) = entry.href {
                self.stack.steps += href.range().len(); // each clone of a link has it all over again
                self.start_link(entry.serial, href)?;
            }
        }
        Ok(())
    }

    fn start_link(&mut self, serial: Serial, href: Span) -> Result<(), Undecided> {
        if self.stack.any(Name::Template) {
            return Ok(());
        }
        if self.link.is_some() {
            return Err(Undecided::Nested);
        }
        self.event(false)?;
        self.link = Some(serial);
        self.sink.start(&self.page[href.range()]);
        Ok(())
    }

    /// Text at the current place; `foster` when it goes before the table itself.
    #[inline]
    pub(super) fn insert_text(&mut self, text: Span, kind: TextKind, foster: bool) -> Result<(), Undecided> {
        if self.link.is_some() && !self.stack.any(Name::Template) {
            self.event(foster)?;
            self.sink.text(&self.page[text.range()], kind);
        }
        Ok(())
    }

    /// Notes the first `<base>` that has an `href`.
    pub(super) fn note_base(&mut self, tag: &Tag) -> Result<(), Undecided> {
        if self.base.is_none() && tag.href.is_some() && !self.stack.any(Name::Template) {
            self.event(self.foster && self.stack.top_is_in(Name::is_table_part))?;
            self.base = tag.href;
        }
        Ok(())
    }

    /// Something that must come in the tree's order: a link, its text, a base. What is fostered stands before its
    /// table: that is still the page's order as long as nothing of the kind stands in the table.
    #[inline]
    fn event(&mut self, foster: bool) -> Result<(), Undecided> {
        if foster || self.stack.any_fostered() {
            return self.fostered_event(foster);
        }
        self.events += 1;
        Ok(())
    }

    fn fostered_event(&mut self, foster: bool) -> Result<(), Undecided> {
        let mut tables = Vec::new();
        if foster {
            tables.extend(self.stack.table_below(self.stack.len()));
        }
        for index in 0..self.stack.len() {
            if self.stack.elements()[index].fostered {
                tables.extend(self.stack.table_below(index));
            }
        }
        self.stack.steps += self.stack.len();
        for &table in &tables {
            if self.stack.elements()[table].events != self.events {
                return Err(Undecided::Fostered);
            }
        }
        self.events += 1;
        for &table in &tables {
            self.stack.elements_mut()[table].events = self.events;
        }
        Ok(())
    }

    /// An element whose content is raw text, whole: "the generic raw text element parsing algorithm" and its like.
    pub(super) fn insert_raw(&mut self, tag: &Tag, kind: RawKind) -> Result<(), Undecided> {
        self.insert(tag);
        let mut text = self.tokens.raw_text(kind, tag.written);
        if tag.name == Name::Textarea {
            text = self.without_line_feed(text, true)?;
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
        for (index, element) in self.stack.elements().iter().enumerate().rev() {
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
