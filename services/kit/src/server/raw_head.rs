//! Finds requests with both `Content-Length` and `Transfer-Encoding` in the bytes as they came: hyper drops the former.
//! RFC 9112, section 6.1, lets a server refuse such a request, as it may be an attempt at smuggling.

use memchr::memchr;
use std::sync::{Mutex, PoisonError};

/// Bytes of a line; hyper refuses a header of this size.
const LIMIT: usize = 16 * 1024;

/// What an HTTP/1 connection has received.
#[derive(Debug, Default)]
pub(super) struct RawHead(Mutex<Received>);

#[derive(Debug, Default)]
struct Received {
    /// The start of the next line.
    line: Vec<u8>,
    /// Whether a header is incomplete; empty lines before it do not count.
    in_head: bool,
    chunked: bool,
    length: Option<u64>,
    /// Bytes still to come of the last request's body.
    body: u64,
    /// Complete headers that hyper has not read yet.
    unread: usize,
    /// Set when nothing more is looked at, because of a chunked body, after which the connection is closed, a line that is
    /// too long, or HTTP/2: whether a chunked request is to be refused.
    ended: Option<bool>,
}

impl RawHead {
    /// The socket received `bytes`.
    pub(super) fn received(&self, mut bytes: &[u8]) {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while received.ended.is_none() && !bytes.is_empty() {
            let body = usize::try_from(received.body).unwrap_or(usize::MAX).min(bytes.len());
            received.body -= body as u64;
            bytes = &bytes[body..];
            let (piece, rest) = bytes.split_at(memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1));
            bytes = rest;
            // Copied only if it came in pieces; an idle connection keeps no memory for lines.
            let mut line = std::mem::take(&mut received.line);
            if !line.is_empty() || !piece.ends_with(b"\n") {
                line.extend_from_slice(piece);
            }
            let whole = if line.is_empty() { piece } else { &line };
            if whole.len() > LIMIT {
                *received = Received { ended: Some(true), ..Received::default() };
            } else if whole.ends_with(b"\n") {
                received.line_ends(whole);
            } else {
                received.line = line;
            }
        }
    }

    /// Whether all that was received belonged to requests that hyper has read.
    pub(super) fn is_empty(&self) -> bool {
        let received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let partial = received.in_head || !received.line.is_empty() || received.body > 0;
        !partial && received.unread == 0 && received.ended.is_none()
    }

    /// hyper has read the next header, of a `chunked` body or not: whether it gives the length of that in two ways.
    pub(super) fn has_two_lengths(&self, chunked: bool) -> bool {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        received.unread = received.unread.saturating_sub(1);
        chunked && received.ended.unwrap_or(true)
    }
}

impl Received {
    fn line_ends(&mut self, line: &[u8]) {
        let line = line.trim_ascii_end();
        let is_of =
            |name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        // The first letters alone rule out most fields.
        if let Some(b'T' | b't' | b'C' | b'c') = line.first() {
            if is_of(b"transfer-encoding:") {
                self.chunked = true;
            } else if is_of(b"content-length:") {
                let value = line[b"content-length:".len()..].trim_ascii();
                // hyper refuses what is no number.
                self.length =
                    Some(str::from_utf8(value).ok().and_then(|value| value.parse().ok()).unwrap_or(0));
            }
        } else if line == b"PRI * HTTP/2.0" {
            self.ended = Some(true);
        } else if line.is_empty() && self.in_head {
            let length = self.length.take();
            self.ended = self.chunked.then_some(length.is_some());
            self.body = length.unwrap_or(0);
            self.unread += 1;
        }
        self.in_head = !line.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use super::RawHead;

    #[test]
    fn a_length_beside_chunked_is_seen_in_any_order_and_case() {
        for head in [
            "Transfer-Encoding: chunked\r\ncontent-LENGTH: 3",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
        ] {
            let raw = RawHead::default();
            raw.received(format!("\r\n\r\nPOST / HTTP/1.1\r\n{head}\r\n\r\n").as_bytes());
            assert!(raw.has_two_lengths(true));
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
                        assert!(!raw.has_two_lengths(false));
                    }
                    let found = raw.has_two_lengths(true);
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
        assert!(raw.0.lock().unwrap().line.capacity() <= super::LIMIT);
        assert!(raw.has_two_lengths(true));
        assert!(!raw.has_two_lengths(false));
    }
}
