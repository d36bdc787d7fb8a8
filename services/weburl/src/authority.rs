//! The authority of a reference. With a special scheme it is behind any number of slashes and backslashes ("special
//! authority ignore slashes state"). The `url` crate takes two before the authority of a relative reference:
//! <https://github.com/servo/rust-url/pull/1134>, <https://github.com/servo/rust-url/pull/1136>.

use crate::scheme;
use std::borrow::Cow;
use url::ParseError;

/// A reference with an authority of its own, made absolute, and where that authority begins; `written` is the reference's
/// scheme and what follows. `None` if it has the base's authority or none.
pub(crate) fn own<'a>(
    reference: &'a str,
    written: Option<(&'a str, &'a str)>,
    base_scheme: Option<&'a str>,
) -> Option<(Cow<'a, str>, usize)> {
    let (scheme, after_scheme) = written.or(base_scheme.map(|scheme| (scheme, reference)))?;
    let rest = if scheme::is_special(scheme) {
        let rest = after_scheme.trim_start_matches(scheme::SPECIAL_SLASHES);
        let is_bases = base_scheme.is_some_and(|base| base.eq_ignore_ascii_case(scheme));
        Some(rest).filter(|rest| !is_bases || after_scheme.len() - rest.len() >= 2)
    } else {
        after_scheme.strip_prefix("//")
    }?;
    let absolute = match written {
        Some(_) => Cow::Borrowed(reference),
        None => Cow::Owned(format!("{scheme}://{rest}")),
    };
    let start = absolute.len() - rest.len();
    Some((absolute, start))
}

/// Where the authority that begins at `start` ends. With a scheme that is not special, a backslash neither ends it nor is
/// part of a port ("port state"); the `url` crate lets it end the port (no issue yet).
pub(crate) fn end(absolute: &str, start: usize, scheme: &str) -> Result<usize, ParseError> {
    let is_special = scheme::is_special(scheme);
    let ends = |byte| matches!(byte, b'?' | b'#' | b'/') || is_special && byte == b'\\';
    let end = absolute.bytes().skip(start).position(ends).map_or(absolute.len(), |length| start + length);
    // In the host, the crate refuses it. With a special scheme, it has ended the authority.
    let host_and_port = || absolute[start..end].rsplit('@').next().unwrap_or_default();
    if !is_special && host_and_port().contains('\\') { Err(ParseError::InvalidPort) } else { Ok(end) }
}
