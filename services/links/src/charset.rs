//! The character encoding of a page before it is parsed (WHATWG HTML, section 13.2.3.2; WHATWG Encoding).

mod detection;
mod prescan;

use crate::html::PageEncoding;
use encoding_rs::{Encoding, UTF_8};
use weburl::WebUrl;

/// How much of a page is searched for a `<meta>` that names its encoding, in bytes.
const PRESCAN_LIMIT: usize = 1024;

/// The encoding of `body`: byte order mark, then `declared` (the transport's `charset`), then `<meta>` within
/// the first 1,024 bytes, then UTF-8 if it is valid, then detection, which knows the top-level domain of `url`.
pub(crate) fn sniffed(
    body: &[u8],
    declared: Option<&'static Encoding>,
    url: Option<&WebUrl>,
) -> PageEncoding {
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        return PageEncoding::certain(encoding);
    }
    if let Some(encoding) = declared {
        return PageEncoding::certain(encoding);
    }
    let named = prescan::encoding_in(&body[..body.len().min(PRESCAN_LIMIT)]);
    PageEncoding::tentative(named.unwrap_or_else(|| detected(body, url)))
}

/// The encoding of an XML document: byte order mark, `declared`, its XML declaration, and UTF-8 otherwise (XML 1.0,
/// appendix F).
pub(crate) fn sniffed_in_xml(body: &[u8], declared: Option<&'static Encoding>) -> PageEncoding {
    let marked = Encoding::for_bom(body).map(|(encoding, _)| encoding);
    let named = || prescan::xml_encoding_in(&body[..body.len().min(PRESCAN_LIMIT)]);
    PageEncoding::certain(marked.or(declared).or_else(named).unwrap_or(UTF_8))
}

fn detected(body: &[u8], url: Option<&WebUrl>) -> &'static Encoding {
    let valid = Encoding::utf8_valid_up_to(body);
    if valid == body.len() { UTF_8 } else { detection::guess(body, url.and_then(top_level_domain)) }
}

/// The last label of the host, in lower case; none of an IP address, nor of a name that is not ASCII.
fn top_level_domain(url: &WebUrl) -> Option<&str> {
    let (_, last) = url.domain()?.trim_end_matches('.').rsplit_once('.')?;
    let is_label = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    Some(last).filter(|label| !label.is_empty() && label.bytes().all(is_label))
}

#[cfg(test)]
mod tests;
