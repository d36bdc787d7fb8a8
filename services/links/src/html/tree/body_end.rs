//! End tags in the "in body" mode (WHATWG HTML, section 13.2.6.4.7).

use super::{
    Bailout, Form, LinkSink, Mode, Next, TagResult, Tree,
    end_tag_name::EndTagName,
    stack::{Element, Scope},
};
use crate::html::{name::Name, tokenize::Tag};

impl<S: LinkSink> Tree<'_, '_, S> {
    #[rustfmt::skip]
    pub(super) fn end_tag_in_body(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            name if name.is_formatting() => self.adopt(tag)?,
            Name::P => self.end_p(tag),
            Name::Address | Name::Article | Name::Aside | Name::Blockquote | Name::Button | Name::Center
            | Name::Details | Name::Dialog | Name::Dir | Name::Div | Name::Dl | Name::Fieldset
            | Name::Figcaption | Name::Figure | Name::Footer | Name::Header | Name::Hgroup | Name::Listing
            | Name::Main | Name::Menu | Name::Nav | Name::Ol | Name::Pre | Name::Search | Name::Section
            | Name::Select | Name::Summary | Name::Ul => {
                if self.stack.in_scope(Scope::Default, tag.name) {
                    self.imply_end_tags(None);
                    self.pop_through_named(tag.name);
                }
            }
            Name::Li => self.end_list_item(tag.name, Scope::ListItem),
            Name::Dd | Name::Dt => self.end_list_item(tag.name, Scope::Default),
            name if name.is_heading() => {
                if self.stack.any_in_scope(Scope::Default, Name::is_heading) {
                    self.imply_end_tags(None);
                    self.pop_through(Name::is_heading);
                }
            }
            Name::Applet | Name::Marquee | Name::Object => {
                if self.stack.in_scope(Scope::Default, tag.name) {
                    self.imply_end_tags(None);
                    self.pop_through_named(tag.name);
                    self.formatting.clear_to_marker();
                }
            }
            Name::Form => self.end_form()?,
            Name::Template => self.close_template(),
            Name::Br => self.reconstruct()?, // processed as a start tag
            Name::Body | Name::Html => {
                if self.stack.in_scope(Scope::Default, Name::Body) {
                    self.mode = Mode::AfterBody;
                    if tag.name == Name::Html {
                        return Ok(Next::Again);
                    }
                }
            }
            _ => self.any_other_end_tag(tag),
        }
        Ok(Next::Done)
    }

    fn end_p(&mut self, tag: &Tag) {
        if self.stack.in_scope(Scope::Button, Name::P) {
            self.imply_end_tags(Some(Name::P));
            self.pop_through_named(Name::P);
        } else {
            self.insert(tag); // an empty paragraph
            self.pop();
        }
    }

    fn end_list_item(&mut self, name: Name, scope: Scope) {
        if self.stack.in_scope(scope, name) {
            self.imply_end_tags(Some(name));
            self.pop_through_named(name);
        }
    }

    fn end_form(&mut self) -> Result<(), Bailout> {
        if self.stack.any(Name::Template) {
            if self.stack.in_scope(Scope::Default, Name::Form) {
                self.imply_end_tags(None);
                self.pop_through_named(Name::Form);
            }
            return Ok(());
        }
        let Form::Open(serial) = std::mem::replace(&mut self.form, Form::None) else { return Ok(()) };
        let found = self.stack.find(|e| e.serial == serial, Element::bounds_scope);
        if found.is_none() {
            return Ok(());
        }
        self.imply_end_tags(None);
        if let Some(index) = self.stack.position(serial) {
            self.remove_open(index)?;
        }
        Ok(())
    }

    /// "Any other end tag".
    pub(super) fn any_other_end_tag(&mut self, tag: &Tag) {
        if tag.name != Name::Other && self.stack.top_is(tag.name) {
            self.pop();
            return;
        }
        let page = self.page;
        let name = EndTagName::new(&page[tag.written.range()]);
        let is_same =
            |e: &Element| e.is(tag.name) && (tag.name != Name::Other || name.is(&page[e.written.range()]));
        let found = self.stack.find(is_same, Element::is_special);
        self.stack.steps += name.steps();
        if let Some(index) = found {
            self.imply_end_tags(Some(tag.name));
            self.truncate(index);
        }
    }
}
