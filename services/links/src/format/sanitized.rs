//! Values in formats with one line a link.

use std::borrow::Cow;

/// `value` with every control character and line break replaced by U+FFFD: it must not end its line or control a terminal.
pub(super) fn sanitized(value: &str) -> Cow<'_, str> {
    // Nearly all values have none of the bytes with which such characters begin.
    let is_clean =
        value.bytes().fold(true, |clean, byte| clean & !matches!(byte, 0..0x20 | 0x7f | 0xc2 | 0xe2));
    if is_clean {
        return Cow::Borrowed(value);
    }
    // U+2028 and U+2029 are line breaks to Unicode and to many editors, though not control characters.
    let breaks_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if value.contains(breaks_line) {
        Cow::Owned(value.replace(breaks_line, "\u{FFFD}"))
    } else {
        Cow::Borrowed(value)
    }
}
