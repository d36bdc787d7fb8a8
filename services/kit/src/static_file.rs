//! A file that a service always has, such as a style sheet.

use crate::{CodingPreference, ContentCoding, Response, empty, full, not_modified};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::OnceLock,
};

/// A file with its entity tags, and its compressed forms, which are made when they are first asked for: on the calling
/// thread, so it has to be a matter of kilobytes.
#[derive(Debug)]
pub struct StaticFile {
    media_type: &'static str,
    content: Bytes,
    hash: u64,
    encoded: Option<[OnceLock<Bytes>; ContentCoding::ALL.len()]>,
}

impl StaticFile {
    /// The file with this `content` of the type `media_type`.
    pub fn new(media_type: &'static str, content: &'static [u8]) -> Self {
        let encoded = Some([const { OnceLock::new() }; ContentCoding::ALL.len()]);
        Self { encoded, ..Self::uncompressed(media_type, content.into()) }
    }

    /// The same without compressed forms, for a file that is sent once.
    pub fn uncompressed(media_type: &'static str, content: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Self { media_type, content, hash: hasher.finish(), encoded: None }
    }

    /// A hash of the content: that of the entity tags.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The response to a request with `headers`: the file in the coding that it prefers, or 304 if the client has that.
    pub fn respond(&self, headers: &HeaderMap, cache_control: &'static str) -> Response {
        let preferred = self.encoded.as_ref().and_then(|_| CodingPreference::of(headers));
        let coding = preferred.and_then(|preference| preference.for_length(self.content.len()));
        let suffix = coding.map(|coding| format!("-{}", coding.token())).unwrap_or_default();
        let tag = format!("\"{:016x}{suffix}\"", self.hash);
        let mut response = Response::new(empty());
        if not_modified(headers, &tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() =
                full(coding.map_or_else(|| self.content.clone(), |coding| self.encoded(coding)));
            let fields = response.headers_mut();
            fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
            if let Some(coding) = coding {
                fields.insert(header::CONTENT_ENCODING, coding.field());
            }
        }
        let fields = response.headers_mut();
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
        fields.insert(header::ETAG, field(tag));
        fields.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        response
    }

    fn encoded(&self, coding: ContentCoding) -> Bytes {
        let encode = || coding.encode(&self.content).expect("memory takes every write").into();
        let known = self.encoded.as_ref().map(|encoded| &encoded[coding as usize]);
        known.map_or_else(encode, |known| known.get_or_init(encode).clone())
    }
}

fn field(tag: String) -> HeaderValue {
    HeaderValue::try_from(tag).expect("hexadecimal digits and the name of a coding in quotes")
}
