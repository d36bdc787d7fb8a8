//! Text, names and attribute values as the tree would hold them, and the text of a link as it is reported.

use super::span::{EACH_BYTE, equal_bytes};
use memchr::{memchr, memchr3};
use std::borrow::Cow;

/// Bytes as UTF-8, with U+FFFD for invalid ones.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    // `from_utf8_lossy` is slow on valid input.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The characters of a name as the tree would hold it: in lower case, NUL replaced.
pub(crate) fn name_characters(written: &[u8]) -> impl Iterator<Item = char> {
    let characters = written.utf8_chunks().flat_map(|chunk| {
        let broken = (!chunk.invalid().is_empty()).then_some('\u{FFFD}');
        chunk.valid().chars().chain(broken)
    });
    characters.map(|c| if c == '\0' { '\u{FFFD}' } else { c.to_ascii_lowercase() })
}

/// A name as the tree would hold it.
pub(crate) fn name(written: &[u8]) -> String {
    name_characters(written).collect()
}

/// Text with its character references decoded.
pub(crate) fn decoded(text: &[u8]) -> Cow<'_, str> {
    with_references_decoded(utf8(text))
}

/// Text with its line breaks normalized (WHATWG HTML, section 13.2.3.5).
pub(crate) fn normalized(text: &[u8]) -> Cow<'_, str> {
    let read = utf8(text);
    if memchr(b'\r', text).is_some() {
        Cow::Owned(read.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        read
    }
}

pub(crate) fn with_references_decoded(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr(b'&', text.as_bytes()).is_some() { htmlize::unescape(text) } else { text }
}

/// An attribute's value: line breaks normalized, NUL replaced, character references decoded by the rules for attributes.
pub(crate) fn attribute_value(written: &[u8]) -> String {
    value(&utf8(written)).into_owned()
}

/// Whether an attribute's value may differ from the text that it is written as.
pub(crate) fn has_special(written: &str) -> bool {
    memchr3(b'\r', b'\0', b'&', written.as_bytes()).is_some()
}

/// As [`attribute_value`], from UTF-8.
pub(crate) fn value(written: &str) -> Cow<'_, str> {
    if !has_special(written) {
        return Cow::Borrowed(written);
    }
    let bytes = written.as_bytes();
    let mut value = normalized(bytes);
    if memchr(0, bytes).is_some() {
        value = Cow::Owned(value.replace('\0', "\u{FFFD}"));
    }
    if memchr(b'&', bytes).is_some() {
        value = htmlize::unescape_attribute(value);
    }
    value
}

/// Collapses white space in a link's text, which comes in parts: a run of Unicode white space becomes one space, and none
/// at the start or the end.
#[derive(Debug, Default)]
pub(crate) struct Collapse {
    /// Whether there was any other character.
    started: bool,
    /// Whether the text ended with white space.
    space: bool,
}

impl Collapse {
    /// Adds text whose character references are not decoded.
    #[inline]
    pub(crate) fn push_with_references(&mut self, text: &str, write: impl FnMut(&str)) {
        if is_plain(text.as_bytes()) {
            self.push_words(text, write);
        } else {
            self.push(&with_references_decoded(Cow::Borrowed(text)), write);
        }
    }

    pub(crate) fn push(&mut self, text: &str, mut write: impl FnMut(&str)) {
        self.space |= text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            self.push_words(word, &mut write);
            self.space = true;
        }
        self.space &= text.is_empty() || text.ends_with(char::is_whitespace);
    }

    /// Adds text without white space to collapse.
    #[inline]
    fn push_words(&mut self, words: &str, mut write: impl FnMut(&str)) {
        if self.space && self.started {
            write(" ");
        }
        write(words);
        self.started = true;
        self.space = false;
    }
}

/// Whether text is ASCII without references, with single spaces between words. Most texts of links are.
fn is_plain(text: &[u8]) -> bool {
    const TOP: u64 = EACH_BYTE << 7;
    let mut after_space = true;
    let (words, rest) = text.as_chunks();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let is_special = (word | word.wrapping_sub(EACH_BYTE * 0x20)) & TOP | equal_bytes(word, b'&');
        let spaces = equal_bytes(word, b' ');
        let doubled = spaces & (spaces << 8 | u64::from(after_space) << 7);
        if is_special | doubled != 0 {
            return false;
        }
        after_space = spaces >> 63 != 0;
    }
    for &c in rest {
        if !matches!(c, b' '..=b'\x7F') || c == b'&' || c == b' ' && after_space {
            return false;
        }
        after_space = c == b' ';
    }
    !after_space
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn plain_text_is_found_wherever_its_words_end() {
        for (text, is) in [
            ("", false),
            ("a", true),
            ("a b", true),
            (" a", false),
            ("a ", false),
            ("a  b", false),
            ("a&b", false),
            ("a\nb", false),
            ("a\0b", false),
            ("aéb", false),
            ("a!b", true),
        ] {
            assert_eq!(is_plain(text.as_bytes()), is, "{text:?}");
            for before in 1..20 {
                let text = format!("{}{text}{}", "x".repeat(before), "y ~".repeat(10));
                let is = !["  ", "&", "\n", "\0", "é"].iter().any(|part| text.contains(part));
                assert_eq!(is_plain(text.as_bytes()), is, "{text:?}");
            }
            for before in 1..20 {
                let text = format!("{}{text}", "x".repeat(before));
                let is = is || text.ends_with('x') || text.ends_with(" a");
                assert_eq!(is_plain(text.as_bytes()), is, "{text:?}");
            }
        }
    }
}
