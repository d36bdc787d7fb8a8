//! Content codings (RFC 9110, section 8.4) and their decoders.

use crate::FetchError;
use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::{HeaderMap, header::CONTENT_ENCODING};
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

/// The value of `Accept-Encoding`.
pub(crate) const ACCEPTED: &str = "gzip, deflate, br, zstd";
/// The largest window of all codings, in bytes.
pub(crate) const MAX_WINDOW: usize = 16 * 1024 * 1024;
/// The most codings of one body.
const MAX_STACKED: usize = 2;
/// The binary logarithm of the largest window that a Zstandard frame may ask for: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// Its name (RFC 9110, section 8.4.1).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The most memory that a decoder takes, in bytes, without its tables.
    pub(crate) fn window(self) -> usize {
        match self {
            Self::Gzip | Self::Deflate => 64 * 1024,
            Self::Zstd => 1 << ZSTD_WINDOW_LOG,
            Self::Brotli => MAX_WINDOW,
        }
    }
}

/// The codings of a response, in the order in which they were applied; `None` if one is unknown: servers name charsets
/// and transfer encodings here, and send the page as it stands. Browsers do not decode it either.
pub(crate) fn codings(headers: &HeaderMap) -> Result<Option<Vec<Coding>>, FetchError> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let Ok(value) = value.to_str() else { return Ok(None) };
        for token in value.split(',').map(str::trim) {
            codings.push(match token.to_ascii_lowercase().as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                "br" => Coding::Brotli,
                "zstd" => Coding::Zstd,
                "compress" | "x-compress" => return Err(FetchError::BadEncoding),
                _ => return Ok(None),
            });
            if codings.len() > MAX_STACKED {
                return Err(FetchError::BadEncoding);
            }
        }
    }
    Ok(Some(codings))
}

/// Makes a decoder of `codings` that reads from `coded`; every layer fails with [`ErrorKind::FileTooLarge`] once it has
/// given more than `limit` bytes. `coded` may report [`ErrorKind::WouldBlock`]: the decoder then does so too, and goes on
/// with the next call.
pub(crate) fn decoder(
    coded: impl Read + Send + 'static,
    codings: &[Coding],
    limit: usize,
) -> Box<dyn BufRead + Send> {
    let mut reader: Box<dyn BufRead + Send> = Box::new(BufReader::new(coded));
    for coding in codings.iter().rev() {
        let (start, coded) = (Vec::new(), Some(reader));
        let layer = Layer { coding: *coding, start, coded, decoder: None, left: limit };
        reader = Box::new(BufReader::new(layer));
    }
    reader
}

/// A decoder of one coding. It is made when the first two bytes have arrived, since they decide which one it is.
struct Layer {
    coding: Coding,
    start: Vec<u8>,
    coded: Option<Box<dyn BufRead + Send>>,
    decoder: Option<Box<dyn Read + Send>>,
    left: usize,
}

impl Read for Layer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(coded) = self.coded.as_mut().filter(|_| self.start.len() < 2) {
            let Some(byte) = coded.fill_buf()?.first().copied() else { break };
            coded.consume(1);
            self.start.push(byte);
        }
        if let Some(coded) = self.coded.take() {
            self.decoder = Some(self.decoder(coded)?);
        }
        let read = self.decoder.as_mut().ok_or(ErrorKind::InvalidData)?.read(buffer)?;
        self.left = self.left.checked_sub(read).ok_or(ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

impl Layer {
    fn decoder(&mut self, coded: Box<dyn BufRead + Send>) -> io::Result<Box<dyn Read + Send>> {
        let start = std::mem::take(&mut self.start);
        // A zlib header: RFC 1950, section 2.2.
        let is_zlib = matches!(start[..], [method, flags]
        if method & 0x0f == 8 && u16::from_be_bytes([method, flags]) % 31 == 0);
        // RFC 1952, section 2.3.1.
        let is_gzip = [0x1f, 0x8b].starts_with(&start);
        // A window beyond 16 MiB is an extension of the format that "br" does not have (RFC 7932, section 9.1), and the
        // decoder would take it.
        let is_large_window = start.first().is_some_and(|byte| byte & 0x7f == 0x11);
        let coded = Cursor::new(start).chain(coded);
        Ok(match self.coding {
            // The decoder would take a short body that is no gzip for one that ends early.
            Coding::Gzip if !is_gzip => return Err(ErrorKind::InvalidData.into()),
            Coding::Gzip => Box::new(Gzip::Header(GzDecoder::new(coded))),
            // "deflate" is the zlib format, but some servers send a bare deflate stream; browsers take both.
            Coding::Deflate if is_zlib => Box::new(ZlibDecoder::new(coded)),
            Coding::Deflate => Box::new(DeflateDecoder::new(coded)),
            Coding::Brotli if is_large_window => return Err(ErrorKind::InvalidData.into()),
            Coding::Brotli => {
                Box::new(Brotli(Decompressor::new(EndAware { inner: coded, ended: false }, 4096)))
            }
            // What follows a frame has to be another one, as in Chromium.
            Coding::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(coded)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
        })
    }
}

/// A gzip decoder that ignores what follows the compressed data, as browsers do: the trailer, which may be cut, and
/// further members.
enum Gzip<R: BufRead> {
    Header(GzDecoder<R>),
    Data(DeflateDecoder<R>),
    /// The header was invalid.
    Failed,
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Header(decoder) = self {
            // It takes the header, and no byte of the data as long as there is no room for any.
            decoder.read(&mut [])?;
            if decoder.header().is_some()
                && let Self::Header(decoder) = std::mem::replace(self, Self::Failed)
            {
                *self = Self::Data(DeflateDecoder::new(decoder.into_inner()));
            }
        }
        match self {
            Self::Data(decoder) => decoder.read(buffer),
            Self::Header(_) | Self::Failed => Err(ErrorKind::InvalidData.into()),
        }
    }
}

/// A Brotli decoder that tells a stream that ends early from an invalid one.
struct Brotli<R: Read>(Decompressor<EndAware<R>>);

impl<R: Read> Read for Brotli<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .read(buffer)
            .map_err(|error| if self.0.get_ref().ended { ErrorKind::UnexpectedEof.into() } else { error })
    }
}

/// A reader that knows whether it has reached its end.
struct EndAware<R> {
    inner: R,
    ended: bool,
}

impl<R: Read> Read for EndAware<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.ended = read == 0 && !buffer.is_empty();
        Ok(read)
    }
}
