//! The encoding that the parser finds in a `<meta>`, and the change to it (WHATWG HTML, sections 13.2.3.5 and 13.2.6.4.4).

use super::{
    text,
    tokenize::{Attributes, Span, Tag},
};
use encoding_rs::{
    Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED,
};

/// The encoding that a page is read in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageEncoding {
    pub(crate) used: &'static Encoding,
    /// The "confidence": whether a `<meta>` may still change it.
    pub(crate) is_tentative: bool,
}

impl PageEncoding {
    /// The encoding that a byte order mark or the transport names, which no `<meta>` changes.
    pub(crate) const fn certain(used: &'static Encoding) -> Self {
        Self { used, is_tentative: false }
    }

    pub(crate) const fn tentative(used: &'static Encoding) -> Self {
        Self { used, is_tentative: true }
    }

    /// Takes a `<meta>` element of `page` into account, which has been decoded so far by `used`. Whether the page has to be
    /// decoded and read again.
    pub(crate) fn is_changed_by(&mut self, meta: &Tag, page: &[u8]) -> bool {
        if !self.is_tentative {
            return false;
        }
        let Some(named) = named_by(meta, page) else { return false };
        let used = self.used;
        self.is_tentative = false;
        if used == UTF_16BE || used == UTF_16LE {
            return false;
        }
        self.used = match ascii_compatible(named) {
            encoding if encoding == X_USER_DEFINED => WINDOWS_1252,
            encoding => encoding,
        };
        self.used != used && !(keeps_ascii(used) && keeps_ascii(self.used) && page.is_ascii())
    }
}

/// Whether ASCII text is the same in this encoding and in UTF-8.
fn keeps_ascii(encoding: &'static Encoding) -> bool {
    encoding != REPLACEMENT && encoding != ISO_2022_JP
}

/// The values, as written, of the attributes by which a `<meta>` may name an encoding: the first of each name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MetaAttributes {
    pub(crate) charset: Option<Span>,
    /// The `http-equiv`.
    pub(crate) pragma: Option<Span>,
    pub(crate) content: Option<Span>,
}

impl MetaAttributes {
    /// Reads all `attributes` of the tag.
    pub(crate) fn read(page: &[u8], attributes: &mut Attributes<'_>) -> Self {
        let mut read = Self::default();
        while let Some((name, value)) = attributes.next() {
            let name = &page[name.range()];
            for (found, wanted) in [
                (&mut read.charset, &b"charset"[..]),
                (&mut read.pragma, b"http-equiv"),
                (&mut read.content, b"content"),
            ] {
                if found.is_none() && name.eq_ignore_ascii_case(wanted) {
                    *found = Some(value);
                }
            }
        }
        read
    }
}

/// The encoding that a `<meta>` names: by `charset`, otherwise by `content` if its `http-equiv` says so.
fn named_by(meta: &Tag, page: &[u8]) -> Option<&'static Encoding> {
    let meta = MetaAttributes::read(page, &mut Attributes::new(page, meta.written.end()));
    let value = |span: Span| text::attribute_value(&page[span.range()]);
    if let Some(encoding) = meta.charset.and_then(|label| Encoding::for_label(value(label).as_bytes())) {
        return Some(encoding);
    }
    let is_pragma = meta.pragma.is_some_and(|pragma| value(pragma).eq_ignore_ascii_case("content-type"));
    let content = meta.content.filter(|_| is_pragma)?;
    in_content(value(content).to_ascii_lowercase().as_bytes())
}

/// "Extracting a character encoding from a `meta` element" (section 2.7.3); `content` in lower case.
pub(crate) fn in_content(content: &[u8]) -> Option<&'static Encoding> {
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
        _ => value.split(|&c| c.is_ascii_whitespace() || c == b';').next()?,
    };
    Encoding::for_label(label)
}

/// Markup that could be read as ASCII is not in UTF-16.
pub(crate) fn ascii_compatible(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16BE || encoding == UTF_16LE { UTF_8 } else { encoding }
}
