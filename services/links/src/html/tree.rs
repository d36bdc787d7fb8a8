//! Stage 2, tokens to link events: tree construction without the tree (WHATWG HTML, section 13.2.6).
//!
//! The stack of open elements, the active formatting elements and the insertion modes follow the standard exactly,
//! scripting off; nodes are not kept. That is enough as long as the tree has the order of the page and at most one link is
//! open at a time. Otherwise the result is a [`Bailout`], never a wrong answer, and the same rules then build
//! [nodes](NodeTree).

#![expect(
    clippy::unnecessary_wraps,
    clippy::match_same_arms,
    reason = "all insertion modes have one signature, and their arms follow the order of the standard"
)]

mod adoption;
mod body;
mod body_end;
mod content;
mod end_tag_name;
mod events;
mod foreign;
mod formatting;
mod frameset;
mod head;
mod insert;
mod instruction;
mod mode;
mod place;
mod reconstruct;
mod selected;
mod stack;
mod table;

use super::{
    canonicalizer::{Canonicalizer, TextKind},
    encoding::PageEncoding,
    found::PageNotes,
    nodes::NodeTree,
    tokenize::{Span, Tag, Token, Tokenizer},
};
use formatting::ActiveFormatting;
use mode::Mode;
pub(super) use stack::MAX_OPEN;
use stack::{Serial, Stack};

/// Why the links of a page cannot be read off its tags in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bailout {
    /// The tree may have another order than the page, or would cost too much to follow.
    NeedsTree,
    /// Too many elements are open, or the tree would be too large.
    TooCostly,
    /// A `<meta>` names another encoding: the page has to be decoded again.
    OtherEncoding,
}

/// How the processing of a token continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Done,
    /// "Reprocess the token" in the current mode.
    Again,
}

type TagResult = Result<Next, Bailout>;

#[expect(clippy::struct_excessive_bools, reason = "the standard's own flags")]
pub(crate) struct Tree<'a, 's> {
    page: &'a [u8],
    encoding: &'s mut PageEncoding,
    tokens: Tokenizer<'a>,
    sink: &'s mut Canonicalizer,
    mode: Mode,
    template_modes: Vec<Mode>,
    stack: Stack,
    formatting: ActiveFormatting,
    /// The form element pointer.
    form: Option<Serial>,
    head_seen: bool,
    quirks: bool,
    /// The "frameset-ok flag"; without nodes it does not matter.
    frameset_ok: bool,
    /// Whether the page has processing instructions that a `template` may refer to.
    has_instructions: bool,
    /// Foster parenting is enabled.
    foster: bool,
    /// The next character is dropped if it is a line feed, as after `<pre>`.
    skip_line_feed: bool,
    /// The open link.
    link: Option<Serial>,
    notes: PageNotes<'a>,
    events: u32,
    next_serial: Serial,
    steps_left: &'s mut usize,
    /// The "pending table character tokens", where a `</>`, which is no token, parts them.
    table_text: Vec<(Span, TextKind)>,
    /// Each `selectedcontent` with its `select`.
    selected_contents: Vec<(Serial, Serial)>,
    /// The tree, for a page that is not streamed.
    nodes: Option<NodeTree>,
}

impl<'a, 's> Tree<'a, 's> {
    /// Sends the links of `page` to `sink`. Takes what it spends from `steps_left` where the page is read again.
    pub(crate) fn build(
        page: &'a [u8],
        encoding: &'s mut PageEncoding,
        steps_left: &'s mut usize,
        sink: &'s mut Canonicalizer,
    ) -> Result<PageNotes<'a>, Bailout> {
        let mut tree = Self::new(page, encoding, steps_left, sink, None);
        tree.run()?;
        Ok(tree.notes)
    }

    /// The nodes of `page`, for any order of its links.
    pub(crate) fn build_nodes(
        page: &'a [u8],
        encoding: &'s mut PageEncoding,
        steps_left: &'s mut usize,
        unused: &'s mut Canonicalizer,
    ) -> Result<NodeTree, Bailout> {
        let nodes = Some(NodeTree::for_page_of(page.len()));
        let mut tree = Self::new(page, encoding, steps_left, unused, nodes);
        tree.run()?;
        tree.nodes.ok_or(Bailout::TooCostly)
    }

    fn new(
        page: &'a [u8],
        encoding: &'s mut PageEncoding,
        steps_left: &'s mut usize,
        sink: &'s mut Canonicalizer,
        nodes: Option<NodeTree>,
    ) -> Self {
        Tree {
            page,
            encoding,
            tokens: Tokenizer::new(page),
            sink,
            mode: Mode::Initial,
            template_modes: Vec::new(),
            stack: Stack::new(),
            formatting: ActiveFormatting::default(),
            form: None,
            head_seen: false,
            quirks: true,
            frameset_ok: nodes.is_some(),
            has_instructions: false,
            foster: false,
            skip_line_feed: false,
            link: None,
            notes: PageNotes::default(),
            events: 0,
            next_serial: 0,
            steps_left,
            table_text: Vec::new(),
            selected_contents: Vec::new(),
            nodes,
        }
    }

    fn steps(&self) -> usize {
        let moved = match &self.nodes {
            Some(nodes) if nodes.are_too_many() => usize::MAX,
            Some(nodes) => nodes.steps,
            None => 0,
        };
        moved.saturating_add(self.stack.steps + self.formatting.steps.get())
    }

    /// Whether a `<meta>` names another encoding than the one in use.
    fn note_encoding(&mut self, meta: &Tag) -> Result<(), Bailout> {
        if !self.encoding.is_changed_by(meta, self.page) {
            return Ok(());
        }
        *self.steps_left = self.steps_left.saturating_sub(self.steps());
        Err(Bailout::OtherEncoding)
    }

    fn run(&mut self) -> Result<(), Bailout> {
        loop {
            let cdata = self.current_is_foreign();
            let token = self.tokens.next(cdata, self.text_counts());
            if !self.table_text.is_empty() {
                self.end_table_text(&token)?;
            }
            match &token {
                Token::Text(text) => {
                    self.characters(*text, true)?;
                    continue; // the limits are checked at the next tag
                }
                Token::CdataSection(text) => self.characters(*text, false)?,
                Token::StartTag(tag) => {
                    self.skip_line_feed = false;
                    while self.start_tag(tag)? == Next::Again {}
                }
                Token::EndTag(tag) => {
                    self.skip_line_feed = false;
                    while self.end_tag(tag)? == Next::Again {}
                }
                Token::Doctype { quirks } => self.doctype(*quirks),
                Token::Instruction(span) => {
                    self.skip_line_feed = false;
                    if instruction::is_known(&self.page[span.range()]) {
                        self.note_instruction(*span);
                    }
                }
                Token::Comment { nothing } => self.skip_line_feed &= nothing,
                Token::EndOfPage => {
                    self.truncate(0);
                    return Ok(());
                }
            }
            if self.stack.len() > MAX_OPEN || self.steps() > *self.steps_left {
                let is_deep = self.stack.len() > MAX_OPEN;
                return Err(if is_deep { Bailout::TooCostly } else { Bailout::NeedsTree });
            }
        }
    }

    fn doctype(&mut self, quirks: bool) {
        self.skip_line_feed = false;
        if self.mode == Mode::Initial {
            self.quirks = quirks;
            self.mode = Mode::BeforeHtml;
        }
    }

    /// Section 13.2.6, "tree construction dispatcher".
    fn start_tag(&mut self, tag: &Tag) -> TagResult {
        if self.start_tag_is_foreign(tag.name) {
            return self.start_tag_in_foreign_content(tag);
        }
        self.start_tag_in(self.mode, tag)
    }

    fn start_tag_in(&mut self, mode: Mode, tag: &Tag) -> TagResult {
        match mode {
            Mode::InBody => self.start_tag_in_body(tag),
            Mode::InTable => self.start_tag_in_table(tag),
            Mode::InTableBody => self.start_tag_in_table_body(tag),
            Mode::InRow => self.start_tag_in_row(tag),
            Mode::InCell => self.start_tag_in_cell(tag),
            Mode::InCaption => self.start_tag_in_caption(tag),
            Mode::InColumnGroup => self.start_tag_in_column_group(tag),
            Mode::InTemplate => self.start_tag_in_template(tag),
            Mode::AfterBody | Mode::AfterAfterBody => self.start_tag_after_body(tag),
            Mode::InHead => self.start_tag_in_head(tag),
            Mode::InHeadNoscript => self.start_tag_in_head_noscript(tag),
            Mode::AfterHead => self.start_tag_after_head(tag),
            Mode::Initial | Mode::BeforeHtml | Mode::BeforeHead => self.start_tag_before_head(tag),
            Mode::InFrameset | Mode::AfterFrameset | Mode::AfterAfterFrameset => {
                self.start_tag_in_frameset(tag)
            }
        }
    }

    fn end_tag(&mut self, tag: &Tag) -> TagResult {
        if self.current_is_foreign() {
            return self.end_tag_in_foreign_content(tag);
        }
        self.end_tag_in(self.mode, tag)
    }

    fn end_tag_in(&mut self, mode: Mode, tag: &Tag) -> TagResult {
        match mode {
            Mode::InBody => self.end_tag_in_body(tag),
            Mode::InTable => self.end_tag_in_table(tag),
            Mode::InTableBody => self.end_tag_in_table_body(tag),
            Mode::InRow => self.end_tag_in_row(tag),
            Mode::InCell => self.end_tag_in_cell(tag),
            Mode::InCaption => self.end_tag_in_caption(tag),
            Mode::InColumnGroup => self.end_tag_in_column_group(tag),
            Mode::InTemplate => self.end_tag_in_template(tag),
            Mode::AfterBody | Mode::AfterAfterBody => self.end_tag_after_body(tag),
            Mode::InHead => self.end_tag_in_head(tag),
            Mode::InHeadNoscript => self.end_tag_in_head_noscript(tag),
            Mode::AfterHead => self.end_tag_after_head(tag),
            Mode::Initial | Mode::BeforeHtml | Mode::BeforeHead => self.end_tag_before_head(tag),
            Mode::InFrameset | Mode::AfterFrameset | Mode::AfterAfterFrameset => {
                self.end_tag_in_frameset(tag)
            }
        }
    }
}
