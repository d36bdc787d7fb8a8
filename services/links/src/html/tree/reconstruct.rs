//! Opens formatting elements and reconstructs them (WHATWG HTML, section 13.2.4.3).

use super::{Bailout, Tree, formatting::Formatting, stack::Namespace};
use crate::html::{
    name::Name,
    text,
    tokenize::{Attributes, Span, Tag},
};

/// The most steps for the attributes of a tag that are compared.
const MAX_COMPARED: usize = 4096;

/// The steps to read one attribute, besides its bytes.
const COMPARISON: usize = 64;

impl Tree<'_, '_> {
    /// Pushes a formatting element onto the stack and onto the list. Of three equal ones on the list, the earliest is
    /// removed (the "Noah's Ark clause").
    pub(super) fn insert_formatting(&mut self, tag: &Tag) -> Result<(), Bailout> {
        let same = self.formatting.since_marker().filter(|(_, entry)| entry.name == tag.name).count();
        if same >= 3 {
            self.drop_earliest_equal(tag.name, tag.written)?;
        }
        let serial = self.insert(tag);
        let Tag { name, written, href, .. } = *tag;
        self.formatting.entries.push(Some(Formatting { name, serial, open: true, written, href }));
        if let Some(href) = href.filter(|_| name == Name::A) {
            self.start_link(serial, href)?;
        }
        Ok(())
    }

    /// The Noah's Ark clause: attributes are compared as the tree would hold them.
    #[cold]
    fn drop_earliest_equal(&mut self, name: Name, written: Span) -> Result<(), Bailout> {
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
            self.formatting.entries.remove(earliest);
        }
        Ok(())
    }

    /// A tag's attributes by name, and the steps to read them.
    fn sorted_attributes(&self, written: Span) -> Result<(Vec<(String, String)>, usize), Bailout> {
        let mut attributes = Attributes::new(self.page, written.end());
        let mut found = Vec::new();
        let mut length = COMPARISON;
        while let Some((name, value)) = attributes.next() {
            length += COMPARISON + value.end() - name.start();
            if length > MAX_COMPARED {
                return Err(Bailout::NeedsTree);
            }
            let name = text::name(&self.page[name.range()]);
            found.push((name, text::attribute_value(&self.page[value.range()])));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0)); // stable: the first of several with one name stays first
        found.dedup_by(|later, first| later.0 == first.0);
        Ok((found, length))
    }

    /// "Reconstruct the active formatting elements".
    #[inline]
    pub(super) fn reconstruct(&mut self) -> Result<(), Bailout> {
        if self.formatting.needs_reconstruction() { self.reconstruct_now() } else { Ok(()) }
    }

    fn reconstruct_now(&mut self) -> Result<(), Bailout> {
        let first = self.formatting.first_to_reconstruct();
        self.stack.steps += self.formatting.entries.len() - first;
        for index in first..self.formatting.entries.len() {
            let Some(mut entry) = self.formatting.entries[index] else { continue };
            entry.serial = self.insert_in(Namespace::Html, entry.name, entry.written);
            entry.open = true;
            self.formatting.entries[index] = Some(entry);
            if let Some(href) = entry.href {
                self.stack.steps += href.range().len(); // each clone of a link stores it again
                self.start_link(entry.serial, href)?;
            }
        }
        Ok(())
    }
}
