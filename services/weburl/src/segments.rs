//! The segments of a path, not yet percent-encoded ("path state").

use crate::scheme;

/// The segments so far, without dot segments.
pub(crate) struct Segments<'a> {
    list: Vec<&'a str>,
    slashes: &'static [char],
    /// Whether a drive letter in front stays, as with `file:` alone.
    has_drive: bool,
}

impl<'a> Segments<'a> {
    /// Those of a scheme other than "file".
    pub(crate) fn of_scheme(scheme: &str) -> Self {
        Self { list: Vec::new(), slashes: scheme::slashes(scheme), has_drive: false }
    }

    /// Those of a `file:` URL.
    pub(crate) fn of_file() -> Self {
        Self { list: Vec::new(), slashes: scheme::SPECIAL_SLASHES, has_drive: true }
    }

    /// Adds segments of a parsed URL.
    pub(crate) fn extend(&mut self, segments: impl Iterator<Item = &'a str>) {
        self.list.extend(segments);
    }

    /// Adds a written path, without the slash in front of it.
    pub(crate) fn push_all(&mut self, path: &'a str) {
        let mut segments = path.split(self.slashes).peekable();
        while let Some(segment) = segments.next() {
            let is_last = segments.peek().is_none();
            match dots(segment) {
                Some(dots) => {
                    if dots == 2 {
                        self.shorten();
                    }
                    if is_last {
                        self.list.push("");
                    }
                }
                None => self.list.push(segment),
            }
        }
    }

    /// "Shorten a URL's path".
    pub(crate) fn shorten(&mut self) {
        if !(self.has_drive && matches!(self.list[..], [only] if is_drive_letter(only))) {
            self.list.pop();
        }
    }

    /// The path without its first slash. The drive letter of a `file:` URL is followed by a colon.
    pub(crate) fn joined(&self) -> String {
        let path = self.list.join("/");
        match self.list.first() {
            Some(first) if self.has_drive && is_drive_letter(first) => [&path[..1], ":", &path[2..]].concat(),
            _ => path,
        }
    }
}

/// How many dots a dot segment stands for.
pub(crate) fn dots(segment: &str) -> Option<usize> {
    let (mut rest, mut dots) = (segment.as_bytes(), 0);
    while let [b'.', after @ ..] | [b'%', b'2', b'e' | b'E', after @ ..] = rest {
        (rest, dots) = (after, dots + 1);
    }
    (rest.is_empty() && matches!(dots, 1 | 2)).then_some(dots)
}

/// "Windows drive letter".
pub(crate) fn is_drive_letter(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':' | b'|'] if letter.is_ascii_alphabetic())
}
