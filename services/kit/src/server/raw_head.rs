//! The bytes of a request's header as they came. Of `Content-Length` and `Transfer-Encoding` in one request, hyper keeps
//! only the latter. RFC 9112, section 6.3, lets a server refuse such a request, as it may be an attempt at smuggling.

use http::{HeaderMap, header};
use memchr::memchr_iter;
use std::sync::{Mutex, PoisonError};

/// Bytes kept at most: no less than hyper reads ahead.
const LIMIT: usize = 128 * 1024;
/// Bytes kept allocated between requests.
const KEPT: usize = 1024;

/// What an HTTP/1 connection has received and no request has claimed yet.
#[derive(Debug, Default)]
pub(super) struct RawHead(Mutex<Received>);

#[derive(Debug, Default)]
struct Received {
    bytes: Vec<u8>,
    /// Bytes still to come of the last request's body.
    body: u64,
    /// Nothing is kept any more: too much came, it is HTTP/2, or a chunked body, after which the connection is closed.
    ended: bool,
}

impl RawHead {
    /// The socket received `bytes`.
    pub(super) fn received(&self, bytes: &[u8]) {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if received.ended {
            return;
        }
        let skipped = usize::try_from(received.body).unwrap_or(usize::MAX).min(bytes.len());
        received.body -= skipped as u64;
        received.bytes.extend_from_slice(&bytes[skipped..]);
        if received.bytes.len() > LIMIT || received.bytes.starts_with(b"PRI * HTTP/2.0") {
            *received = Received { ended: true, ..Received::default() };
        }
    }

    /// Whether all that was received belonged to requests that hyper has read.
    pub(super) fn is_empty(&self) -> bool {
        let received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        received.bytes.is_empty() && received.body == 0 && !received.ended
    }

    /// hyper has read `headers` from the next header: whether that gives the length of its body in two ways.
    pub(super) fn has_two_lengths(&self, headers: &HeaderMap) -> bool {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let chunked = headers.contains_key(header::TRANSFER_ENCODING);
        if received.ended {
            return chunked;
        }
        let end = end_of_head(&received.bytes);
        if chunked {
            let two = has_field(&received.bytes[..end], b"content-length:");
            *received = Received { ended: true, ..Received::default() };
            return two;
        }
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let length: u64 = length.unwrap_or(0);
        let here = usize::try_from(length).unwrap_or(usize::MAX).min(received.bytes.len() - end);
        received.body = length - here as u64;
        received.bytes.drain(..end + here);
        if received.bytes.is_empty() {
            received.bytes.shrink_to(KEPT);
        }
        false
    }
}

/// Where the first header of `bytes` ends. Line ends may lack the CR, and empty lines may come before.
fn end_of_head(bytes: &[u8]) -> usize {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let ends = memchr_iter(b'\n', &bytes[start..]).map(|at| start + at + 1);
    let mut empty = ends.filter_map(|at| match bytes[at..] {
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    });
    empty.next().unwrap_or(bytes.len())
}

fn has_field(head: &[u8], name: &[u8]) -> bool {
    head.split(|byte| *byte == b'\n')
        .any(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::RawHead;
    use http::HeaderMap;

    fn fields(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_length_beside_chunked_is_seen_in_any_order_and_case() {
        for head in [
            "Transfer-Encoding: chunked\r\ncontent-LENGTH: 3",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
        ] {
            let raw = RawHead::default();
            raw.received(format!("\r\n\r\nPOST / HTTP/1.1\r\n{head}\r\n\r\n").as_bytes());
            assert!(raw.has_two_lengths(&fields(&[("transfer-encoding", "chunked")])));
        }
    }

    #[test]
    fn the_body_of_the_request_before_does_not_count_as_a_header() {
        for body in ["b", "a\n\nb", "a\r\n\r\nb", "Content-Length: 3\r\n"] {
            let length = body.len().to_string();
            let first = format!("POST / HTTP/1.1\nContent-Length: {length}\n\n{body}");
            for (second, two) in [("", false), ("Content-Length: 0\r\n", true)] {
                let requests = format!(
                    "{first}{first}POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{second}\r\n1\r\nContent-Length: 1\r\n"
                );
                for at_once in [1, 7, requests.len()] {
                    let raw = RawHead::default();
                    requests.as_bytes().chunks(at_once).for_each(|piece| raw.received(piece));
                    for _ in 0..2 {
                        assert!(!raw.has_two_lengths(&fields(&[("content-length", &length)])));
                    }
                    let found = raw.has_two_lengths(&fields(&[("transfer-encoding", "chunked")]));
                    assert_eq!(found, two, "{requests:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_chunked_requests_after_that_are_refused() {
        let raw = RawHead::default();
        for _ in 0..200 {
            raw.received(&[b'x'; 1000]);
        }
        assert!(raw.0.lock().unwrap().bytes.capacity() <= super::LIMIT);
        assert!(raw.has_two_lengths(&fields(&[("transfer-encoding", "chunked")])));
        assert!(!raw.has_two_lengths(&HeaderMap::new()));
    }
}
