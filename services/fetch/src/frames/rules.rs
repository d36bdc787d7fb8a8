//! The rules for the frames of an HTTP/2 connection (RFC 9113, section 6).

use crate::{interim::MAX_INTERIM, traffic::TrafficFault};
use std::collections::BTreeMap;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
/// Flags of `DATA` and `HEADERS`, and of `HEADERS` and `CONTINUATION`.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The most control frames while no job uses the connection.
const MAX_IDLE_FRAMES: usize = 16;
/// The most bytes then of streams that were reset: the origin may have sent them before it learned of it. No more than its
/// window.
const MAX_LATE_BYTES: usize = 128 * 1024;
/// The most streams remembered.
const MAX_STREAMS: usize = 256;

/// The header of a frame (RFC 9113, section 4.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHeader {
    pub(super) length: usize,
    kind: u8,
    flags: u8,
    stream: u32,
}

impl FrameHeader {
    /// Its length in bytes.
    pub(super) const LENGTH: usize = 9;

    pub(super) fn parse(bytes: [u8; Self::LENGTH]) -> Self {
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let (length, stream) = (number(&bytes[..3]) as usize, number(&bytes[5..]) & 0x7fff_ffff);
        Self { length, kind: bytes[3], flags: bytes[4], stream }
    }

    pub(super) fn ends_header_block(self) -> bool {
        matches!(self.kind, HEADERS | CONTINUATION) && self.flags & END_HEADERS != 0
    }

    fn ends_stream(self) -> bool {
        self.kind == RST_STREAM || matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }
}

/// The header blocks of a stream whose end has not come.
#[derive(Debug, Default)]
struct Blocks {
    count: usize,
    bytes: usize,
    /// Whether the body has begun: what follows are trailers.
    has_data: bool,
}

#[derive(Debug)]
pub(super) struct FrameRules {
    max_header_bytes: usize,
    begun: bool,
    streams: BTreeMap<u32, Blocks>,
    idle_frames: usize,
    late_bytes: usize,
}

impl FrameRules {
    pub(super) fn new(max_header_bytes: usize) -> Self {
        Self { max_header_bytes, begun: false, streams: BTreeMap::new(), idle_frames: 0, late_bytes: 0 }
    }

    /// Checks the next frame; `idle` says whether no job uses the connection.
    pub(super) fn check(&mut self, frame: FrameHeader, idle: bool) -> Result<(), TrafficFault> {
        // RFC 9113, section 3.4.
        if !std::mem::replace(&mut self.begun, true) && (frame.kind != SETTINGS || frame.stream != 0) {
            return Err(TrafficFault::NotHttp);
        }
        if idle {
            self.check_idle(frame)?;
        } else {
            (self.idle_frames, self.late_bytes) = (0, 0);
        }
        self.check_blocks(frame)
    }

    fn check_idle(&mut self, frame: FrameHeader) -> Result<(), TrafficFault> {
        let within = if self.streams.contains_key(&frame.stream) {
            self.late_bytes += FrameHeader::LENGTH + frame.length;
            self.late_bytes <= MAX_LATE_BYTES
        } else {
            self.idle_frames += 1;
            self.idle_frames <= MAX_IDLE_FRAMES && !matches!(frame.kind, DATA | HEADERS | CONTINUATION)
        };
        within.then_some(()).ok_or(TrafficFault::TooMuch)
    }

    /// Of a stream's header blocks only the last can be final, so all before it are interim responses: their status
    /// need not be decoded.
    fn check_blocks(&mut self, frame: FrameHeader) -> Result<(), TrafficFault> {
        if frame.ends_stream() {
            self.streams.remove(&frame.stream);
            return Ok(());
        }
        match frame.kind {
            HEADERS => {
                let blocks = self.streams.entry(frame.stream).or_default();
                let interim = (blocks.count, blocks.bytes);
                blocks.count += 1;
                blocks.bytes += frame.length;
                if !blocks.has_data && (interim.0 > MAX_INTERIM || interim.1 > self.max_header_bytes) {
                    return Err(TrafficFault::TooMuch);
                }
                if self.streams.len() > MAX_STREAMS {
                    self.streams.pop_first();
                }
            }
            CONTINUATION => {
                if let Some(blocks) = self.streams.get_mut(&frame.stream) {
                    blocks.bytes += frame.length;
                }
            }
            DATA => {
                if let Some(blocks) = self.streams.get_mut(&frame.stream) {
                    blocks.has_data = true;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;

    fn frame(kind: u8, flags: u8, stream: u32, length: usize) -> FrameHeader {
        FrameHeader { length, kind, flags, stream }
    }

    fn begun() -> FrameRules {
        let mut rules = FrameRules::new(1000);
        rules.check(frame(SETTINGS, 0, 0, 0), false).unwrap();
        rules
    }

    #[test]
    fn a_header_is_read_as_the_standard_says() {
        let header = FrameHeader::parse([1, 2, 3, HEADERS, END_HEADERS, 0x80, 0, 1, 4]);
        assert_eq!((header.length, header.stream), (0x0001_0203, 0x104));
        assert!(header.ends_header_block() && !header.ends_stream());
    }

    #[test]
    fn the_first_frame_has_to_be_settings() {
        let mut rules = FrameRules::new(1000);
        assert_eq!(rules.check(frame(PING, 0, 0, 8), false), Err(TrafficFault::NotHttp));
    }

    #[test]
    fn sixteen_interim_responses_and_a_final_one_are_accepted() {
        let mut rules = begun();
        for _ in 0..=MAX_INTERIM {
            rules.check(frame(HEADERS, END_HEADERS, 1, 10), false).unwrap();
        }
        rules.check(frame(HEADERS, END_HEADERS, 3, 10), false).unwrap();
        assert_eq!(rules.check(frame(HEADERS, END_HEADERS, 1, 10), false), Err(TrafficFault::TooMuch));
    }

    #[test]
    fn interim_responses_together_are_limited_as_a_header_is() {
        let mut rules = begun();
        rules.check(frame(HEADERS, 0, 1, 900), false).unwrap();
        rules.check(frame(CONTINUATION, END_HEADERS, 1, 101), false).unwrap();
        assert_eq!(rules.check(frame(HEADERS, END_HEADERS, 1, 1), false), Err(TrafficFault::TooMuch));
    }

    #[test]
    fn an_idle_connection_may_receive_a_few_control_frames() {
        let mut rules = begun();
        for _ in 0..2 {
            for _ in 0..MAX_IDLE_FRAMES {
                rules.check(frame(PING, 0, 0, 8), true).unwrap();
            }
            rules.check(frame(PING, 0, 0, 8), false).unwrap();
        }
        for _ in 0..MAX_IDLE_FRAMES {
            rules.check(frame(PING, 0, 0, 8), true).unwrap();
        }
        assert_eq!(rules.check(frame(PING, 0, 0, 8), true), Err(TrafficFault::TooMuch));
    }

    #[test]
    fn an_idle_connection_may_receive_the_rest_of_a_stream_that_was_reset_but_no_other() {
        let mut rules = begun();
        rules.check(frame(HEADERS, END_HEADERS, 1, 10), false).unwrap();
        rules.check(frame(HEADERS, END_HEADERS | END_STREAM, 3, 10), false).unwrap();
        rules.check(frame(DATA, 0, 1, 16 * 1024), true).unwrap();
        assert_eq!(rules.check(frame(DATA, 0, 3, 1), true), Err(TrafficFault::TooMuch));
        let late = (0..16).find_map(|_| rules.check(frame(DATA, 0, 1, 16 * 1024), true).err());
        assert_eq!(late, Some(TrafficFault::TooMuch));
    }

    #[test]
    fn few_streams_are_remembered() {
        let mut rules = begun();
        for stream in 0..10_000 {
            rules.check(frame(HEADERS, END_HEADERS, 2 * stream + 1, 1), false).unwrap();
        }
        assert_eq!(rules.streams.len(), MAX_STREAMS);
    }
}
