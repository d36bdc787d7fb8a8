//! Feeds the tokens of stage 1 to html5ever's tree builder, within a budget.

use super::{
    load::Load,
    sink::{Dom, Node, NodeId},
};
use crate::html::{
    encoding::PageEncoding,
    name::Name,
    text,
    tokenize::{Attributes, RawKind, Span, Tag, Token, Tokenizer},
    tree::Bailout,
};
use html5ever::{
    Attribute, LocalName, QualName,
    interface::TreeSink,
    local_name, ns,
    tendril::StrTendril,
    tokenizer::{self, Doctype, TagKind, TokenSink, TokenSinkResult, states::RawKind as RawState},
    tree_builder::{TreeBuilder, TreeBuilderOpts},
};

/// The most attributes of a formatting element: the builder compares all of them.
const MAX_ATTRIBUTES: usize = 64;

/// The nodes of the page's tree, unless it is over its [budget](Dom::is_over_budget).
pub(super) fn tree_of(
    page: &[u8],
    encoding: &mut PageEncoding,
    steps_left: &mut usize,
) -> Result<Vec<Node>, Bailout> {
    let options = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let builder = TreeBuilder::new(Dom::new(page.len(), *steps_left), options);
    let mut feed = Feed { page, encoding, tokens: Tokenizer::new(page), builder, load: Load::default() };
    let done = feed.run();
    *steps_left = feed.builder.sink.budget();
    done?;
    Ok(feed.builder.sink.finish())
}

struct Feed<'a> {
    page: &'a [u8],
    encoding: &'a mut PageEncoding,
    tokens: Tokenizer<'a>,
    builder: TreeBuilder<NodeId, Dom>,
    load: Load,
}

impl Feed<'_> {
    fn run(&mut self) -> Result<(), Bailout> {
        loop {
            let cdata = self.builder.adjusted_current_node_present_but_not_in_html_namespace();
            match self.tokens.next(cdata) {
                Token::Text(span) => self.text(span, true),
                Token::CdataSection(span) => self.text(span, false),
                Token::StartTag(tag) => self.start_tag(&tag)?,
                Token::EndTag(tag) => {
                    if tag.name.is_formatting() {
                        self.load.end(&self.builder);
                    }
                    self.send(tokenizer::Token::TagToken(self.tag(TagKind::EndTag, &tag)));
                }
                Token::Doctype { quirks } => self.doctype(quirks),
                Token::Comment { nothing: false } => {
                    self.send(tokenizer::Token::CommentToken(StrTendril::new()));
                }
                Token::Comment { nothing: true } => self.send(tokenizer::Token::ParseError("".into())),
                Token::EndOfPage => break,
            }
            if self.builder.sink.is_over_budget() {
                return Err(Bailout::TooCostly);
            }
        }
        self.send(tokenizer::Token::EOFToken);
        Ok(())
    }

    fn send(&self, token: tokenizer::Token) {
        let _ = self.builder.process_token(token, 1);
    }

    /// Text outside of raw text elements: NUL is a token of its own.
    fn text(&self, span: Span, references: bool) {
        for (index, part) in self.page[span.range()].split(|&c| c == 0).enumerate() {
            if index > 0 {
                self.send(tokenizer::Token::NullCharacterToken);
            }
            self.characters(part, references);
        }
    }

    fn characters(&self, text: &[u8], references: bool) {
        if text.is_empty() {
            return;
        }
        let text = text::normalized(text);
        let text = if references { text::with_references_decoded(text) } else { text };
        self.send(tokenizer::Token::CharacterTokens(StrTendril::from_slice(&text)));
    }

    fn start_tag(&mut self, tag: &Tag) -> Result<(), Bailout> {
        let token = self.tag(TagKind::StartTag, tag);
        self.load.start(&self.builder, tag.name.is_formatting().then_some(token.attrs.len()));
        if self.builder.sink.is_over_budget() {
            return Err(Bailout::TooCostly);
        }
        let token = tokenizer::Token::TagToken(token);
        let mut raw = |kind| self.tokens.raw_text(kind, tag.written);
        let (text, references) = match self.builder.process_token(token, 1) {
            TokenSinkResult::RawData(RawState::Rcdata) => (raw(RawKind::Rcdata), true),
            TokenSinkResult::RawData(RawState::Rawtext) => (raw(RawKind::Rawtext), false),
            TokenSinkResult::RawData(_) => (raw(RawKind::Script), false),
            TokenSinkResult::Plaintext => (self.tokens.plaintext(), false),
            TokenSinkResult::EncodingIndicator(_) if self.encoding.is_changed_by(tag, self.page) => {
                return Err(Bailout::OtherEncoding);
            }
            _ => return Ok(()),
        };
        let kept = text::utf8(&self.page[text.range()]).replace('\0', "\u{FFFD}");
        self.characters(kept.as_bytes(), references);
        if tag.name != Name::Plaintext {
            self.send(tokenizer::Token::TagToken(self.tag(TagKind::EndTag, tag)));
        }
        Ok(())
    }

    fn doctype(&self, quirks: bool) {
        // "In table text" it is a token like any other, but html5ever drops it before the text is inserted.
        self.send(tokenizer::Token::CommentToken(StrTendril::new()));
        let doctype = Doctype { name: Some("html".into()), force_quirks: quirks, ..Doctype::default() };
        self.send(tokenizer::Token::DoctypeToken(doctype));
    }

    fn tag(&self, kind: TagKind, tag: &Tag) -> tokenizer::Tag {
        let attrs = match kind {
            TagKind::StartTag if tag.name == Name::Meta => vec![any_charset()],
            TagKind::StartTag => self.attributes(tag),
            TagKind::EndTag => Vec::new(),
        };
        tokenizer::Tag {
            kind,
            name: builder_name(tag.name, &self.page[tag.written.range()]),
            self_closing: tag.self_closing,
            attrs,
            had_duplicate_attributes: false,
        }
    }

    /// The attributes that the builder or a link needs: of a formatting element, all of them.
    fn attributes(&self, tag: &Tag) -> Vec<Attribute> {
        let all = tag.name.is_formatting();
        let mut found: Vec<Attribute> = Vec::new();
        let mut attributes = Attributes::new(self.page, tag.written.end());
        while let Some((name, value)) = attributes.next() {
            let name = &self.page[name.range()];
            let Some(name) = known(name).or_else(|| all.then(|| LocalName::from(text::name(name)))) else {
                continue;
            };
            if found.iter().all(|attribute| attribute.name.local != name) {
                if found.len() == MAX_ATTRIBUTES {
                    self.builder.sink.give_up();
                    break;
                }
                let value = text::attribute_value(&self.page[value.range()]).into();
                found.push(Attribute { name: QualName::new(None, ns!(), name), value });
            }
        }
        found
    }
}

/// The name by which the builder treats an element as the standard does. To html5ever `isindex` is still special, and
/// `search` is not yet; `hgroup` has the rules of `search`.
fn builder_name(name: Name, written: &[u8]) -> LocalName {
    if name == Name::Search {
        local_name!("hgroup")
    } else if written.eq_ignore_ascii_case(b"isindex") {
        LocalName::from("isindex-")
    } else {
        LocalName::from(text::name(written))
    }
}

/// With this attribute the builder says where it processes a `<meta>` "in head"; what that names is
/// [for us to find](PageEncoding::is_changed_by).
fn any_charset() -> Attribute {
    Attribute { name: QualName::new(None, ns!(), local_name!("charset")), value: StrTendril::new() }
}

fn known(name: &[u8]) -> Option<LocalName> {
    let known = [
        local_name!("href"),
        local_name!("type"),
        local_name!("encoding"),
        local_name!("color"),
        local_name!("face"),
        local_name!("size"),
    ];
    known.into_iter().find(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}
