//! The character encoding of a page (WHATWG HTML, section 13.2.3.2; WHATWG Encoding).

mod prescan;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// How much of a page is searched for a `<meta>` that names its encoding, in bytes.
const PRESCAN_LIMIT: usize = 1024;

/// How much of a page the detector gets, in bytes.
const DETECTION_LIMIT: usize = 64 * 1024;

/// The encoding of `body`: byte order mark, then `declared` (the transport's `charset`), then `<meta>` within
/// the first 1,024 bytes, then UTF-8 if it is valid, then detection. CPU work: linear in `body`.
pub fn encoding_of(body: &[u8], declared: Option<&'static Encoding>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        return encoding;
    }
    declared
        .or_else(|| prescan::encoding_in(&body[..body.len().min(PRESCAN_LIMIT)]))
        .unwrap_or_else(|| detected(body))
}

fn detected(body: &[u8]) -> &'static Encoding {
    let valid = Encoding::utf8_valid_up_to(body);
    if valid == body.len() {
        return UTF_8;
    }
    // ASCII is the same in most encodings: the sample surrounds the first byte that is not valid UTF-8.
    let start = valid.saturating_sub(DETECTION_LIMIT / 2);
    let sample = &body[start..body.len().min(start + DETECTION_LIMIT)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    detector.guess(None, Utf8Detection::Deny)
}

#[cfg(test)]
mod tests;
