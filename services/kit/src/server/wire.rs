//! The bytes of a request's header as they came. hyper hides one thing: of `Content-Length` and `Transfer-Encoding`
//! sent together it keeps the latter. That is safe, but it is how requests are smuggled, and RFC 9112, section 6.3,
//! has servers refuse it.

use super::framing::Rest;
use http::{HeaderMap, header};
use memchr::memchr_iter;
use std::sync::{Mutex, PoisonError};

/// Bytes kept: no less than hyper reads ahead.
const LIMIT: usize = 128 * 1024;

/// What was received and not yet attributed to a request.
#[derive(Debug, Default)]
pub(super) struct Wire(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    /// What is still to come of the last request's body.
    body: Rest,
    /// Whether there was too much to keep.
    lost: bool,
}

impl Wire {
    /// The socket received `bytes`.
    pub(super) fn received(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = kept.body.pass(bytes);
        kept.lost |= kept.bytes.len() + bytes.len() > LIMIT;
        if kept.lost {
            kept.bytes = Vec::new();
        } else {
            kept.bytes.extend_from_slice(bytes);
        }
    }

    /// Gives back memory that is not needed for now.
    pub(super) fn shrink(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.shrink_to_fit();
    }

    /// The next header is whole, and hyper read `headers` from it: whether it gave its body's length in two ways.
    pub(super) fn two_lengths(&self, headers: &HeaderMap) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let chunked = headers.contains_key(header::TRANSFER_ENCODING);
        if kept.lost {
            return chunked;
        }
        let end = end_of_head(&kept.bytes);
        let two = chunked && has_field(&kept.bytes[..end], b"content-length:");
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        kept.body = if chunked { Rest::chunked() } else { length.map_or(Rest::Nothing, Rest::Length) };
        let Kept { bytes, body, .. } = &mut *kept;
        let after = body.pass(&bytes[end..]).len();
        if after == 0 {
            bytes.clear();
        } else {
            bytes.drain(..bytes.len() - after);
        }
        two
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
    use super::Wire;
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
            let wire = Wire::default();
            wire.received(format!("\r\n\r\nPOST / HTTP/1.1\r\n{head}\r\n\r\n").as_bytes());
            assert!(wire.two_lengths(&fields(&[("transfer-encoding", "chunked")])));
        }
    }

    #[test]
    fn each_request_is_looked_at_alone_whatever_is_in_the_body_before_it() {
        const BODIES: [&str; 4] = ["b", "a\n\nb", "a\r\n\r\nb", "Content-Length: 3\r\n"];
        let chunked = &fields(&[("transfer-encoding", "chunked")]);
        for (one, body) in BODIES.into_iter().flat_map(|one| BODIES.map(|body| (one, body))) {
            let length = body.len();
            let requests = format!(
                "POST / HTTP/1.1\nContent-Length: {length}\n\n{body}\
                 POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n0\r\nContent-Length: 1\r\n\r\n\
                 POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
                one.len(),
            );
            for at_once in [1, 7, requests.len()] {
                let wire = Wire::default();
                requests.as_bytes().chunks(at_once).for_each(|piece| wire.received(piece));
                assert!(!wire.two_lengths(&fields(&[("content-length", &length.to_string())])));
                assert!(!wire.two_lengths(chunked), "{requests:?}");
                assert!(wire.two_lengths(chunked), "{requests:?}");
            }
        }
    }

    #[test]
    fn it_keeps_no_more_than_is_read_ahead_and_then_trusts_no_request() {
        let wire = Wire::default();
        for _ in 0..200 {
            wire.received(&[b'x'; 1000]);
        }
        assert!(wire.0.lock().unwrap().bytes.capacity() <= super::LIMIT);
        assert!(wire.two_lengths(&fields(&[("transfer-encoding", "chunked")])));
        assert!(!wire.two_lengths(&HeaderMap::new()));
    }
}
