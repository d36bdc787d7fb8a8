//! Character tokens, in every insertion mode.

use super::{Bailout, Mode, TextKind, Tree};
use crate::html::{
    name::Name,
    text,
    tokenize::{Span, Token},
};

const NUL: u8 = 0;

impl Tree<'_, '_> {
    /// Whether text at the current place has an effect; most has none.
    #[inline]
    pub(super) fn text_counts(&self) -> bool {
        let ordinary = matches!(self.mode, Mode::InBody | Mode::InCell | Mode::InCaption | Mode::InTemplate);
        let is_link_text = self.link.is_some() && self.sink.has_texts();
        !ordinary || is_link_text || self.nodes.is_some() || self.formatting.needs_reconstruction()
    }

    /// `references`: whether the text holds character references; a CDATA section does not.
    pub(super) fn characters(&mut self, mut text: Span, references: bool) -> Result<(), Bailout> {
        if self.skip_line_feed {
            self.skip_line_feed = false;
            text = self.without_line_feed(text, references);
        }
        if text.is_empty() {
            return Ok(());
        }
        let kind = TextKind { references, keeps_nul: false };
        if self.text_is_foreign() {
            self.frameset_ok = self.frameset_ok && self.is_all_space(text, kind);
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
        self.frameset_ok = self.frameset_ok && self.nodes.is_some() && self.is_all_space(text, kind);
        let foster = self.foster && self.stack.top_is_in(Name::is_table_part);
        self.insert_text(text, kind, foster)
    }

    /// The modes in which white space differs from other text: those before and after the body, and column groups.
    fn text_elsewhere(&mut self, text: Span, kind: TextKind) -> Result<(), Bailout> {
        let bytes = &self.page[text.range()];
        let spaces = spaces(bytes, kind.references);
        if matches!(self.mode, Mode::InFrameset | Mode::AfterFrameset | Mode::AfterAfterFrameset) {
            return self.text_in_frameset(text, kind);
        }
        if matches!(self.mode, Mode::AfterBody | Mode::AfterAfterBody) {
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
            if !self.table_text.is_empty() || self.page[text.end()..].starts_with(b"</>") {
                self.table_text.push((text, kind)); // the text after `</>` belongs to this text
                return Ok(());
            }
            if self.is_all_space(text, kind) {
                return self.insert_text(text, kind, false);
            }
        }
        self.misplaced_text(text, kind)
    }

    fn misplaced_text(&mut self, text: Span, kind: TextKind) -> Result<(), Bailout> {
        self.foster = true;
        let done = self.text_in_body(text, kind);
        self.foster = false;
        done
    }

    /// Inserts the pending text of a table, unless `next` belongs to it.
    #[cold]
    pub(super) fn end_table_text(&mut self, next: &Token) -> Result<(), Bailout> {
        if matches!(next, Token::Text(_) | Token::Comment { nothing: true }) {
            return Ok(());
        }
        let parts = std::mem::take(&mut self.table_text);
        let all_space = parts.iter().all(|&(text, kind)| self.is_all_space(text, kind));
        for (text, kind) in parts {
            if all_space {
                self.insert_text(text, kind, false)?;
            } else {
                self.misplaced_text(text, kind)?;
            }
        }
        Ok(())
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
    pub(super) fn without_line_feed(&self, text: Span, references: bool) -> Span {
        let bytes = &self.page[text.range()];
        let skipped = match bytes {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            [b'&', ..] if references => {
                space_reference(bytes).filter(|(c, _)| *c == '\n').map_or(0, |(_, length)| length)
            }
            _ => 0,
        };
        Span::new(text.start() + skipped, text.end())
    }
}

/// The length of the white space at the start of text.
fn spaces(text: &[u8], references: bool) -> usize {
    let mut length = 0;
    loop {
        length += text[length..].iter().take_while(|c| c.is_ascii_whitespace()).count();
        match space_reference(&text[length..]).filter(|_| references) {
            Some((_, reference)) => length += reference,
            None => return length,
        }
    }
}

/// The character and the length of a reference to white space at the start of text.
fn space_reference(text: &[u8]) -> Option<(char, usize)> {
    let rest = text.strip_prefix(b"&")?;
    for (name, c) in [(&b"Tab;"[..], '\t'), (b"NewLine;", '\n')] {
        if rest.starts_with(name) {
            return Some((c, 1 + name.len()));
        }
    }
    let digits = rest.strip_prefix(b"#")?;
    let (digits, radix) = match digits {
        [b'x' | b'X', digits @ ..] => (digits, 16),
        _ => (digits, 10),
    };
    let length = digits.iter().take_while(|c| char::from(**c).is_digit(radix)).count();
    let number = u32::from_str_radix(str::from_utf8(&digits[..length]).ok()?, radix).ok()?;
    let c = char::from_u32(number).filter(|c| matches!(c, '\t' | '\n' | '\x0C' | '\r' | ' '))?;
    let semicolon = usize::from(digits.get(length) == Some(&b';'));
    Some((c, text.len() - digits.len() + length + semicolon))
}
