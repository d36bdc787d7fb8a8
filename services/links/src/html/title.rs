//! The title of a page (WHATWG HTML, section 3.1.5, `document.title`), fit to be shown in one line.

use super::text::{self, Collapse};
use memchr::memchr;
use std::borrow::Cow;

/// The most Unicode scalar values of a title.
const MAX_TITLE: usize = 200;

/// How much of a title is read, in bytes.
pub(crate) const MAX_READ: usize = 64 * 1024;

/// The title whose element has this text: white space stripped and collapsed, without control and bidi characters, and at
/// most [`MAX_TITLE`] characters long; `None` where nothing is left.
pub(crate) fn title_of(text: &str) -> Option<String> {
    let is_shown = |c: &char| c.is_whitespace() || !c.is_control() && !is_bidi_control(*c);
    let shown: String = text.chars().filter(is_shown).collect();
    let mut title = String::new();
    Collapse::default().push(&shown, |words| title.push_str(words));
    if let Some((end, _)) = title.char_indices().nth(MAX_TITLE) {
        title.truncate(end);
        title.truncate(title.trim_end().len());
    }
    Some(title).filter(|title| !title.is_empty())
}

/// The title whose HTML element has this content: NUL replaced, character references decoded.
pub(super) fn of_element(written: &[u8]) -> Option<String> {
    let written = written.trim_ascii_start();
    let written = &written[..written.len().min(MAX_READ)];
    let read = text::utf8(written);
    let read = if memchr(0, written).is_some() { Cow::Owned(read.replace('\0', "\u{FFFD}")) } else { read };
    title_of(&text::with_references_decoded(read))
}

/// Unicode's `Bidi_Control`: characters that could show a title, and what follows it, in another order.
const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::title_of;

    #[test]
    fn a_title_is_one_line_of_characters_that_can_be_seen() {
        for (text, expected) in [
            ("  a \t\n b\u{A0}\u{2028}c ", Some("a b c")),
            ("a\u{1B}[31m\u{202E} \u{200F} b\u{7}", Some("a[31m b")),
            ("\u{FEFF}x", Some("\u{FEFF}x")),
            (" \u{202E} ", None),
            ("", None),
        ] {
            assert_eq!(title_of(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_title_is_cut_after_200_characters() {
        assert_eq!(title_of(&"é".repeat(201)), Some("é".repeat(200)));
        assert_eq!(title_of(&"é".repeat(200)), Some("é".repeat(200)));
        assert_eq!(title_of(&format!("{} b", "a".repeat(199))), Some("a".repeat(199)));
    }
}
