//! HTTP/2 frames, written by hand.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const SETTINGS: u8 = 4;
/// Flags.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// The header block of a 200 without fields, and of a 103.
pub(crate) const OK: &[u8] = &[0x88];
pub(crate) const EARLY_HINTS: &[u8] = b"\x08\x03103";

/// An HTTP/2 frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Reads the preface.
pub(crate) async fn preface(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    stream.read_exact(&mut [0; 24]).await.map(|_| ())
}

/// Reads frames up to the next request's, and returns its stream.
pub(crate) async fn request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<u8> {
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        stream.read_exact(&mut vec![0; length as usize]).await?;
        if header[3] == HEADERS {
            return Ok(header[8]);
        }
    }
}
