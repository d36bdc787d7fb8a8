//! Characters of paths that the `url` crate treats otherwise than the standard.

use std::borrow::Cow;
use url::{Position, Url};

/// A relative reference in which a backslash in front, or behind the first slash, does not count as a slash, which it does
/// with special schemes only ("relative state", "relative slash state"; no issue yet: the standard's tests have the former
/// since <https://github.com/web-platform-tests/wpt/pull/58840>).
pub(crate) fn relative(reference: &str) -> Cow<'_, str> {
    let (root, path) = reference.strip_prefix('/').map_or(("", reference), |path| ("/", path));
    if path.starts_with('\\') { Cow::Owned([root, "./", path].concat()) } else { Cow::Borrowed(reference) }
}

/// A parsed URL with its path as the standard encodes it.
pub(crate) fn corrected(url: Url) -> Url {
    let path = url.path();
    let encoded = if url.cannot_be_a_base() {
        // "Opaque path state": <https://github.com/servo/rust-url/issues/1123>.
        let is_last = url[Position::AfterPath..].is_empty();
        path.strip_suffix(' ').filter(|_| !is_last).map(|path| format!("{path}%20"))
    } else {
        // "Path percent-encode set": <https://github.com/servo/rust-url/issues/1140>.
        path.contains('^').then(|| path.replace('^', "%5E"))
    };
    let Some(path) = encoded else { return url };
    let text = [&url[..Position::BeforePath], &path, &url[Position::AfterPath..]].concat();
    Url::parse(&text).unwrap_or(url)
}
