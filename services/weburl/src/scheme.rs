//! Schemes.

/// What separates the segments of a path with a special scheme.
pub(crate) const SPECIAL_SLASHES: &[char] = &['/', '\\'];

/// The scheme of an absolute reference, as written, and what follows its colon.
pub(crate) fn split(reference: &str) -> Option<(&str, &str)> {
    let end = reference.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))?;
    let rest = reference[end..].strip_prefix(':')?;
    reference.starts_with(|c: char| c.is_ascii_alphabetic()).then_some((&reference[..end], rest))
}

/// Whether a scheme is special but for "file".
pub(crate) fn is_special(scheme: &str) -> bool {
    ["http", "https", "ws", "wss", "ftp"].iter().any(|special| scheme.eq_ignore_ascii_case(special))
}

/// What separates the segments of a path with a scheme.
pub(crate) fn slashes(scheme: &str) -> &'static [char] {
    if is_special(scheme) { SPECIAL_SLASHES } else { &['/'] }
}
