//! End tags in the "in body" mode (WHATWG HTML, section 13.2.6.4.7).

use super::{
    Bailout, Mode, Next, TagResult, Tree,
    end_tag_name::EndTagName,
    stack::{Element, Scope},
};
use crate::html::{name::Name, tokenize::Tag};

impl Tree<'_, '_> {
    #[rustfmt::skip]
    pub(super) fn end_tag_in_body(&mut self, tag: &Tag) -> TagResult {
        match tag.name {
            name if name.is_formatting() => self.adopt(tag)?,
            Name::P => {
                if !self.close_in_scope(Scope::Button, Name::P) {
                    self.insert(tag); // an empty paragraph
                    self.pop();
                }
            }
            Name::Address | Name::Article | Name::Aside | Name::Blockquote | Name::Button | Name::Center
            | Name::Dd | Name::Details | Name::Dialog | Name::Dir | Name::Div | Name::Dl | Name::Dt | Name::Fieldset
            | Name::Figcaption | Name::Figure | Name::Footer | Name::Header | Name::Hgroup | Name::Listing
            | Name::Main | Name::Menu | Name::Nav | Name::Ol | Name::Pre | Name::Search | Name::Section
            | Name::Select | Name::Summary | Name::Ul => {
                self.close_in_scope(Scope::Default, tag.name);
            }
            Name::Li => {
                self.close_in_scope(Scope::ListItem, Name::Li);
            }
            name if name.is_heading() => {
                if self.stack.any_in_scope(Scope::Default, Name::is_heading) {
                    self.pop_through(Name::is_heading);
                }
            }
            Name::Applet | Name::Marquee | Name::Object => {
                if self.close_in_scope(Scope::Default, tag.name) {
                    self.formatting.clear_to_marker();
                }
            }
            Name::Form => self.end_form()?,
            Name::Template => return self.end_tag_in_template(tag),
            Name::Br => {
                self.reconstruct()?; // processed as a start tag
                self.frameset_ok = false;
            }
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

    fn end_form(&mut self) -> Result<(), Bailout> {
        if self.stack.any(Name::Template) {
            self.close_in_scope(Scope::Default, Name::Form);
            return Ok(());
        }
        let Some(serial) = self.form.take() else { return Ok(()) };
        if self.stack.find(|e| e.serial == serial, Element::bounds_scope).is_none() {
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
        self.stack.steps += name.steps.get();
        if let Some(index) = found {
            self.truncate(index);
        }
    }
}
