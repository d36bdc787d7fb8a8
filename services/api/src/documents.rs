//! The endpoints with fixed texts: the usage at `GET /`, the OpenAPI description at `GET /openapi.json`, and the
//! explanation of an error code at `GET /problems/<code>`.

use crate::problem_types::ProblemType;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kit::{CodingPreference, ContentCoding, Response};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::OnceLock,
};

const DESCRIPTION: &str = include_str!("../openapi.json");
const USAGE: &str = include_str!("../usage.txt");

pub(crate) fn usage() -> Response {
    document("text/plain; charset=utf-8", USAGE)
}

/// The description, or 304 if the client has it.
pub(crate) fn description(headers: &HeaderMap) -> Response {
    static HASH: OnceLock<u64> = OnceLock::new();
    let hash = HASH.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        DESCRIPTION.hash(&mut hasher);
        hasher.finish()
    });
    let coding =
        CodingPreference::of(headers).and_then(|preference| preference.for_length(DESCRIPTION.len()));
    let suffix = coding.map_or(String::new(), |coding| format!("-{}", coding.token()));
    let tag = format!("\"{hash:016x}{suffix}\"");
    let mut response = if kit::not_modified(headers, &tag) {
        let mut response = Response::new(kit::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        document(
            "application/json",
            coding.map_or(Bytes::from_static(DESCRIPTION.as_bytes()), encoded_description),
        )
    };
    let fields = response.headers_mut();
    if let Some(coding) = coding.filter(|_| fields.contains_key(header::CONTENT_TYPE)) {
        fields.insert(header::CONTENT_ENCODING, coding.field());
    }
    fields.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fields.insert(header::ETAG, HeaderValue::try_from(tag).expect("hexadecimal digits in quotes"));
    response
}

/// The description in `coding`, made when it is first asked for: a few kilobytes.
fn encoded_description(coding: ContentCoding) -> Bytes {
    static ENCODED: [OnceLock<Bytes>; ContentCoding::ALL.len()] =
        [const { OnceLock::new() }; ContentCoding::ALL.len()];
    let encode = || coding.encode(DESCRIPTION.as_bytes()).expect("memory takes every write").into();
    ENCODED[coding as usize].get_or_init(encode).clone()
}

pub(crate) fn problem_type(kind: &ProblemType) -> Response {
    document("text/plain; charset=utf-8", kind.to_string())
}

fn document(media_type: &'static str, text: impl Into<Bytes>) -> Response {
    let mut response = Response::new(kit::full(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
