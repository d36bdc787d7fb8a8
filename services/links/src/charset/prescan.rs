//! The encoding that a page's own markup names (WHATWG HTML, "prescan a byte stream to determine its encoding").
//!
//! In: the page's first bytes. Out: the encoding of the first `<meta>` that names one, else of an XML declaration.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// The encoding named within `head`; `head` ends where the search has to.
pub(super) fn encoding_in(head: &[u8]) -> Option<&'static Encoding> {
    if head.starts_with(b"<\0?\0x\0") {
        return Some(UTF_16LE);
    }
    if head.starts_with(b"\0<\0?\0x") {
        return Some(UTF_16BE);
    }
    let named = Prescan { bytes: head, at: 0 }.meta_encoding();
    named.or_else(|| xml_encoding(head))
}

struct Prescan<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What "get an attribute" gives.
enum Attribute {
    /// A name and a value, ASCII letters in lower case.
    Found(Vec<u8>, Vec<u8>),
    /// The tag's end came first.
    TagEnd,
}

/// What a `<meta>` names.
enum Named {
    Encoding(&'static Encoding),
    Nothing,
}

impl Prescan<'_> {
    /// Steps "Loop" and "Next byte"; `None` when the bytes run out.
    fn meta_encoding(&mut self) -> Option<&'static Encoding> {
        loop {
            let rest = self.rest();
            if rest.starts_with(b"<!--") {
                // `-->` may share its hyphens with `<!--`.
                self.at += 2 + memchr::memmem::find(&rest[2..], b"-->")? + 2;
            } else if is_meta(rest) {
                self.at += 5;
                if let Named::Encoding(encoding) = self.encoding_of_meta()? {
                    return Some(encoding);
                }
            } else if is_tag(rest) {
                self.at += rest.iter().position(|&c| is_space(c) || c == b'>')?;
                while let Attribute::Found(..) = self.attribute()? {}
            } else if rest.starts_with(b"<!") || rest.starts_with(b"</") || rest.starts_with(b"<?") {
                self.at += memchr::memchr(b'>', rest)?;
            } else if rest.is_empty() {
                return None;
            }
            self.at += 1;
        }
    }

    /// The step for `<meta`; `None` when the bytes run out.
    fn encoding_of_meta(&mut self) -> Option<Named> {
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let mut got_pragma = false;
        let mut need_pragma = None;
        let mut charset = None; // `Some(None)` is the standard's "failure"
        while let Attribute::Found(name, value) = self.attribute()? {
            if seen.contains(&name) {
                continue;
            }
            match &name[..] {
                b"http-equiv" => got_pragma |= value == b"content-type",
                b"content" if charset.is_none() => {
                    if let Some(encoding) = encoding_in_content(&value) {
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
        Some(match charset {
            Some(Some(encoding)) if usable => Named::Encoding(as_ascii_compatible(encoding)),
            _ => Named::Nothing,
        })
    }

    /// "Get an attribute"; `None` when the bytes run out.
    fn attribute(&mut self) -> Option<Attribute> {
        while is_space(self.byte()?) || self.byte()? == b'/' {
            self.at += 1;
        }
        if self.byte()? == b'>' {
            return Some(Attribute::TagEnd);
        }
        let mut name = Vec::new();
        loop {
            match self.byte()? {
                b'=' if !name.is_empty() => break,
                c if is_space(c) => {
                    self.skip_spaces()?;
                    if self.byte()? != b'=' {
                        return Some(Attribute::Found(name, Vec::new()));
                    }
                    break;
                }
                b'/' | b'>' => return Some(Attribute::Found(name, Vec::new())),
                c => name.push(c.to_ascii_lowercase()),
            }
            self.at += 1;
        }
        self.at += 1; // the equals sign
        self.skip_spaces()?;
        self.value().map(|value| Attribute::Found(name, value))
    }

    /// The step "Value", after the equals sign and its white space.
    fn value(&mut self) -> Option<Vec<u8>> {
        let quote = self.byte()?;
        if quote == b'"' || quote == b'\'' {
            self.at += 1;
            let length = memchr::memchr(quote, self.rest())?;
            let value = self.rest()[..length].to_ascii_lowercase();
            self.at += length + 1;
            return Some(value);
        }
        let length = self.rest().iter().position(|&c| is_space(c) || c == b'>')?;
        let value = self.rest()[..length].to_ascii_lowercase();
        self.at += length;
        Some(value)
    }

    fn skip_spaces(&mut self) -> Option<()> {
        self.at += self.rest().iter().position(|&c| !is_space(c))?;
        Some(())
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

/// HTML's ASCII white space.
const fn is_space(c: u8) -> bool {
    matches!(c, b'\t' | b'\n' | b'\x0C' | b'\r' | b' ')
}

fn is_meta(rest: &[u8]) -> bool {
    rest.len() > 5 && rest[..5].eq_ignore_ascii_case(b"<meta") && (is_space(rest[5]) || rest[5] == b'/')
}

fn is_tag(rest: &[u8]) -> bool {
    let name = rest.strip_prefix(b"</").or_else(|| rest.strip_prefix(b"<"));
    name.and_then(<[u8]>::first).is_some_and(u8::is_ascii_alphabetic)
}

/// "Extracting a character encoding from a `meta` element" (section 2.7.3); `content` in lower case.
fn encoding_in_content(content: &[u8]) -> Option<&'static Encoding> {
    let mut rest = content;
    let value = loop {
        let found = memchr::memmem::find(rest, b"charset")?;
        rest = rest[found + 7..].trim_ascii_start();
        if let Some(value) = rest.strip_prefix(b"=") {
            break value.trim_ascii_start();
        }
    };
    let label = match value.first()? {
        quote @ (b'"' | b'\'') => &value[1..=memchr::memchr(*quote, &value[1..])?],
        _ => value.split(|&c| is_space(c) || c == b';').next()?,
    };
    Encoding::for_label(label)
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
    Encoding::for_label(label).map(as_ascii_compatible)
}

fn trim_controls(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().position(|&c| c > b' ').unwrap_or(bytes.len())..]
}

/// Markup that was read as ASCII cannot be in UTF-16; `x-user-defined` stands for windows-1252.
fn as_ascii_compatible(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16BE || encoding == UTF_16LE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    }
}
