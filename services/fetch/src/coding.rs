//! Content codings (RFC 9110, section 8.4), undone.

use crate::FetchError;
use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::{HeaderMap, header::CONTENT_ENCODING};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

/// What is asked for.
pub(crate) const ACCEPTED: &str = "gzip, deflate, br, zstd";
/// How many codings may be stacked.
const MAX_STACKED: usize = 2;
/// Of the window that a Zstandard frame asks for, the logarithm: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The largest window of all codings, in bytes.
    pub(crate) const MAX_WINDOW: u64 = 16 * 1024 * 1024;

    /// The most memory that a decoder takes, in bytes, give or take its tables.
    pub(crate) fn window(self) -> u64 {
        match self {
            Self::Gzip | Self::Deflate => 64 * 1024,
            Self::Zstd => 1 << ZSTD_WINDOW_LOG,
            Self::Brotli => Self::MAX_WINDOW,
        }
    }
}

/// The codings a response has, in the order they were applied.
pub(crate) fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, FetchError> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value.to_str().map_err(|_| FetchError::BadEncoding)?;
        for token in value.split(',').map(str::trim) {
            codings.push(match token.to_ascii_lowercase().as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                "br" => Coding::Brotli,
                "zstd" => Coding::Zstd,
                _ => return Err(FetchError::BadEncoding),
            });
            if codings.len() > MAX_STACKED {
                return Err(FetchError::BadEncoding);
            }
        }
    }
    Ok(codings)
}

/// Undoes `codings` and gives what comes out to `sink`, piece by piece; no layer gives more than `limit` bytes.
/// CPU work: linear in `limit`.
pub(crate) fn decode(
    wire: &[u8],
    codings: &[Coding],
    limit: usize,
    mut sink: impl FnMut(&[u8]),
) -> Result<(), FetchError> {
    // Some servers say that an empty body is coded, and send nothing; browsers take it.
    if wire.is_empty() {
        return Ok(());
    }
    let mut pump = || -> io::Result<()> {
        let mut reader = reader(wire, codings, limit)?;
        loop {
            let piece = reader.fill_buf()?;
            if piece.is_empty() {
                return Ok(());
            }
            sink(piece);
            let length = piece.len();
            reader.consume(length);
        }
    };
    pump().map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => FetchError::TooLarge,
        ErrorKind::UnexpectedEof => FetchError::Incomplete,
        _ => FetchError::BadEncoding,
    })
}

fn reader<'a>(wire: &'a [u8], codings: &[Coding], limit: usize) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut reader: Box<dyn BufRead> = Box::new(wire);
    for coding in codings.iter().rev() {
        let layer = Limited { inner: decoder(*coding, reader)?, left: limit };
        reader = Box::new(BufReader::new(layer));
    }
    Ok(reader)
}

fn decoder<'a>(coding: Coding, mut wire: Box<dyn BufRead + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match coding {
        // What follows the first member is left unread, as browsers do.
        Coding::Gzip => Box::new(GzDecoder::new(wire)),
        // "deflate" is zlib's format, but some servers send it bare; browsers take both.
        Coding::Deflate if is_zlib(wire.fill_buf()?) => Box::new(ZlibDecoder::new(wire)),
        Coding::Deflate => Box::new(DeflateDecoder::new(wire)),
        // A window beyond 16 MiB is an extension of the format that "br" does not have (RFC 7932, section 9.1), and
        // the decoder would take it.
        Coding::Brotli if wire.fill_buf()?.first().is_some_and(|byte| byte & 0x7f == 0x11) => {
            return Err(ErrorKind::InvalidData.into());
        }
        Coding::Brotli => Box::new(Brotli(Decompressor::new(Watched { inner: wire, ended: false }, 4096))),
        Coding::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(wire)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
    })
}

/// Whether the stream begins with a zlib header (RFC 1950, section 2.2).
fn is_zlib(start: &[u8]) -> bool {
    matches!(start, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

/// A reader that fails once it has given more than its limit.
struct Limited<R> {
    inner: R,
    left: usize,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read).ok_or(ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

/// Brotli's reader, which calls a stream that ends early invalid.
struct Brotli<R: Read>(Decompressor<Watched<R>>);

impl<R: Read> Read for Brotli<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .read(buffer)
            .map_err(|error| if self.0.get_ref().ended { ErrorKind::UnexpectedEof.into() } else { error })
    }
}

/// A reader that knows whether it has come to its end.
struct Watched<R> {
    inner: R,
    ended: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.ended = read == 0 && !buffer.is_empty();
        Ok(read)
    }
}
