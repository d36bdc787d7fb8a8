//! The bytes of a request's header as they came. hyper hides one thing: of `Content-Length` and `Transfer-Encoding`
//! sent together it keeps the latter. That is safe, but it is how requests are smuggled, and RFC 9112, section 6.3,
//! has servers refuse it.

use memchr::memmem;
use std::sync::{Mutex, PoisonError};

/// Bytes kept; a header has at most as many.
const LIMIT: usize = 16 * 1024;

/// What was received and not yet attributed to a request.
#[derive(Debug, Default)]
pub(super) struct Wire(Mutex<Vec<u8>>);

impl Wire {
    /// The socket received `bytes`.
    pub(super) fn received(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() + bytes.len() > LIMIT {
            kept.clear();
        }
        kept.extend_from_slice(&bytes[..bytes.len().min(LIMIT)]);
    }

    /// Gives back memory that is not needed for now.
    pub(super) fn shrink(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).shrink_to_fit();
    }

    /// The next header is whole: whether it gave its body's length in both ways. `chunked`: it did in one.
    pub(super) fn two_lengths(&self, chunked: bool) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Pipelined requests may have been received at once; line ends may lack the CR.
        let end = memmem::find(&kept, b"\n\r\n").map(|at| at + 3);
        let end = end.or_else(|| memmem::find(&kept, b"\n\n").map(|at| at + 2)).unwrap_or(kept.len());
        let two = chunked && has_field(&kept[..end], b"content-length:");
        if end == kept.len() {
            kept.clear();
        } else {
            kept.drain(..end);
        }
        two
    }
}

fn has_field(head: &[u8], name: &[u8]) -> bool {
    head.split(|byte| *byte == b'\n')
        .any(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::Wire;

    #[test]
    fn a_length_beside_chunked_is_seen_in_any_order_and_case() {
        for head in [
            "Transfer-Encoding: chunked\r\ncontent-LENGTH: 3",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
        ] {
            let wire = Wire::default();
            wire.received(format!("POST / HTTP/1.1\r\n{head}\r\n\r\n").as_bytes());
            assert!(wire.two_lengths(true));
        }
    }

    #[test]
    fn each_pipelined_request_is_looked_at_alone() {
        let wire = Wire::default();
        wire.received(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert!(!wire.two_lengths(false));
        assert!(!wire.two_lengths(true));
    }

    #[test]
    fn it_keeps_no_more_than_a_header() {
        let wire = Wire::default();
        for _ in 0..100 {
            wire.received(&[b'x'; 1000]);
        }
        assert!(wire.0.lock().unwrap().len() <= super::LIMIT);
    }
}
