//! Many references against one base, as a page has: most are plain paths, whose URL is written without parsing it.

use crate::WebUrl;
use std::ops::Range;
use url::EncodingOverride;

/// Resolves references one after the other, in the same memory.
pub struct Resolver<'a> {
    base: Option<&'a WebUrl>,
    encode: EncodingOverride<'a>,
    /// The path of a base that plain references can be resolved against, as bytes of its serialization.
    path: Option<Range<usize>>,
    /// The last reference's URL, if that resolved.
    text: String,
    is_resolved: bool,
}

impl<'a> Resolver<'a> {
    /// References are resolved as by [`WebUrl::parse_with`].
    pub fn new(base: Option<&'a WebUrl>, encode: EncodingOverride<'a>) -> Self {
        let path = base.and_then(|base| plain_path(base.as_str()));
        Self { base, encode, path, text: String::new(), is_resolved: false }
    }

    /// The serialized URL of a reference; `None` if it does not resolve.
    pub fn resolve(&mut self, reference: &str) -> Option<&str> {
        self.text.clear();
        self.is_resolved = self.resolve_plain(reference).is_some() || {
            let url = WebUrl::parse_with(reference, self.base, self.encode);
            url.as_ref().map(|url| self.text.push_str(url.as_str())).is_ok()
        };
        self.resolved()
    }

    /// What the last reference resolved to.
    pub fn resolved(&self) -> Option<&str> {
        self.is_resolved.then_some(&*self.text)
    }

    /// `None` unless the reference is plain.
    fn resolve_plain(&mut self, reference: &str) -> Option<()> {
        let (base, path) = (self.base?.as_str(), self.path.clone()?);
        let end = reference.bytes().position(|byte| !is_plain(byte)).unwrap_or(reference.len());
        let (written, after_path) = reference.split_at_checked(end)?;
        let is_rest_plain = after_path.bytes().all(|byte| is_plain(byte) || b"?#:%".contains(&byte));
        if !(after_path.is_empty() || after_path.starts_with(['?', '#'])) || !is_rest_plain {
            return None;
        }
        // Its query has to be encoded.
        if self.encode.is_some() && after_path.starts_with('?') {
            return None;
        }
        if written.is_empty() {
            let query = &base[path.end..];
            let kept = if after_path.starts_with('?') { 0 } else { query.find('#').unwrap_or(query.len()) };
            self.text.push_str(&base[..path.end + kept]);
        } else {
            // Two slashes precede an authority.
            let absolute = written.strip_prefix('/');
            if absolute.is_some_and(|rest| rest.starts_with('/')) {
                return None;
            }
            let folder = &base[path.start..path.end].rfind('/')?;
            let kept = if absolute.is_some() { 0 } else { *folder };
            self.text.push_str(&base[..=path.start + kept]);
            self.push_path(absolute.unwrap_or(written), path.start);
        }
        self.text.push_str(after_path);
        Some(())
    }

    /// The "path state": the text ends with a slash, and its path begins with the one at `start`.
    fn push_path(&mut self, path: &str, start: usize) {
        // Few paths have dot segments.
        if !path.starts_with('.') && !path.contains("/.") {
            return self.text.push_str(path);
        }
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            match segment {
                "." => {}
                ".." => {
                    let folder = self.text.len() - 1;
                    let parent = self.text[start..folder].rfind('/').map_or(start, |slash| start + slash);
                    self.text.truncate(parent + 1);
                }
                _ => {
                    self.text.push_str(segment);
                    if segments.peek().is_some() {
                        self.text.push('/');
                    }
                }
            }
        }
    }
}

/// Where the path of a base is, unless it has another scheme or may hold a drive letter.
fn plain_path(base: &str) -> Option<Range<usize>> {
    let authority =
        ["http://", "https://", "file://"].into_iter().find_map(|scheme| base.strip_prefix(scheme))?;
    let from_path = &authority[authority.find('/')?..];
    let path = &from_path[..from_path.find(['?', '#']).unwrap_or(from_path.len())];
    let start = base.len() - from_path.len();
    (!path.contains([':', '|'])).then_some(start..start + path.len())
}

/// A character that stays as it is in a path, a query and a fragment, and means nothing else there: no colon, which follows
/// a scheme or a drive letter, and no percent sign, which may stand for a dot.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'$' | b'&' | b'('..=b'/' | b';' | b'=' | b'@' | b'_' | b'~')
}
