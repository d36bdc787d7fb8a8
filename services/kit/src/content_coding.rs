//! Content codings of responses: which one a client prefers (RFC 9110, section 12.5.3), and encoding.

use crate::accept::weighted;
use brotli::CompressorWriter;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, header};
use std::io::{self, Write};

/// Smaller bodies are not worth a coding, in bytes.
const LEAST: usize = 1024;
/// Levels at which a megabyte of text takes some 10 ms.
const GZIP_LEVEL: u32 = 6;
const BROTLI_LEVEL: u32 = 5;
const ZSTD_LEVEL: i32 = 3;
/// The binary logarithm of the window for Brotli, which decides how much memory the encoder takes.
const BROTLI_WINDOW: u32 = 19;
/// Bytes of the encoder's buffer for output.
const BROTLI_BUFFER: usize = 16 * 1024;

/// A content coding, from the least to the most preferred of those that a client rates equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentCoding {
    /// `gzip` (RFC 1952).
    Gzip,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878).
    Zstd,
}

/// The coding that a client prefers to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodingPreference {
    coding: ContentCoding,
    /// Whether it refuses a body without a coding.
    is_required: bool,
}

impl ContentCoding {
    /// All of them, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Brotli, Self::Zstd];
    /// The most memory that an encoder takes, without its output, in bytes.
    pub const ENCODER_BYTES: u64 = 4 << 20;

    /// Its name in header fields.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The value of `Content-Encoding`.
    pub const fn field(self) -> HeaderValue {
        HeaderValue::from_static(self.token())
    }

    /// `data` in this coding: some 10 ms of work for each megabyte, which belongs on a [`CpuPool`](crate::CpuPool).
    pub fn encode(self, data: &[u8]) -> io::Result<Vec<u8>> {
        // Text gets shorter; the rest is for what does not.
        let out = Vec::with_capacity(data.len() / 4 + 64);
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::new(GZIP_LEVEL));
                encoder.write_all(data)?;
                encoder.finish()
            }
            Self::Brotli => {
                let mut encoder = CompressorWriter::new(out, BROTLI_BUFFER, BROTLI_LEVEL, BROTLI_WINDOW);
                encoder.write_all(data)?;
                Ok(encoder.into_inner())
            }
            Self::Zstd => {
                let mut encoder = zstd::Encoder::new(out, ZSTD_LEVEL)?;
                encoder.set_pledged_src_size(Some(data.len() as u64))?;
                encoder.write_all(data)?;
                encoder.finish()
            }
        }
    }
}

impl CodingPreference {
    /// The preference in the `Accept-Encoding` of `headers`; `None` for bodies without a coding.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let Weights { codings, identity } = Weights::of(headers);
        let (weight, coding) = codings.into_iter().zip(ContentCoding::ALL).max()?;
        // Without a coding is acceptable if it is not named, but less so than what is.
        let is_preferred = weight.is_some_and(|weight| weight > 0) && weight >= identity;
        is_preferred.then_some(Self { coding, is_required: identity == Some(0) })
    }

    /// Whether a body that is sent in parts may be in `gzip`, the only coding for these.
    pub(crate) fn accepts_gzip_parts(headers: &HeaderMap) -> bool {
        let Weights { codings, identity } = Weights::of(headers);
        codings[0].is_some_and(|weight| weight > 0) && codings[0] >= identity
    }

    /// `coding`, by a client that would accept a body without.
    pub const fn optional(coding: ContentCoding) -> Self {
        Self { coding, is_required: false }
    }

    /// The coding for a body of `length` bytes: most small ones are sent without.
    pub fn for_length(self, length: usize) -> Option<ContentCoding> {
        (self.is_required || length >= LEAST).then_some(self.coding)
    }
}

/// The weights in a request, in the order of [`ContentCoding::ALL`].
struct Weights {
    codings: [Option<u16>; ContentCoding::ALL.len()],
    identity: Option<u16>,
}

impl Weights {
    fn of(headers: &HeaderMap) -> Self {
        let (mut codings, mut identity, mut others) = ([None; ContentCoding::ALL.len()], None, None);
        for (name, weight) in weighted(headers, header::ACCEPT_ENCODING) {
            let is = |token: &str| name.eq_ignore_ascii_case(token);
            if is("identity") {
                identity = Some(weight);
            } else if is("*") {
                others = Some(weight);
            } else if let Some(at) = ContentCoding::ALL.iter().position(|coding| is(coding.token())) {
                codings[at] = Some(weight);
            } else if is("x-gzip") {
                codings[0] = Some(weight);
            }
        }
        Self { codings: codings.map(|own| own.or(others)), identity: identity.or(others) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn preferred(value: &str) -> Option<(&'static str, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
        CodingPreference::of(&headers).map(|preference| (preference.coding.token(), preference.is_required))
    }

    #[test]
    fn the_coding_with_the_highest_weight_is_preferred() {
        for (value, coding) in [
            ("gzip, deflate, br, zstd", Some(("zstd", false))),
            ("gzip, deflate, br", Some(("br", false))),
            ("GZIP", Some(("gzip", false))),
            ("x-gzip", Some(("gzip", false))),
            ("gzip;q=1.0, br;q=0.9", Some(("gzip", false))),
            ("gzip;q=0.5, identity", None),
            ("gzip;q=0.5, identity;q=0.5", Some(("gzip", false))),
            ("gzip, identity;q=0", Some(("gzip", true))),
            ("gzip, *;q=0", Some(("gzip", true))),
            ("*", Some(("zstd", false))),
            ("*, zstd;q=0", Some(("br", false))),
            ("*;q=0.5, gzip", Some(("gzip", false))),
            ("gzip;q=0", None),
            ("gzip;q=x", None),
            ("identity;q=0", None),
            ("*;q=0", None),
            ("identity", None),
            ("deflate, compress", None),
            ("", None),
        ] {
            assert_eq!(preferred(value), coding, "{value}");
        }
        assert_eq!(CodingPreference::of(&HeaderMap::new()), None);
    }

    #[test]
    fn small_bodies_are_sent_without_a_coding_unless_that_is_refused() {
        let preference = CodingPreference { coding: ContentCoding::Gzip, is_required: false };
        assert_eq!(preference.for_length(1023), None);
        assert_eq!(preference.for_length(1024), Some(ContentCoding::Gzip));
        let required = CodingPreference { is_required: true, ..preference };
        assert_eq!(required.for_length(0), Some(ContentCoding::Gzip));
    }

    #[test]
    fn encoded_text_is_shorter_and_decodes_to_the_same() {
        let text = b"[{\"text\":\"a\",\"href\":\"http://a.example/\"}]\n".repeat(10_000);
        for coding in ContentCoding::ALL {
            for text in [&text[..], b""] {
                let encoded = coding.encode(text).unwrap();
                assert!(encoded.len() <= text.len() / 50 + 40, "{coding:?}: {}", encoded.len());
                let mut decoded = Vec::new();
                let mut read = |mut decoder: Box<dyn Read + '_>| decoder.read_to_end(&mut decoded).unwrap();
                match coding {
                    ContentCoding::Gzip => read(Box::new(flate2::read::GzDecoder::new(&encoded[..]))),
                    ContentCoding::Brotli => read(Box::new(brotli::Decompressor::new(&encoded[..], 4096))),
                    ContentCoding::Zstd => read(Box::new(zstd::Decoder::new(&encoded[..]).unwrap())),
                };
                assert!(decoded == text, "{coding:?}");
            }
        }
    }
}
