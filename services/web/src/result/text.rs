//! Values of the page as people read them.

use std::borrow::Cow;

/// Characters of a value that are shown.
const SHOWN: usize = 240;

/// The first [`SHOWN`] characters of `value`.
pub(super) fn cut(value: &str) -> Cow<'_, str> {
    if value.len() <= SHOWN {
        return value.into();
    }
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]).into(),
        None => value.into(),
    }
}

/// `part` of `total` in percent, which is never 0 for some and never 100 for not all.
pub(super) fn percent(part: usize, total: usize) -> String {
    match (200 * part + total) / (2 * total).max(1) {
        0 if part > 0 => "<1 %".to_owned(),
        100 if part < total => ">99 %".to_owned(),
        rounded => format!("{rounded} %"),
    }
}

/// An age in words, rounded down.
pub(super) fn ago(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..5 => return "just now".to_owned(),
        5..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// `count` with its digits in groups of three.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(cut(&"ü".repeat(SHOWN)), "ü".repeat(SHOWN));
        assert_eq!(cut(&"ü".repeat(SHOWN + 1)), format!("{}…", "ü".repeat(SHOWN)));
    }

    #[test]
    fn percentages_are_rounded_but_some_is_not_nothing_and_not_all_is_not_everything() {
        for (part, total, text) in [
            (0, 0, "0 %"),
            (0, 9, "0 %"),
            (1, 1000, "<1 %"),
            (1, 3, "33 %"),
            (2, 3, "67 %"),
            (999, 1000, ">99 %"),
            (5, 5, "100 %"),
        ] {
            assert_eq!(percent(part, total), text, "{part} of {total}");
        }
    }

    #[test]
    fn ages_are_rounded_down() {
        for (seconds, text) in [
            (0, "just now"),
            (59, "59 seconds ago"),
            (60, "1 minute ago"),
            (7199, "1 hour ago"),
            (7200, "2 hours ago"),
        ] {
            assert_eq!(ago(seconds), text);
        }
    }

    #[test]
    fn digits_are_grouped() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
    }
}
