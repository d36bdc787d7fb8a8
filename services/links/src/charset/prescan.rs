//! The encoding that a page's own markup names (WHATWG HTML, "prescan a byte stream to determine its encoding").
//!
//! In: the page's first bytes. Out: the encoding of the first `<meta>` that names one, else of an XML declaration.

use crate::html::{
    encoding,
    tokenize::{Attributes, Span},
};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use std::iter;

/// The encoding that `head` names; the caller cuts `head` at the limit of the search.
pub(super) fn encoding_in(head: &[u8]) -> Option<&'static Encoding> {
    let meta = || Prescan { bytes: head, at: 0 }.meta_encoding();
    wide_encoding(head).or_else(meta).or_else(|| xml_encoding(head))
}

/// The encoding that the XML declaration at the start of `head` names.
pub(super) fn xml_encoding_in(head: &[u8]) -> Option<&'static Encoding> {
    wide_encoding(head).or_else(|| xml_encoding(head))
}

fn wide_encoding(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [b'<', 0, b'?', 0, b'x', 0, ..] => Some(UTF_16LE),
        [0, b'<', 0, b'?', 0, b'x', ..] => Some(UTF_16BE),
        _ => None,
    }
}

struct Prescan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Prescan<'_> {
    /// The steps "Loop" and "Next byte"; `None` when the bytes run out.
    fn meta_encoding(&mut self) -> Option<&'static Encoding> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            if rest.starts_with(b"<!--") {
                // `-->` may share its hyphens with `<!--`.
                self.at += 2 + memchr::memmem::find(&rest[2..], b"-->")? + 2;
            } else if is_meta(rest) {
                self.at += 5;
                if let Some(encoding) = encoding_of_meta(self.attributes()?) {
                    return Some(encoding);
                }
            } else if is_tag(rest) {
                self.at += rest.iter().position(|&c| c.is_ascii_whitespace() || c == b'>')?;
                self.attributes()?;
            } else if rest.starts_with(b"<!") || rest.starts_with(b"</") || rest.starts_with(b"<?") {
                self.at += memchr::memchr(b'>', rest)?;
            }
            self.at += 1;
        }
    }

    /// "Get an attribute" up to the end of the tag, in lower case; `None` when the bytes run out. Its rules are the
    /// tokenizer's.
    fn attributes(&mut self) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut attributes = Attributes::new(self.bytes, self.at);
        let lower = |span: Span| self.bytes[span.range()].to_ascii_lowercase();
        let all =
            iter::from_fn(|| attributes.next().map(|(name, value)| (lower(name), lower(value)))).collect();
        self.at = attributes.end()? - 1; // at the `>`
        Some(all)
    }
}

/// The step for `<meta`.
fn encoding_of_meta(attributes: Vec<(Vec<u8>, Vec<u8>)>) -> Option<&'static Encoding> {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut got_pragma = false;
    let mut need_pragma = None;
    let mut charset = None; // `Some(None)` is the standard's "failure"
    for (name, value) in attributes {
        if seen.contains(&name) {
            continue;
        }
        match &name[..] {
            b"http-equiv" => got_pragma |= value == b"content-type",
            b"content" if charset.is_none() => {
                if let Some(encoding) = encoding::in_content(&value) {
                    charset = Some(Some(encoding));
                    need_pragma = Some(true);
                }
            }
            b"charset" => {
                charset = Some(Encoding::for_label(&value));
                need_pragma = Some(false);
            }
            _ => {}
        }
        seen.push(name);
    }
    let usable = need_pragma.is_some_and(|needed| got_pragma || !needed);
    let named = charset.flatten().filter(|_| usable).map(encoding::ascii_compatible)?;
    Some(if named == X_USER_DEFINED { WINDOWS_1252 } else { named })
}

fn is_meta(rest: &[u8]) -> bool {
    rest.len() > 5
        && rest[..5].eq_ignore_ascii_case(b"<meta")
        && (rest[5].is_ascii_whitespace() || rest[5] == b'/')
}

fn is_tag(rest: &[u8]) -> bool {
    let name = rest.strip_prefix(b"</").or_else(|| rest.strip_prefix(b"<"));
    name.and_then(<[u8]>::first).is_some_and(u8::is_ascii_alphabetic)
}

/// "Get an XML encoding": the `encoding` of an XML declaration.
fn xml_encoding(head: &[u8]) -> Option<&'static Encoding> {
    let declaration = head.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..memchr::memchr(b'>', declaration)?];
    let rest = &declaration[memchr::memmem::find(declaration, b"encoding")? + 8..];
    let rest = trim_controls(trim_controls(rest).strip_prefix(b"=")?);
    let quote = *rest.first().filter(|c| matches!(c, b'"' | b'\''))?;
    let label = &rest[1..=memchr::memchr(quote, &rest[1..])?];
    if label.iter().any(|&c| c <= b' ') {
        return None;
    }
    Encoding::for_label(label).map(encoding::ascii_compatible)
}

fn trim_controls(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().position(|&c| c > b' ').unwrap_or(bytes.len())..]
}
