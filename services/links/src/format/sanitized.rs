//! Values in formats with one line a link.

use crate::html::EACH_BYTE;
use std::borrow::Cow;

/// `value` with every control character and line break replaced by U+FFFD: it must not end its line or control a terminal.
pub(super) fn sanitized(value: &str) -> Cow<'_, str> {
    if is_printable_ascii(value.as_bytes()) {
        return Cow::Borrowed(value);
    }
    // Most others have none of the bytes with which such characters begin.
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

/// Whether a value is ASCII without control characters. Nearly all are: each URL that the URL standard serializes is.
fn is_printable_ascii(value: &[u8]) -> bool {
    let special = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        // Sets the top bits of bytes from 0x80, below 0x20, and of 0x7F; of others only beside such bytes.
        (word | word.wrapping_sub(EACH_BYTE * 0x20) | word.wrapping_add(EACH_BYTE)) & (EACH_BYTE << 7)
    };
    let Some(last) = value.last_chunk() else {
        return value.iter().all(|byte| matches!(byte, b' '..=b'~'));
    };
    let (words, _) = value.as_chunks();
    words.iter().fold(special(last), |found, word| found | special(word)) == 0
}

#[cfg(test)]
mod tests {
    use super::{is_printable_ascii, sanitized};

    #[test]
    fn a_control_character_is_found_wherever_it_is() {
        for length in 1..30 {
            let clean = "~ ".repeat(length);
            assert!(is_printable_ascii(&clean.as_bytes()[..length]));
            for at in 0..length {
                for c in 0..=u8::MAX {
                    let mut value = clean.as_bytes()[..length].to_vec();
                    value[at] = c;
                    assert_eq!(is_printable_ascii(&value), matches!(c, 0x20..0x7f), "{value:?}");
                }
                for (written, c) in [("\u{7f}", '\u{fffd}'), ("\u{9b}", '\u{fffd}'), ("é", 'é')] {
                    let mut value = clean[..length].to_owned();
                    value.replace_range(at..=at, written);
                    assert_eq!(sanitized(&value).chars().nth(at), Some(c));
                }
            }
        }
    }
}
