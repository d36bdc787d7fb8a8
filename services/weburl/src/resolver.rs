//! Many references against one base, as a page has: most are plain paths or plain URLs, whose serialization is written
//! without parsing them.

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
        let is_plain = self.resolve_plain(reference).or_else(|| self.resolve_absolute(reference)).is_some();
        self.is_resolved = is_plain || {
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
        if !self.stays_after_path(after_path) {
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

    /// `None` unless the reference is an http or https URL that is its own serialization, or only lacks the path of one.
    fn resolve_absolute(&mut self, reference: &str) -> Option<()> {
        let rest = ["https://", "http://"].into_iter().find_map(|scheme| reference.strip_prefix(scheme))?;
        let (host, from_path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        let is_in_path = |byte| is_plain(byte) || byte == b':';
        let end = from_path.bytes().position(|byte| !is_in_path(byte)).unwrap_or(from_path.len());
        let (path, after_path) = from_path.split_at_checked(end)?;
        if !is_plain_host(host) || path.contains("/.") || !self.stays_after_path(after_path) {
            return None;
        }
        self.text.push_str(reference);
        if path.is_empty() {
            self.text.push('/');
        }
        Some(())
    }

    /// Whether what follows a path stays as it is.
    fn stays_after_path(&self, text: &str) -> bool {
        // A query may have to be encoded.
        let is_start =
            text.is_empty() || text.starts_with('#') || text.starts_with('?') && self.encode.is_none();
        is_start && text.bytes().all(|byte| is_plain(byte) || b"?#:%".contains(&byte))
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

/// Whether a host is a domain that stays as it is: of lower-case letters and digits, divided by single dots and hyphens, so
/// without the two hyphens of "xn--", and not an IPv4 address, the last part of which begins with a digit.
fn is_plain_host(host: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut is_part_empty = true;
    for byte in host.bytes() {
        if !is_alphanumeric(byte) && (is_part_empty || !matches!(byte, b'.' | b'-')) {
            return false;
        }
        is_part_empty = !is_alphanumeric(byte);
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    !is_part_empty && host.len() <= 63 && last.starts_with(|c: char| c.is_ascii_lowercase())
}
