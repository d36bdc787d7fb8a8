//! Text and attribute values as the tree would hold them, and a link's text as it is reported.

use memchr::{memchr, memchr3};
use std::borrow::Cow;

/// Bytes as UTF-8, what is none as U+FFFD.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    // `from_utf8_lossy` is slow even where nothing is lost.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// A name as the tree would hold it: in lower case, NUL replaced (WHATWG HTML, sections 13.2.5.8 and 13.2.5.33).
pub(crate) fn name(written: &[u8]) -> String {
    utf8(written).to_ascii_lowercase().replace('\0', "\u{FFFD}")
}

/// Whether two names would be one in the tree.
pub(crate) fn is_same_name(a: &[u8], b: &[u8]) -> bool {
    a.eq_ignore_ascii_case(b) || !is_plain_name(a) && !is_plain_name(b) && name(a) == name(b)
}

/// Whether the name has but one spelling, letter case aside.
fn is_plain_name(written: &[u8]) -> bool {
    written.is_ascii() && memchr(0, written).is_none()
}

/// Text with its character references decoded.
pub(crate) fn decoded(text: &[u8]) -> Cow<'_, str> {
    with_references_decoded(utf8(text))
}

/// Text with its line breaks as the standard's input stream has them (WHATWG HTML, section 13.2.3.5).
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

/// An attribute's value: line breaks normalized, NUL replaced, character
/// references decoded by the rules for attributes.
pub(crate) fn attribute_value(written: &[u8]) -> String {
    value(&utf8(written))
}

/// As [`attribute_value`], of what is UTF-8.
pub(crate) fn value(written: &str) -> String {
    let bytes = written.as_bytes();
    if memchr3(b'\r', b'\0', b'&', bytes).is_none() {
        return written.to_owned();
    }
    let mut value = normalized(bytes);
    if memchr(0, bytes).is_some() {
        value = Cow::Owned(value.replace('\0', "\u{FFFD}"));
    }
    if memchr(b'&', bytes).is_some() {
        value = htmlize::unescape_attribute(value);
    }
    value.into_owned()
}

/// Adds `text`, which holds character references, to `collapsed`.
pub(crate) fn push_decoded(collapsed: &mut String, text: &str) {
    if is_plain(text.as_bytes()) {
        collapsed.push_str(text);
        return;
    }
    push_collapsed(collapsed, &with_references_decoded(Cow::Borrowed(text)));
}

/// Adds `text` to `collapsed`, runs of Unicode white space as one space, none at the start.
pub(crate) fn push_collapsed(collapsed: &mut String, text: &str) {
    if text.starts_with(char::is_whitespace) {
        separate(collapsed);
    }
    for (index, word) in text.split_whitespace().enumerate() {
        if index > 0 {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    if text.ends_with(char::is_whitespace) {
        separate(collapsed);
    }
}

/// Whether text is ASCII without references, and has white space between words only, one space at a time. Most text
/// of links is so.
fn is_plain(text: &[u8]) -> bool {
    let mut after_space = true;
    for &c in text {
        if !matches!(c, b' '..=b'~') || c == b'&' || c == b' ' && after_space {
            return false;
        }
        after_space = c == b' ';
    }
    !after_space
}

fn separate(collapsed: &mut String) {
    if !collapsed.is_empty() && !collapsed.ends_with(' ') {
        collapsed.push(' ');
    }
}

/// The text as reported: trimmed, `[IMG]` when nothing is left.
pub(crate) fn finish(collapsed: &mut String) {
    if collapsed.ends_with(' ') {
        collapsed.pop();
    }
    if collapsed.is_empty() {
        collapsed.push_str("[IMG]");
    }
    if collapsed.capacity() - collapsed.len() > 1024 {
        collapsed.shrink_to_fit();
    }
}
