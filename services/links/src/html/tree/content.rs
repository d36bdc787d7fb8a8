//! Character tokens, in every insertion mode.

use super::{Bailout, Mode, TextKind, Tree};
use crate::html::{name::Name, text, tokenize::Span};

const NUL: u8 = 0;

impl Tree<'_, '_> {
    /// `references`: whether the text holds character references; a CDATA section does not.
    #[inline]
    pub(super) fn characters(&mut self, mut text: Span, references: bool) -> Result<(), Bailout> {
        let ordinary = matches!(self.mode, Mode::InBody | Mode::InCell | Mode::InCaption | Mode::InTemplate);
        if ordinary && self.link.is_none() && !self.formatting.needs_reconstruction() {
            self.skip_line_feed = false;
            return Ok(()); // most text has no effect
        }
        if self.skip_line_feed {
            self.skip_line_feed = false;
            text = self.without_line_feed(text, references)?;
        }
        if text.is_empty() {
            return Ok(());
        }
        let kind = TextKind { references, keeps_nul: false };
        if self.text_is_foreign() {
            return self.insert_text(text, TextKind { keeps_nul: true, ..kind }, false);
        }
        match self.mode {
            Mode::InBody | Mode::InCell | Mode::InCaption | Mode::InTemplate => self.text_in_body(text, kind),
            Mode::InTable | Mode::InTableBody | Mode::InRow => self.text_in_table(text, kind),
            _ => self.text_elsewhere(text, kind),
        }
    }

    /// "Any other character token" in the "in body" mode.
    #[inline]
    pub(super) fn text_in_body(&mut self, text: Span, kind: TextKind) -> Result<(), Bailout> {
        if self.formatting.needs_reconstruction() {
            if !kind.keeps_nul && self.page[text.range()].iter().all(|&c| c == NUL) {
                return Ok(()); // ignored, without reconstruction
            }
            self.reconstruct()?;
        }
        let foster = self.foster && self.stack.top_is_in(Name::is_table_part);
        self.insert_text(text, kind, foster)
    }

    /// The modes in which white space differs from other text: those before and after the body, and column groups.
    fn text_elsewhere(&mut self, text: Span, kind: TextKind) -> Result<(), Bailout> {
        let bytes = &self.page[text.range()];
        let spaces = bytes.iter().take_while(|&&c| c.is_ascii_whitespace()).count();
        if bytes.get(spaces) == Some(&b'&') && kind.references && self.starts_with_space(spaces, text) {
            return Err(Bailout::NeedsTree); // a character reference to white space
        }
        if self.mode == Mode::AfterBody {
            if spaces < bytes.len() {
                self.mode = Mode::InBody;
            }
            return self.text_in_body(text, kind);
        }
        if self.mode == Mode::InColumnGroup {
            return self.text_in_column_group(text, spaces, kind);
        }
        if spaces == bytes.len() {
            return Ok(());
        }
        self.leave_head();
        self.text_in_body(Span::new(text.start() + spaces, text.end()), kind)
    }

    fn starts_with_space(&self, at: usize, text: Span) -> bool {
        let decoded = text::decoded(&self.page[text.start() + at..text.end()]);
        decoded.as_bytes().first().is_some_and(|&c| c.is_ascii_whitespace())
    }

    fn text_in_column_group(&mut self, text: Span, spaces: usize, kind: TextKind) -> Result<(), Bailout> {
        if spaces > 0 {
            self.insert_text(Span::new(text.start(), text.start() + spaces), kind, false)?;
        }
        if text.start() + spaces < text.end() && self.stack.top_is(Name::Colgroup) {
            self.pop();
            self.mode = Mode::InTable;
            return self.text_in_table(Span::new(text.start() + spaces, text.end()), kind);
        }
        Ok(()) // in a template, which holds no links
    }

    /// The "in table text" mode, and "anything else" in a table.
    fn text_in_table(&mut self, text: Span, kind: TextKind) -> Result<(), Bailout> {
        if self.stack.top_is_in(Name::is_table_part) {
            if self.page[text.end()..].starts_with(b"</>") {
                return Err(Bailout::NeedsTree); // the text after `</>` belongs to this text
            }
            if self.is_all_space(text, kind) {
                return self.insert_text(text, kind, false);
            }
        }
        self.foster = true;
        let done = self.text_in_body(text, kind);
        self.foster = false;
        done
    }

    fn is_all_space(&self, text: Span, kind: TextKind) -> bool {
        let bytes = &self.page[text.range()];
        let is_blank = |&c: &u8| c.is_ascii_whitespace() || c == NUL;
        bytes.iter().all(is_blank)
            || kind.references
                && bytes.iter().all(|c| is_blank(c) || c.is_ascii_alphanumeric() || b"&#;".contains(c))
                && text::decoded(bytes).bytes().all(|c| is_blank(&c))
    }

    /// The text without a line feed at its start, as after `<pre>`.
    pub(super) fn without_line_feed(&self, text: Span, references: bool) -> Result<Span, Bailout> {
        let bytes = &self.page[text.range()];
        if references && bytes.starts_with(b"&") && text::decoded(bytes).starts_with('\n') {
            return Err(Bailout::NeedsTree);
        }
        let skipped = match bytes {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        Ok(Span::new(text.start() + skipped, text.end()))
    }
}
