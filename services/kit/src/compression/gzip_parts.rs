//! One body in `gzip` (RFC 1952) from parts that can each be decoded when they arrive.

use flate2::{Compression, Crc, write::DeflateEncoder};
use std::{
    io::{self, Write},
    mem,
};

/// A header without a name, a time or flags, from an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// The last block of DEFLATE (RFC 1951), which is empty.
const LAST_BLOCK: [u8; 2] = [3, 0];
const LEVEL: u32 = 6;

/// The state between two parts: no more than a checksum, so that a body may wait for its next part for long. Each part has
/// an encoder of its own, which refers to nothing before it, and ends at a whole byte.
#[derive(Debug, Default)]
pub(super) struct GzipParts {
    checksum: Crc,
    is_begun: bool,
}

impl GzipParts {
    /// The next part of the body, compressed: some 10 ms of work for each megabyte.
    pub(super) fn part(self, data: &[u8]) -> io::Result<(Vec<u8>, Self)> {
        self.encode(data, Compression::new(LEVEL))
    }

    /// The next part of the body as it is, which takes less than a millisecond for each megabyte.
    pub(super) fn stored(self, data: &[u8]) -> io::Result<(Vec<u8>, Self)> {
        self.encode(data, Compression::none())
    }

    fn encode(mut self, data: &[u8], level: Compression) -> io::Result<(Vec<u8>, Self)> {
        let mut encoder = DeflateEncoder::new(self.begin(), level);
        encoder.write_all(data)?;
        encoder.flush()?;
        self.checksum.update(data);
        // The encoder ends its stream when it is dropped, which belongs to no part.
        let part = mem::take(encoder.get_mut());
        Ok((part, self))
    }

    /// The end of the body.
    pub(super) fn end(mut self) -> Vec<u8> {
        let mut end = self.begin();
        end.extend_from_slice(&LAST_BLOCK);
        end.extend_from_slice(&self.checksum.sum().to_le_bytes());
        end.extend_from_slice(&self.checksum.amount().to_le_bytes());
        end
    }

    /// The header, if there was none yet.
    fn begin(&mut self) -> Vec<u8> {
        if mem::replace(&mut self.is_begun, true) { Vec::new() } else { HEADER.to_vec() }
    }
}
