//! Detects the encoding of a page that is not in UTF-8, through `chardetng`.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;
use std::ops::Range;

/// How much the detector gets of a page, in bytes: all of this, then one in [`SHARE`]. It takes some 60 ns a byte.
const WHOLE: usize = 256 * 1024;
const SHARE: usize = 4;

/// ASCII is the same in most encodings: this many bytes of it stay around other bytes, for the words that they are part of.
const CONTEXT: usize = 16;

/// The encoding that `body` seems to be in. `tld`, the top-level domain of its host in lower case, decides doubtful cases.
pub(super) fn guess(body: &[u8], tld: Option<&str>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut left = WHOLE + body.len() / SHARE;
    let mut from = 0;
    while let Some(stretch) = stretch(body, from) {
        from = stretch.end;
        let sample = &body[stretch];
        let sample = &sample[..sample.len().min(left)];
        left -= sample.len();
        detector.feed(sample, false);
        detector.feed(b"\n", false);
        if left == 0 {
            break;
        }
    }
    detector.feed(b"", true);
    detector.guess(tld.map(str::as_bytes), Utf8Detection::Deny)
}

/// The first bytes beyond ASCII at or after `from`, with the ASCII around them, up to a longer run of ASCII.
fn stretch(body: &[u8], from: usize) -> Option<Range<usize>> {
    let first = from + Encoding::ascii_valid_up_to(&body[from..]);
    if first == body.len() {
        return None;
    }
    let mut end = first;
    while end < body.len() {
        end += body[end..].iter().take_while(|c| !c.is_ascii()).count();
        let ascii = Encoding::ascii_valid_up_to(&body[end..]);
        if ascii > 2 * CONTEXT || end + ascii == body.len() {
            end += ascii.min(CONTEXT);
            break;
        }
        end += ascii;
    }
    Some(first.saturating_sub(CONTEXT).max(from)..end)
}
