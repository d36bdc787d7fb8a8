//! Many references against one base, as a page has: most are plain paths or plain URLs, whose serialization is written
//! without parsing them.

use crate::{WebUrl, host::is_plain_host, segments::is_drive_letter};
use std::ops::Range;
use url::EncodingOverride;

/// Few URLs are longer, in bytes.
const USUAL_LENGTH: usize = 256;

/// Resolves references one after the other, in the same memory.
pub struct Resolver<'a> {
    base: Option<&'a WebUrl>,
    encode: EncodingOverride<'a>,
    plain_base: Option<PlainBase<'a>>,
    /// The last reference's URL, if that resolved.
    text: String,
    is_resolved: bool,
}

/// A base that plain references can be resolved against.
struct PlainBase<'a> {
    text: &'a str,
    path: Range<usize>,
    /// The end of the last slash of the path.
    folder: usize,
    /// Where the fragment begins, or the end.
    fragment: usize,
}

impl<'a> Resolver<'a> {
    /// References are resolved as by [`WebUrl::parse_with`].
    pub fn new(base: Option<&'a WebUrl>, encode: EncodingOverride<'a>) -> Self {
        let plain_base = base.and_then(|base| PlainBase::of(base.as_str()));
        Self { base, encode, plain_base, text: String::with_capacity(USUAL_LENGTH), is_resolved: false }
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
        let base = self.plain_base.as_ref()?;
        let (written, after_path) = split_path(reference)?;
        // A colon before any slash ends a scheme.
        if !self.stays_after_path(after_path) || is_found_before(b':', b'/', written) {
            return None;
        }
        if written.is_empty() {
            let end = if after_path.starts_with('?') { base.path.end } else { base.fragment };
            self.text.push_str(&base.text[..end]);
        } else {
            // Two slashes precede an authority.
            let absolute = written.strip_prefix('/');
            if absolute.is_some_and(|rest| rest.starts_with('/')) {
                return None;
            }
            let start = base.path.start;
            self.text.push_str(&base.text[..if absolute.is_some() { start + 1 } else { base.folder }]);
            self.push_path(absolute.unwrap_or(written), start);
        }
        self.text.push_str(after_path);
        Some(())
    }

    /// `None` unless the reference is an http or https URL that is its own serialization, or only lacks the path of one.
    fn resolve_absolute(&mut self, reference: &str) -> Option<()> {
        let rest = ["https://", "http://"].into_iter().find_map(|scheme| reference.strip_prefix(scheme))?;
        let (host, from_path) = rest.split_at_checked(position(b'/', rest).unwrap_or(rest.len()))?;
        let (path, after_path) = split_path(from_path)?;
        if !is_plain_host(host) || has_dot_after_slash(path) || !self.stays_after_path(after_path) {
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
        is_start && text.bytes().all(|byte| KINDS[usize::from(byte)] & AFTER_PATH != 0)
    }

    /// The "path state": the text ends with a slash, and its path begins with the one at `start`.
    fn push_path(&mut self, mut path: &str, start: usize) {
        // Most dot segments come first.
        loop {
            if let Some(rest) = path.strip_prefix("../") {
                self.pop_segment(start);
                path = rest;
            } else if let Some(rest) = path.strip_prefix("./") {
                path = rest;
            } else {
                break;
            }
        }
        if !path.starts_with('.') && !has_dot_after_slash(path) {
            return self.text.push_str(path);
        }
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            match segment {
                "." => {}
                ".." => self.pop_segment(start),
                _ => {
                    self.text.push_str(segment);
                    if segments.peek().is_some() {
                        self.text.push('/');
                    }
                }
            }
        }
    }

    /// Removes the last segment of the text, which ends with a slash, unless its path has none.
    fn pop_segment(&mut self, start: usize) {
        let path = &self.text.as_bytes()[start..self.text.len() - 1];
        let parent = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        self.text.truncate(start + parent + 1);
    }
}

impl<'a> PlainBase<'a> {
    /// `None` where the base has another scheme or may hold a drive letter.
    fn of(text: &'a str) -> Option<Self> {
        let authority =
            ["http://", "https://", "file://"].into_iter().find_map(|scheme| text.strip_prefix(scheme))?;
        let from_path = &authority[position(b'/', authority)?..];
        let ends = |byte| matches!(byte, b'?' | b'#');
        let (path, after_path) =
            from_path.split_at(from_path.bytes().position(ends).unwrap_or(from_path.len()));
        if path.split('/').any(is_drive_letter) {
            return None;
        }
        let start = text.len() - from_path.len();
        let folder = start + path.bytes().rposition(|byte| byte == b'/')? + 1;
        Some(Self {
            text,
            path: start..start + path.len(),
            folder,
            fragment: text.len() - after_path.len() + position(b'#', after_path).unwrap_or(after_path.len()),
        })
    }
}

/// What a byte may be part of so that it stays as it is, and means nothing else there.
static KINDS: [u8; 256] = kinds();
const PATH: u8 = 1;
const AFTER_PATH: u8 = 2;
/// In a path: a colon, which follows a scheme or a drive letter, or a percent sign, which may stand for a dot.
const DOUBTFUL: u8 = 4;

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b':' | b'%' => PATH | AFTER_PATH | DOUBTFUL,
            b'?' | b'#' => AFTER_PATH,
            b'!' | b'$' | b'&' | b'('..=b'/' | b';' | b'=' | b'@' | b'_' | b'~' => PATH | AFTER_PATH,
            _ if byte.is_ascii_alphanumeric() => PATH | AFTER_PATH,
            _ => 0,
        };
        byte += 1;
    }
    kinds
}

/// The path that a reference begins with, but for dot segments as it will stand in the URL, and what follows. `None` where
/// it has a drive letter or a dot that is written with a percent sign.
fn split_path(reference: &str) -> Option<(&str, &str)> {
    let mut seen = 0;
    let is_other = |byte: u8| {
        let kinds = KINDS[usize::from(byte)];
        seen |= kinds;
        kinds & PATH == 0
    };
    let end = reference.bytes().position(is_other).unwrap_or(reference.len());
    let (path, after) = reference.split_at_checked(end)?;
    let is_doubtful = seen & DOUBTFUL != 0
        && (path.split('/').any(is_drive_letter) || path.contains("%2e") || path.contains("%2E"));
    (!is_doubtful).then_some((path, after))
}

/// Whether `byte` is in the text, and before any `other`.
fn is_found_before(byte: u8, other: u8, text: &str) -> bool {
    text.bytes().find(|found| *found == byte || *found == other) == Some(byte)
}

/// Whether there may be a dot segment behind the first segment.
fn has_dot_after_slash(path: &str) -> bool {
    path.as_bytes().array_windows().any(|pair| pair == b"/.")
}

fn position(byte: u8, text: &str) -> Option<usize> {
    text.bytes().position(|found| found == byte)
}
