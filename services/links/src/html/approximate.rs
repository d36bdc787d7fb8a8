//! The last resort, where an exact answer would cost too much: a link extends from `<a href>` to the next `<a>` or `</a>`.
//! Comments, raw text and templates are recognized; SVG, MathML and
//! misplaced markup are not.

use super::{
    canonicalizer::{Canonicalizer, TextKind},
    encoding::PageEncoding,
    found::PageNotes,
    name::Name,
    tokenize::{RawKind, Tag, Token, Tokenizer},
    tree::Bailout,
};

/// Sends the links of `page` to `sink`.
pub(crate) fn build<'a>(
    page: &'a [u8],
    encoding: &mut PageEncoding,
    sink: &mut Canonicalizer,
) -> Result<PageNotes<'a>, Bailout> {
    let mut state = Approximate {
        page,
        tokens: Tokenizer::new(page),
        sink,
        open_templates: 0,
        link_open: false,
        notes: PageNotes::default(),
    };
    loop {
        match state.tokens.next(false, state.link_open) {
            Token::Text(text) => {
                let kind = TextKind { references: true, keeps_nul: false };
                state.sink.text(&page[text.range()], kind);
            }
            Token::StartTag(tag) if tag.name == Name::Meta && encoding.is_changed_by(&tag, page) => {
                return Err(Bailout::OtherEncoding);
            }
            Token::StartTag(tag) => state.start_tag(&tag),
            Token::EndTag(tag) if tag.name == Name::A && state.open_templates == 0 => {
                state.link_open = false;
            }
            Token::EndTag(tag) if tag.name == Name::Template => {
                state.open_templates = state.open_templates.saturating_sub(1);
            }
            Token::EndOfPage => break,
            _ => {}
        }
    }
    Ok(state.notes)
}

struct Approximate<'a, 's> {
    page: &'a [u8],
    tokens: Tokenizer<'a>,
    sink: &'s mut Canonicalizer,
    open_templates: usize,
    link_open: bool,
    notes: PageNotes<'a>,
}

impl Approximate<'_, '_> {
    fn start_tag(&mut self, tag: &Tag) {
        match tag.name {
            Name::A if self.open_templates == 0 => {
                self.link_open = false;
                if let Some(href) = tag.href {
                    self.sink.start(&self.page[href.range()]);
                    self.link_open = true;
                }
            }
            Name::Base if self.open_templates == 0 && self.notes.base.is_none() => {
                self.notes.base = tag.href.map(|href| &self.page[href.range()]);
            }
            Name::Template => {
                self.link_open = false;
                self.open_templates += 1;
            }
            Name::Script => self.raw(tag, RawKind::Script),
            Name::Title | Name::Textarea => self.raw(tag, RawKind::Rcdata),
            Name::Style | Name::Xmp | Name::Iframe | Name::Noembed | Name::Noframes => {
                self.raw(tag, RawKind::Rawtext);
            }
            Name::Plaintext => {
                self.tokens.plaintext();
            }
            _ => {}
        }
    }

    fn raw(&mut self, tag: &Tag, kind: RawKind) {
        let text = self.tokens.raw_text(kind, tag.written);
        if tag.name == Name::Title && self.open_templates == 0 {
            self.notes.title.get_or_insert(&self.page[text.range()]);
        }
        if self.link_open {
            let kind = TextKind { references: kind == RawKind::Rcdata, keeps_nul: true };
            self.sink.text(&self.page[text.range()], kind);
        }
    }
}
