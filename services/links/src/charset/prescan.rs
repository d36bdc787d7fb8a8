//! The encoding that a page's own markup names (WHATWG HTML, "prescan a byte stream to determine its encoding").
//!
//! In: the page's first bytes. Out: the encoding of the first `<meta>` that names one, else of an XML declaration.

use crate::html::{
    encoding::{self, MetaAttributes},
    tokenize::{Attributes, Span},
};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use memchr::{memchr, memchr_iter, memmem};

/// The encoding that `head` names; the caller cuts `head` at the limit of the search.
pub(super) fn encoding_in(head: &[u8]) -> Option<&'static Encoding> {
    wide_encoding(head).or_else(|| meta_encoding(head)).or_else(|| xml_encoding(head))
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

/// The steps "Loop" and "Next byte"; `None` when the bytes run out.
fn meta_encoding(head: &[u8]) -> Option<&'static Encoding> {
    if !memchr_iter(b'<', head).any(|at| is_meta(&head[at..])) {
        return None; // whatever the other markup is
    }
    let mut at = 0;
    loop {
        at += memchr(b'<', &head[at..])?;
        let rest = &head[at..];
        if rest.starts_with(b"<!--") {
            // `-->` may share its hyphens with `<!--`.
            at += 2 + memmem::find(&rest[2..], b"-->")? + 3;
        } else if is_meta(rest) {
            let mut attributes = Attributes::new(head, at + 5);
            let meta = MetaAttributes::read(head, &mut attributes);
            at = attributes.end()?;
            if let Some(encoding) = named_by(&meta, head) {
                return Some(encoding);
            }
        } else if is_tag(rest) {
            at += rest.iter().position(|&c| c.is_ascii_whitespace() || c == b'>')?;
            let mut attributes = Attributes::new(head, at); // their rules are the tokenizer's
            attributes.skip();
            at = attributes.end()?;
        } else if rest.starts_with(b"<!") || rest.starts_with(b"</") || rest.starts_with(b"<?") {
            at += memchr(b'>', rest)? + 1;
        } else {
            at += 1;
        }
    }
}

/// The step for `<meta`: a `charset` counts alone, even an unknown one.
fn named_by(meta: &MetaAttributes, head: &[u8]) -> Option<&'static Encoding> {
    let named = if let Some(label) = meta.charset {
        Encoding::for_label(&head[label.range()])?
    } else {
        let is_pragma = |span: Span| head[span.range()].eq_ignore_ascii_case(b"content-type");
        let content = meta.content.filter(|_| meta.pragma.is_some_and(is_pragma))?;
        encoding::in_content(&head[content.range()].to_ascii_lowercase())?
    };
    Some(if named == X_USER_DEFINED { WINDOWS_1252 } else { encoding::ascii_compatible(named) })
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
    let declaration = &declaration[..memchr(b'>', declaration)?];
    let rest = &declaration[memmem::find(declaration, b"encoding")? + 8..];
    let rest = trim_controls(trim_controls(rest).strip_prefix(b"=")?);
    let quote = *rest.first().filter(|c| matches!(c, b'"' | b'\''))?;
    let label = &rest[1..=memchr(quote, &rest[1..])?];
    if label.iter().any(|&c| c <= b' ') {
        return None;
    }
    Encoding::for_label(label).map(encoding::ascii_compatible)
}

fn trim_controls(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().position(|&c| c > b' ').unwrap_or(bytes.len())..]
}
