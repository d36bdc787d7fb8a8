//! Percent-encoding, as the web front end does it for a request to the API.

/// `value` as one segment of a path, or as a value in a query: all but the unreserved characters (RFC 3986) are encoded.
pub fn encoded(value: &str) -> String {
    let encode = |b: u8| match b {
        b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    value.bytes().map(encode).collect()
}
