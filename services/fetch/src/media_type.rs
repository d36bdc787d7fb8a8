//! Decides whether a response is HTML or XHTML (WHATWG MIME Sniffing and Fetch standards).

use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use links::{Encoding, Syntax, UTF_8};

/// The bytes of a body that the standard sniffs.
const HEADER: usize = 1445;

/// The declaration in `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    /// HTML or XHTML, with the encoding that its `charset` names.
    Page(Syntax, Option<&'static Encoding>),
    /// XML: a page if its root element is XHTML's.
    Xml(Option<&'static Encoding>),
    /// Something else, or nothing usable and `nosniff`.
    Other,
    /// Nothing usable: the body decides.
    Nothing,
}

pub(crate) fn declared(headers: &HeaderMap) -> Declared {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let only = values.next().filter(|_| values.next().is_none());
    only.and_then(|value| usual(value.as_bytes())).unwrap_or_else(|| read(headers))
}

/// What nearly all pages declare, without a copy of it.
fn usual(value: &[u8]) -> Option<Declared> {
    let (essence, parameter) = value.split_at_checked(9)?;
    let is_utf_8 = matches!(parameter.len(), 14 | 15)
        && [&b"; charset=utf-8"[..], b";charset=utf-8"]
            .iter()
            .any(|utf_8| parameter.eq_ignore_ascii_case(utf_8));
    let is_usual = essence.eq_ignore_ascii_case(b"text/html") && (is_utf_8 || parameter.is_empty());
    is_usual.then(|| Declared::Page(Syntax::Html, is_utf_8.then_some(UTF_8)))
}

fn read(headers: &HeaderMap) -> Declared {
    // Byte by byte, as the standard does: a stray byte in one parameter does not affect the others.
    let value = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect::<String>();
    let types: Vec<String> = headers.get_all(CONTENT_TYPE).iter().map(value).collect();
    let mut found: Option<(String, Option<String>)> = None;
    for text in types.iter().flat_map(|value| split(value, ',')) {
        let mut parts = split(text, ';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        if !is_media_type(&essence) || essence == "*/*" {
            continue;
        }
        let own = parts.find_map(charset);
        // A charset also applies to a later value of the same type without one.
        let before = found.filter(|(before, _)| *before == essence).and_then(|(_, charset)| charset);
        found = Some((essence, own.or(before)));
    }
    match found {
        Some((essence, charset)) => match essence.as_str() {
            "text/html" => Declared::Page(Syntax::Html, encoding(charset)),
            "application/xhtml+xml" => Declared::Page(Syntax::Xhtml, encoding(charset)),
            "text/xml" | "application/xml" => Declared::Xml(encoding(charset)),
            "unknown/unknown" | "application/unknown" if may_sniff(headers) => Declared::Nothing,
            _ => Declared::Other,
        },
        None if may_sniff(headers) => Declared::Nothing,
        None => Declared::Other,
    }
}

/// The syntax of a body, and the encoding that its `charset` names, if `Content-Type` in `headers` says that it is HTML or
/// XHTML.
pub fn declared_page(headers: &HeaderMap) -> Option<(Syntax, Option<&'static Encoding>)> {
    match declared(headers) {
        Declared::Page(syntax, charset) => Some((syntax, charset)),
        _ => None,
    }
}

fn encoding(charset: Option<String>) -> Option<&'static Encoding> {
    Encoding::for_label(charset?.as_bytes())
}

/// The syntax and the encoding of a page with that `body`; `None` if it is no page.
pub(crate) fn page(declared: Declared, body: &[u8]) -> Option<(Syntax, Option<&'static Encoding>)> {
    match declared {
        Declared::Page(syntax, charset) => Some((syntax, charset)),
        Declared::Xml(charset) => links::has_xhtml_root(body, charset).then_some((Syntax::Xhtml, charset)),
        Declared::Nothing | Declared::Other if !sniffs_as_page(body) => None,
        // To the standard `<?xml` is XML, and what is not well-formed is read as HTML all the same.
        Declared::Nothing | Declared::Other if links::has_xhtml_root(body, None) && is_xml(body) => {
            Some((Syntax::Xhtml, None))
        }
        Declared::Nothing | Declared::Other => Some((Syntax::Html, None)),
    }
}

/// Whether a body is text, by the standard's table of binary data bytes (section 3): with an unknown content coding, only
/// a body that is not coded.
pub(crate) fn is_text(body: &[u8]) -> bool {
    let header = &body[..body.len().min(HEADER)];
    let is_binary = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    Encoding::for_bom(body).is_some() || !header.iter().any(is_binary)
}

fn is_xml(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<?xml")
}

/// Whether a body of unknown type is HTML by the standard's table (section 7.1), or XHTML.
pub(crate) fn sniffs_as_page(body: &[u8]) -> bool {
    const TAGS: [&[u8]; 15] = [
        b"HTML", b"HEAD", b"SCRIPT", b"IFRAME", b"H1", b"DIV", b"FONT", b"TABLE", b"A", b"STYLE", b"TITLE",
        b"B", b"BODY", b"BR", b"P",
    ];
    const XHTML: &[u8] = b"http://www.w3.org/1999/xhtml";
    let header = &body[..body.len().min(HEADER)];
    let blank = |byte: &u8| matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ');
    let start = &header[header.iter().take_while(|byte| blank(byte)).count()..];
    let tag = |tag: &[u8]| {
        let head = start.strip_prefix(b"<").and_then(|start| start.split_at_checked(tag.len()));
        head.is_some_and(|(head, rest)| {
            head.eq_ignore_ascii_case(tag) && matches!(rest.first(), Some(b' ' | b'>'))
        })
    };
    // To the standard `<?xml` is XML, which browsers show as a page if its elements are in XHTML's namespace.
    let xhtml = || start.starts_with(b"<?xml") && start.windows(XHTML.len()).any(|window| window == XHTML);
    let html = tag(b"!DOCTYPE HTML") || TAGS.into_iter().any(tag) || start.starts_with(b"<!--");
    html || xhtml()
}

fn may_sniff(headers: &HeaderMap) -> bool {
    let options = headers.get(X_CONTENT_TYPE_OPTIONS).and_then(|value| value.to_str().ok());
    let first = options.and_then(|value| value.split(',').next());
    !first.is_some_and(|option| option.trim().eq_ignore_ascii_case("nosniff"))
}

fn is_media_type(essence: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// The value of a `charset` parameter.
fn charset(parameter: &str) -> Option<String> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("charset") {
        return None;
    }
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default().replace('\\', ""),
        None => value.trim_end().to_owned(),
    };
    (!value.is_empty()).then_some(value)
}

/// Splits at a separator outside of quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let at_separator = c == separator && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        at_separator
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_declarations_are_read_as_all_others() {
        for (value, is_usual) in [
            ("text/html", true),
            ("Text/HTML; Charset=UTF-8", true),
            ("text/html;charset=utf-8", true),
            ("text/html; charset=utf8", false),
            ("text/html; charset=\"utf-8\"", false),
            ("text/html;  charset=utf-8", false),
            ("text/htmls", false),
            ("text/html charset=utf-8", false),
            ("text", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
            let found = usual(value.as_bytes());
            assert_eq!(found, is_usual.then(|| read(&headers)), "{value}");
            assert_eq!(declared(&headers), read(&headers), "{value}");
        }
    }
}
