//! Conditional requests (RFC 9110, section 13).

use http::{HeaderMap, header};

/// Whether `If-None-Match` has `etag`, a quoted entity tag, by weak comparison (RFC 9110, section 8.8.3.2): the response to
/// GET or HEAD is then 304.
pub fn not_modified(request: &HeaderMap, etag: &str) -> bool {
    let etag = opaque(etag);
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || opaque(tag) == etag)
}

/// An entity tag without the mark of a weak one.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn entity_tags_are_compared_weakly() {
        let not_modified = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            super::not_modified(&headers, "\"1\"")
        };
        for value in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
            assert!(not_modified(value), "{value}");
        }
        for value in ["", "1", "\"1-csv\"", "\"0\", \"2\""] {
            assert!(!not_modified(value), "{value}");
        }
    }
}
