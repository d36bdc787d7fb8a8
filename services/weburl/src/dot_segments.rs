//! Dot segments of schemes other than "file", with which nothing is a drive letter ("shorten a URL's path"). The `url`
//! crate keeps those, whatever the scheme: <https://github.com/servo/rust-url/issues/1113>,
//! <https://github.com/servo/rust-url/issues/1130>.

use crate::{
    scheme,
    segments::{Segments, dots},
};
use std::borrow::Cow;

/// A reference whose path begins at `start`, equivalent to `reference` and without dot segments if the crate might take
/// one of the segments in front of them for a drive letter. `base_path` is what the path may be relative to.
pub(crate) fn resolved<'a>(
    reference: Cow<'a, str>,
    start: usize,
    scheme: &str,
    base_path: Option<&str>,
) -> Cow<'a, str> {
    let end = reference[start..].find(['?', '#']).map_or(reference.len(), |length| start + length);
    let path = &reference[start..end];
    let slashes = scheme::slashes(scheme);
    let (folder, written) = match (path.strip_prefix(slashes), base_path) {
        (Some(absolute), _) => (None, absolute),
        (None, Some(base)) => (base.rsplit_once('/').map(|(folder, _)| folder), path),
        (None, None) => return reference,
    };
    let may_have_drive = |path: &str| path.bytes().any(|byte| matches!(byte, b':' | b'|'));
    let has_parent = || written.split(slashes).any(|segment| dots(segment) == Some(2));
    if !(may_have_drive(written) || folder.is_some_and(may_have_drive)) || !has_parent() {
        return reference;
    }
    let mut segments = Segments::of_scheme(scheme);
    segments.extend(folder.into_iter().flat_map(|folder| folder.split('/').skip(1)));
    segments.push_all(written);
    let path = segments.joined();
    // Two slashes precede an authority, for the crate also a slash and a backslash.
    let root = if path.starts_with(['/', '\\']) { "/./" } else { "/" };
    [&reference[..start], root, &path, &reference[end..]].concat().into()
}
