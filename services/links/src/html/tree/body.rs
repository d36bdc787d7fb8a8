//! Start tags in the "in body" mode (WHATWG HTML, section 13.2.6.4.7).

use super::{
    Bailout, Mode, Next, TagResult, TextKind, Tree,
    stack::{Namespace, Scope},
};
use crate::html::{
    name::Name,
    tokenize::{RawKind, Tag},
};

/// Whether the element sets "the frameset-ok flag" to "not ok"; `input` may.
#[rustfmt::skip]
const fn forbids_frameset(name: Name) -> bool {
    matches!(name, Name::Body | Name::Pre | Name::Listing | Name::Li | Name::Dd | Name::Dt | Name::Plaintext
        | Name::Button | Name::Applet | Name::Marquee | Name::Object | Name::Table | Name::Area | Name::Br
        | Name::Embed | Name::Img | Name::Image | Name::Keygen | Name::Wbr | Name::Hr | Name::Textarea | Name::Xmp
        | Name::Iframe | Name::Select)
}

impl Tree<'_, '_> {
    #[rustfmt::skip]
    pub(super) fn start_tag_in_body(&mut self, tag: &Tag) -> TagResult {
        if self.frameset_ok && forbids_frameset(tag.name) {
            self.frameset_ok = false;
        }
        match tag.name {
            Name::A => {
                self.end_open_a(tag)?;
                self.reconstruct()?;
                self.insert_formatting(tag)?;
            }
            Name::B | Name::Big | Name::Code | Name::Em | Name::Font | Name::I | Name::S | Name::Small
            | Name::Strike | Name::Strong | Name::Tt | Name::U => {
                self.reconstruct()?;
                self.insert_formatting(tag)?;
            }
            Name::Address | Name::Article | Name::Aside | Name::Blockquote | Name::Center | Name::Details
            | Name::Dialog | Name::Dir | Name::Div | Name::Dl | Name::Fieldset | Name::Figcaption | Name::Figure
            | Name::Footer | Name::Header | Name::Hgroup | Name::Main | Name::Menu | Name::Nav | Name::Ol
            | Name::P | Name::Search | Name::Section | Name::Summary | Name::Ul => {
                self.close_p();
                self.insert(tag);
            }
            Name::Li | Name::Dd | Name::Dt => self.start_list_item(tag),
            Name::H1 | Name::H2 | Name::H3 | Name::H4 | Name::H5 | Name::H6 => {
                self.close_p();
                if self.stack.top_is_in(Name::is_heading) {
                    self.pop();
                }
                self.insert(tag);
            }
            Name::Area | Name::Br | Name::Embed | Name::Img | Name::Image | Name::Keygen | Name::Wbr => {
                self.reconstruct()?;
            }
            Name::Param | Name::Source | Name::Track => {}
            name if name.is_head_content() => return self.start_tag_in_head(tag),
            Name::Html | Name::Body | Name::Frame | Name::Head => {}
            name if name.is_table_structure() => {}
            Name::Frameset => self.start_frameset(tag)?,
            Name::Selectedcontent => {
                self.reconstruct()?;
                self.insert(tag);
                self.note_selected_content()?;
            }
            Name::Table => {
                if !self.quirks {
                    self.close_p();
                }
                self.insert(tag);
                self.mode = Mode::InTable;
            }
            Name::Pre | Name::Listing => {
                self.close_p();
                self.insert(tag);
                self.skip_line_feed = true;
            }
            Name::Form => self.start_form(tag),
            Name::Button => {
                self.close_in_scope(Scope::Default, Name::Button);
                self.reconstruct()?;
                self.insert(tag);
            }
            Name::Applet | Name::Marquee | Name::Object => {
                self.reconstruct()?;
                self.insert(tag);
                self.formatting.entries.push(None);
            }
            Name::Nobr => self.start_nobr(tag)?,
            Name::Input | Name::Hr | Name::Select | Name::Option | Name::Optgroup => self.start_control(tag)?,
            Name::Textarea => self.insert_raw(tag, RawKind::Rcdata)?,
            Name::Iframe | Name::Noembed => self.insert_raw(tag, RawKind::Rawtext)?,
            Name::Xmp => {
                self.close_p();
                self.reconstruct()?;
                self.insert_raw(tag, RawKind::Rawtext)?;
            }
            Name::Plaintext => self.start_plaintext(tag)?,
            Name::Rb | Name::Rtc | Name::Rp | Name::Rt => self.start_ruby_part(tag),
            Name::Math => self.start_foreign(tag, Namespace::MathMl)?,
            Name::Svg => self.start_foreign(tag, Namespace::Svg)?,
            _ => {
                self.reconstruct()?;
                self.insert(tag);
            }
        }
        Ok(Next::Done)
    }

    fn start_list_item(&mut self, tag: &Tag) {
        let closes = |name: Name| match tag.name {
            Name::Li => name == Name::Li,
            _ => matches!(name, Name::Dd | Name::Dt),
        };
        let found = self.stack.find(
            |e| e.is_in(closes),
            |e| e.is_special() && !e.is_in(|name| matches!(name, Name::Address | Name::Div | Name::P)),
        );
        if let Some(index) = found {
            self.truncate(index);
        }
        self.close_p();
        self.insert(tag);
    }

    fn start_form(&mut self, tag: &Tag) {
        let in_template = self.stack.any(Name::Template);
        if self.form.is_some() && !in_template {
            return;
        }
        self.close_p();
        let serial = self.insert(tag);
        if !in_template {
            self.form = Some(serial);
        }
    }

    fn start_nobr(&mut self, tag: &Tag) -> Result<(), Bailout> {
        self.reconstruct()?;
        if self.stack.in_scope(Scope::Default, Name::Nobr) {
            self.adopt(tag)?;
            self.reconstruct()?;
        }
        self.insert_formatting(tag)
    }

    /// `input`, `hr`, and the parts of a `select`.
    fn start_control(&mut self, tag: &Tag) -> Result<(), Bailout> {
        if tag.name == Name::Hr {
            self.close_p();
        }
        let in_select = self.stack.in_scope(Scope::Default, Name::Select);
        match tag.name {
            Name::Hr => {
                if in_select {
                    self.imply_end_tags(None);
                }
                return Ok(());
            }
            Name::Input | Name::Select if in_select => self.pop_through(|name| name == Name::Select),
            Name::Option if in_select => self.imply_end_tags(Some(Name::Optgroup)),
            Name::Optgroup if in_select => self.imply_end_tags(None),
            Name::Option | Name::Optgroup if self.stack.top_is(Name::Option) => self.pop(),
            _ => {}
        }
        if tag.name == Name::Select && in_select {
            return Ok(());
        }
        self.reconstruct()?;
        match tag.name {
            Name::Input => {
                let kind = if self.frameset_ok { self.attribute(tag, b"type") } else { None };
                self.frameset_ok &= kind.is_some_and(|kind| kind.eq_ignore_ascii_case("hidden"));
                return Ok(());
            }
            name => {
                self.insert(tag);
                match name {
                    Name::Select => self.note_select(tag),
                    Name::Option => self.note_option(tag),
                    Name::Optgroup => self.note_group(tag),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// A frameset takes the place of a body without content.
    fn start_frameset(&mut self, tag: &Tag) -> Result<(), Bailout> {
        let body = self.stack.elements.get(1).filter(|second| second.is(Name::Body)).copied();
        let Some(body) = body.filter(|_| self.frameset_ok || self.nodes.is_none()) else { return Ok(()) };
        let Some(nodes) = &mut self.nodes else { return Err(Bailout::NeedsTree) };
        nodes.detach(body.serial);
        self.truncate(1);
        self.insert(tag);
        self.mode = Mode::InFrameset;
        Ok(())
    }

    fn start_plaintext(&mut self, tag: &Tag) -> Result<(), Bailout> {
        self.close_p();
        self.insert(tag);
        let text = self.tokens.plaintext();
        if !text.is_empty() {
            self.text_in_body(text, TextKind { references: false, keeps_nul: true })?;
        }
        Ok(())
    }

    fn start_ruby_part(&mut self, tag: &Tag) {
        if self.stack.in_scope(Scope::Default, Name::Ruby) {
            let except = matches!(tag.name, Name::Rp | Name::Rt).then_some(Name::Rtc);
            self.imply_end_tags(except);
        }
        self.insert(tag);
    }

    /// `math` and `svg`.
    fn start_foreign(&mut self, tag: &Tag, namespace: Namespace) -> Result<(), Bailout> {
        self.reconstruct()?;
        if !tag.self_closing {
            self.insert_in(namespace, tag.name, tag.written);
        }
        Ok(())
    }
}
