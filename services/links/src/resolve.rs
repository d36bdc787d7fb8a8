//! Hrefs as written to URLs, by the document base URL (WHATWG HTML, section 2.4.3) and the URL standard.

use crate::{
    Links,
    links::{RecordPart, Records},
};
use encoding_rs::{EncoderResult, Encoding, ISO_2022_JP, UTF_8};
use std::{borrow::Cow, fmt::Write};
use weburl::{EncodingOverride, Resolver, WebUrl};

/// Hrefs and texts together may take three bytes for each byte of the page, and [`ROOM_FLOOR`] more.
///
/// Each of a million `<a href>` resolves to the whole base URL: without a limit, memory would grow with the square of the
/// page.
const ROOM_PER_BYTE: usize = 3;
const ROOM_FLOOR: usize = 4 * 1024 * 1024;

/// The most bytes of bases and hrefs that are read for each byte of the page, and [`WORK_FLOOR`] more: a long base is
/// copied for each `..` too, however short the result.
const WORK_PER_BYTE: usize = 16;
const WORK_FLOOR: usize = 16 * 1024 * 1024;

/// The links with each `href` resolved, and the number left out because their `href` does not resolve or exceeds a limit.
///
/// `base_href` is the first `<base>`'s, as written; `page_len` the page's length in bytes.
pub(crate) fn resolve(
    written: Links,
    base_href: Option<&str>,
    url: Option<&WebUrl>,
    encoding: &'static Encoding,
    page_len: usize,
) -> (Links, usize) {
    let override_with: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| encode_query(query, encoding);
    let encode = (encoding.output_encoding() != UTF_8).then_some(override_with);
    let base = document_base(base_href, url, encode);
    let base_len = base.as_ref().map_or(0, |base| base.as_str().len());
    let mut room = page_len.saturating_mul(ROOM_PER_BYTE).saturating_add(ROOM_FLOOR);
    let mut work = page_len.saturating_mul(WORK_PER_BYTE).saturating_add(WORK_FLOOR);

    let found = written.len();
    let mut links = Links::default();
    let mut resolver = Resolver::new(base.as_ref(), encode);
    let (mut in_text, mut is_kept) = (false, false);
    for block in written.into_blocks() {
        let mut records = Records::new(&block, in_text);
        for part in &mut records {
            if let RecordPart::Href(href) = part {
                work = work.saturating_sub(base_len + href.len());
                if work > 0 {
                    resolver.resolve(href);
                }
            }
            match part {
                RecordPart::Href(_) | RecordPart::SameHref => {
                    let fits = resolver.resolved().filter(|url| work > 0 && url.len() < room);
                    is_kept = fits.is_some();
                    if let Some(url) = fits {
                        room -= url.len();
                        links.start(url);
                    }
                }
                RecordPart::Text(text) if is_kept => {
                    room = room.saturating_sub(text.len());
                    links.push_text(text);
                }
                RecordPart::End if is_kept => links.end(),
                RecordPart::Text(_) | RecordPart::End => {}
            }
        }
        in_text = records.in_text;
    }
    let unresolved = found - links.len();
    (links, unresolved)
}

/// The "frozen base URL": the `<base>` where it resolves to a URL that may be a base, otherwise the page's URL.
pub(crate) fn document_base(
    base_href: Option<&str>,
    url: Option<&WebUrl>,
    encode: EncodingOverride<'_>,
) -> Option<WebUrl> {
    let frozen = base_href.and_then(|href| WebUrl::parse_with(href, url, encode).ok());
    frozen.filter(|url| !matches!(url.scheme(), "data" | "javascript")).or_else(|| url.cloned())
}

/// "Percent-encode after encoding" (WHATWG URL, section 1.3), but for the last step, which `url` does itself.
fn encode_query<'a>(query: &'a str, encoding: &'static Encoding) -> Cow<'a, [u8]> {
    if query.is_ascii() && encoding != ISO_2022_JP {
        return Cow::Borrowed(query.as_bytes());
    }
    let mut encoder = encoding.new_encoder();
    let mut bytes = Vec::with_capacity(query.len() * 2);
    let mut rest = query;
    loop {
        let needed = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
        bytes.reserve(needed.unwrap_or(rest.len() * 4));
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return Cow::Owned(bytes),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(c) => {
                let mut reference = String::new();
                write!(reference, "%26%23{}%3B", u32::from(c)).expect("writing to memory does not fail");
                bytes.extend_from_slice(reference.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests;
