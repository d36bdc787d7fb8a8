//! A page that is decoded batch by batch while its body arrives.

use crate::{
    FetchError, ProcessorTime,
    budget::Allowance,
    coding::{self, Coding},
};
use std::{
    io::{self, BufRead, Cursor, ErrorKind, Read},
    sync::mpsc::{Receiver, Sender, TryRecvError, channel},
};

/// What has been decoded so far, and how to go on. It owns its memory's reservations, so that a job whose caller was
/// cancelled keeps them until it is over.
pub(crate) struct Decoding {
    pub(crate) page: Vec<u8>,
    pub(crate) allowance: Allowance,
    /// Takes coded bytes; `None` after the end of the body or of its coded data.
    pub(crate) input: Option<Sender<Vec<u8>>>,
    pub(crate) time: ProcessorTime,
    decoder: Box<dyn BufRead + Send>,
    windows: usize,
    limit: usize,
}

/// Why a page cannot be decoded.
pub(crate) enum DecodingError {
    /// It takes more processor time than a page may.
    ProcessorTime,
    Page(FetchError),
}

impl Decoding {
    pub(crate) fn new(codings: &[Coding], limit: usize) -> Self {
        let (input, batches) = channel();
        Self {
            page: Vec::new(),
            allowance: Allowance::default(),
            input: Some(input),
            time: ProcessorTime::default(),
            decoder: coding::decoder(Batches { batches, batch: Cursor::default() }, codings, limit),
            windows: codings.iter().map(|coding| coding.window()).sum(),
            limit,
        }
    }

    /// Bytes of memory that are enough for the whole page.
    pub(crate) fn most(&self) -> usize {
        self.windows.saturating_add(self.limit)
    }

    /// Bytes of memory that are enough to go on.
    pub(crate) fn needed(&self) -> usize {
        (self.windows + self.page.len()).saturating_add(1).min(self.most())
    }

    /// Takes the next bytes; those after the end of the coded data are ignored.
    pub(crate) fn push(&mut self, coded: Vec<u8>) {
        if let Some(input) = &self.input {
            // The receiver is part of the decoder, which lives as long.
            let _ = input.send(coded);
        }
    }

    /// Decodes what was pushed, as far as the memory goes. CPU work, bounded by [`ProcessorTime`]. Returns whether all of
    /// it is decoded, or more memory is needed first.
    pub(crate) fn advance(&mut self) -> Result<bool, DecodingError> {
        let most = self.allowance.bytes.saturating_sub(self.windows).min(self.limit);
        loop {
            let decoded = self.time.measure(|| self.decoder.fill_buf());
            if self.time.is_too_long(self.page.len()) {
                return Err(DecodingError::ProcessorTime);
            }
            let piece = match decoded {
                Ok([]) => {
                    self.input = None;
                    self.page.shrink_to_fit();
                    return Ok(true);
                }
                Ok(piece) => piece,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => {
                    return Err(DecodingError::Page(match error.kind() {
                        ErrorKind::FileTooLarge => FetchError::TooLarge,
                        ErrorKind::UnexpectedEof => FetchError::Incomplete,
                        _ => FetchError::BadEncoding,
                    }));
                }
            };
            let length = piece.len().min(most - self.page.len());
            if length == 0 {
                return Ok(false);
            }
            append(&mut self.page, &piece[..length], most);
            self.decoder.consume(length);
        }
    }
}

/// Appends, growing by doubling but never past `limit`.
pub(crate) fn append(bytes: &mut Vec<u8>, data: &[u8], limit: usize) {
    let length = bytes.len() + data.len();
    if length > bytes.capacity() {
        let capacity = length.max(bytes.capacity() * 2).min(limit.max(length));
        bytes.reserve_exact(capacity - bytes.len());
    }
    bytes.extend_from_slice(data);
}

/// Reads batches of bytes as they come; [`ErrorKind::WouldBlock`] while the next one has not come.
struct Batches {
    batches: Receiver<Vec<u8>>,
    batch: Cursor<Vec<u8>>,
}

impl Read for Batches {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.batch.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            match self.batches.try_recv() {
                Ok(next) => self.batch = Cursor::new(next),
                Err(TryRecvError::Empty) => {
                    self.batch = Cursor::default();
                    return Err(ErrorKind::WouldBlock.into());
                }
                Err(TryRecvError::Disconnected) => return Ok(0),
            }
        }
    }
}
