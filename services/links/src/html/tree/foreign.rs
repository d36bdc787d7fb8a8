//! SVG and MathML (WHATWG HTML, section 13.2.6.5 and the dispatcher of section 13.2.6).

use super::{
    Next, TagResult, Tree,
    end_tag_name::EndTagName,
    stack::{Element, Namespace},
};
use crate::html::{
    name::Name,
    text,
    tokenize::{Attributes, Tag},
};

impl Tree<'_, '_> {
    /// Whether the current node is not an HTML element: end tags go by the rules for foreign content.
    #[inline]
    pub(super) fn current_is_foreign(&self) -> bool {
        self.stack.top().is_some_and(|top| top.namespace != Namespace::Html)
    }

    #[inline]
    pub(super) fn text_is_foreign(&self) -> bool {
        self.current_is_foreign() && !self.stack.top().is_some_and(takes_html_text)
    }

    #[inline]
    pub(super) fn start_tag_is_foreign(&self, name: Name) -> bool {
        self.current_is_foreign() && !self.stack.top().is_some_and(|top| takes_html_tag(top, name))
    }

    pub(super) fn start_tag_in_foreign_content(&mut self, tag: &Tag) -> TagResult {
        if tag.name.breaks_out_of_foreign_content() || tag.name == Name::Font && self.is_presentational(tag) {
            self.break_out();
            return self.start_tag_in(self.mode, tag);
        }
        if tag.self_closing {
            return Ok(Next::Done);
        }
        let namespace = self.stack.top().map_or(Namespace::Html, |top| top.namespace);
        let holds_html = namespace == Namespace::MathMl
            && tag.name == Name::AnnotationXml
            && self.attribute(tag, b"encoding").is_some_and(|encoding| {
                encoding.eq_ignore_ascii_case("text/html")
                    || encoding.eq_ignore_ascii_case("application/xhtml+xml")
            });
        let index = self.stack.len();
        self.insert_in(namespace, tag.name, tag.written);
        self.stack.elements[index].holds_html = holds_html;
        Ok(Next::Done)
    }

    /// Closes foreign elements down to an HTML element or an integration point.
    fn break_out(&mut self) {
        while self.stack.top().is_some_and(|top| {
            top.namespace != Namespace::Html && !top.is_mathml_text() && !top.is_svg_html() && !top.holds_html
        }) {
            self.pop();
        }
    }

    pub(super) fn end_tag_in_foreign_content(&mut self, tag: &Tag) -> TagResult {
        if matches!(tag.name, Name::Br | Name::P) {
            self.break_out();
            return self.end_tag_in(self.mode, tag);
        }
        let page = self.page;
        let name = EndTagName::new(&page[tag.written.range()]);
        let is_same = |e: &Element| {
            e.namespace != Namespace::Html && e.name == tag.name && name.is(&page[e.written.range()])
        };
        let found = self.stack.find(is_same, |e| e.namespace == Namespace::Html);
        self.stack.steps += name.steps.get();
        match found {
            Some(index) => {
                self.truncate(index);
                Ok(Next::Done)
            }
            None => self.end_tag_in(self.mode, tag),
        }
    }

    /// Whether `font` has an attribute that ends foreign content.
    fn is_presentational(&self, tag: &Tag) -> bool {
        [&b"color"[..], b"face", b"size"].iter().any(|name| self.attribute(tag, name).is_some())
    }

    /// The value of the tag's first attribute of that name.
    pub(super) fn attribute(&self, tag: &Tag, wanted: &[u8]) -> Option<String> {
        let mut attributes = Attributes::new(self.page, tag.written.end());
        while let Some((name, value)) = attributes.next() {
            if self.page[name.range()].eq_ignore_ascii_case(wanted) {
                return Some(text::attribute_value(&self.page[value.range()]));
            }
        }
        None
    }
}

fn takes_html_text(top: &Element) -> bool {
    top.is_mathml_text() || top.is_svg_html() || top.holds_html
}

fn takes_html_tag(top: &Element, name: Name) -> bool {
    top.is_mathml_text() && !matches!(name, Name::Mglyph | Name::Malignmark)
        || top.is_svg_html()
        || top.holds_html
        || top.namespace == Namespace::MathMl && top.name == Name::AnnotationXml && name == Name::Svg
}
