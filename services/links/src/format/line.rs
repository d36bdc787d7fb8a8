//! Values in formats with one line a link: they must not end the line or control a terminal.

use std::borrow::Cow;

/// `value` with every control character and line break replaced by U+FFFD.
///
/// U+2028 and U+2029 are line breaks to Unicode and to many editors, though not control characters.
pub(crate) fn sanitized(value: &str) -> Cow<'_, str> {
    if value.contains(breaks_line) {
        Cow::Owned(value.replace(breaks_line, "\u{FFFD}"))
    } else {
        Cow::Borrowed(value)
    }
}

fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}
