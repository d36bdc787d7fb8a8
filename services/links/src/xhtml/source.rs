//! What markup is read from: the document, or the replacement text of an entity in it.

use super::names::starts_with_name;
use quick_xml::Reader;

pub(super) struct XmlSource<'p> {
    pub(super) text: &'p str,
    pub(super) lexer: Reader<&'p [u8]>,
    /// The elements that were open at its start, which must not end in it.
    pub(super) depth: usize,
    /// Whether a character follows that is an error.
    pub(super) is_cut: bool,
}

impl<'p> XmlSource<'p> {
    pub(super) fn document(text: &'p str, is_cut: bool) -> Self {
        Self { is_cut, ..Self::entity(text, 0) }
    }

    pub(super) fn entity(text: &'p str, depth: usize) -> Self {
        let mut lexer = Reader::from_str(text);
        lexer.config_mut().check_comments = true;
        Self { text, lexer, depth, is_cut: false }
    }

    pub(super) fn position(&self) -> usize {
        usize::try_from(self.lexer.buffer_position()).unwrap_or(usize::MAX)
    }

    /// Whether it is the document: elements are open where there is a reference to an entity.
    pub(super) fn is_document(&self) -> bool {
        self.depth == 0
    }
}

/// Whether `rest` starts with a `<` that starts neither a tag nor other content of an element.
pub(super) fn is_no_markup(rest: &str) -> bool {
    rest.strip_prefix('<').is_some_and(|rest| {
        let is_markup =
            rest.starts_with(['/', '?']) || rest.starts_with("!--") || rest.starts_with("![CDATA[");
        !is_markup && !starts_with_name(rest)
    })
}
