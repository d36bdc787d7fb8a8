//! Which readers have to go, and which never.

use super::{CutOff, PIECE_HTTP2, QueuedReader, SEND_BUFFER, SMALL, SendQueue};
use crate::{Client, ClientKey};
use bytes::Bytes;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const LIMIT: usize = 1024 * 1024;
const STALLED: Duration = Duration::from_secs(5);

struct Fixture {
    queue: Arc<SendQueue>,
    start: Instant,
}

impl Fixture {
    fn new(per_client: f64) -> Self {
        Self { queue: Arc::new(SendQueue::new(LIMIT as u64, per_client, STALLED)), start: Instant::now() }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn bytes(&self) -> usize {
        usize::try_from(self.queue.queued.lock().unwrap().bytes).unwrap()
    }

    /// `data`, requested by that client over HTTP/1; `None` if there is no room.
    fn push(&self, data: &Bytes, client: u8, seconds: u64) -> Option<QueuedReader> {
        self.queue.push(data.clone(), key(client), Arc::default(), true, self.at(seconds)).ok()
    }

    /// The same over HTTP/2.
    fn push_http2(&self, data: &Bytes, client: u8, seconds: u64) -> Option<QueuedReader> {
        self.push_stream(data, client, &Arc::default(), seconds)
    }

    /// The same on that connection.
    fn push_stream(
        &self,
        data: &Bytes,
        client: u8,
        connection: &Arc<CutOff>,
        seconds: u64,
    ) -> Option<QueuedReader> {
        self.queue.push(data.clone(), key(client), Arc::clone(connection), false, self.at(seconds)).ok()
    }
}

fn key(client: u8) -> ClientKey {
    Client::new([192, 0, 2, client].into()).key()
}

fn data(length: usize) -> Bytes {
    Bytes::from(vec![0; length])
}

fn is_cut_off(reader: &QueuedReader) -> bool {
    assert_eq!(reader.reading.connection.token.is_cancelled(), reader.len() == 0);
    reader.len() == 0
}

#[test]
fn the_client_that_has_taken_nothing_for_longest_is_cut_off() {
    let queue = Fixture::new(1.0);
    let [first, second, third] = [(); 3].map(|()| data(LIMIT / 2));
    let first = queue.push(&first, 1, 0).unwrap();
    let second = queue.push(&second, 2, 1).unwrap();
    // The older one reads.
    assert!(first.take(SMALL, queue.at(9)).is_some());
    let third = queue.push(&third, 3, 10).unwrap();
    assert!(!is_cut_off(&first) && is_cut_off(&second) && !is_cut_off(&third));
    assert!(second.take(SMALL, queue.at(10)).is_none());
    assert_eq!(queue.bytes(), LIMIT);
}

#[test]
fn clients_that_read_are_never_cut_off() {
    let queue = Fixture::new(1.0);
    let readers = [1, 2].map(|client| queue.push(&data(LIMIT / 2), client, 0).unwrap());
    for seconds in 1..100 {
        assert!(queue.push(&data(LIMIT / 2), 3, seconds).is_none(), "{seconds}");
        if seconds % 4 == 0 {
            assert!(readers.iter().all(|reader| reader.take(SMALL / 16, queue.at(seconds)).is_some()));
        }
    }
    assert!(readers.iter().all(|reader| !is_cut_off(reader)));
}

#[test]
fn bytes_count_once_for_all_readers_and_stay_while_one_of_them_reads() {
    let queue = Fixture::new(0.5);
    let cached = data(LIMIT / 2);
    let readers: Vec<_> = (0..20).map(|client| queue.push(&cached, client, 0).unwrap()).collect();
    assert_eq!(queue.bytes(), LIMIT / 2);
    let other = queue.push(&data(LIMIT / 2), 50, 0).unwrap();
    assert!(readers[7].take(SMALL, queue.at(9)).is_some());
    let _new = queue.push(&data(LIMIT / 2), 51, 10).unwrap();
    assert!(is_cut_off(&other) && readers.iter().all(|reader| !is_cut_off(reader)));
    drop(readers);
    assert_eq!(queue.bytes(), LIMIT / 2);
}

#[test]
fn a_client_holds_at_most_its_share_and_loses_only_its_own() {
    let queue = Fixture::new(0.5);
    let reader = queue.push(&data(LIMIT / 4), 1, 0).unwrap();
    let own = [(); 2].map(|()| queue.push(&data(LIMIT / 4), 2, 1).unwrap());
    assert!(queue.push(&data(LIMIT / 4), 2, 2).is_none());
    // Others still have room.
    assert!(queue.push(&data(LIMIT / 4), 3, 2).is_some());
    let again = queue.push(&data(LIMIT / 4), 2, 7).unwrap();
    assert_eq!(own.each_ref().map(is_cut_off).iter().filter(|cut| **cut).count(), 1);
    assert!(!is_cut_off(&reader) && !is_cut_off(&again));
}

#[test]
fn a_response_over_the_limit_or_the_share_is_sent_alone() {
    let queue = Fixture::new(0.5);
    let small = queue.push(&data(LIMIT / 4), 1, 0).unwrap();
    assert!(queue.push(&data(LIMIT + 1), 2, 1).is_none());
    drop(small);
    let large = queue.push(&data(LIMIT + 1), 2, 1).unwrap();
    assert!(queue.push(&data(LIMIT / 4), 1, 2).is_none());
    drop(large);
    assert_eq!(queue.bytes(), 0);
}

#[test]
fn bytes_of_responses_that_were_read_are_free_again() {
    let queue = Fixture::new(1.0);
    for _ in 0..10 {
        let response = data(LIMIT / 2);
        let readers = [1, 2].map(|client| queue.push(&response, client, 0).unwrap());
        assert_eq!(queue.bytes(), LIMIT / 2);
        while readers[0].len() > 0 {
            readers[0].take(SMALL, queue.at(0)).unwrap();
        }
        drop(readers);
        assert_eq!(queue.bytes(), 0);
    }
    assert!(queue.queue.queued.lock().unwrap().responses.is_empty());
}

#[test]
fn an_http2_stream_that_is_cut_off_frees_its_memory_although_its_connection_stays() {
    let queue = Fixture::new(1.0);
    let response = data(LIMIT);
    let stream = queue.push_http2(&response, 1, 0).unwrap();
    let _buffered = stream.take(SMALL, queue.at(0)).unwrap();
    let _other = queue.push(&data(LIMIT / 2), 2, 10).unwrap();
    assert!(stream.take(SMALL, queue.at(10)).is_none());
    assert!(!stream.reading.connection.token.is_cancelled());
    assert!(response.is_unique(), "nothing else refers to it");
}

/// Takes all of `stream`, as the library does of a client whose window is closed.
fn take_all(stream: QueuedReader, now: Instant) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    loop {
        let (piece, last) = stream.take(PIECE_HTTP2, now).unwrap();
        pieces.push(piece);
        if last {
            drop(stream);
            return pieces;
        }
    }
}

#[test]
fn the_end_of_an_http2_stream_counts_until_the_library_has_sent_it() {
    let queue = Fixture::new(1.0);
    let stream = queue.push_http2(&data(SMALL), 1, 0).unwrap();
    let connection = stream.reading.connection.clone();
    let pieces = take_all(stream, queue.at(0));
    // The rest of the response is free.
    assert_eq!(queue.bytes(), SEND_BUFFER + PIECE_HTTP2);
    // To cut off the stream would not free it.
    let large = queue.push(&data(LIMIT), 2, 10).unwrap();
    assert!(connection.token.is_cancelled());
    drop((large, pieces));
    assert_eq!(queue.bytes(), 0);
    let stream = queue.push_http2(&data(SMALL), 1, 10).unwrap();
    drop(take_all(stream, queue.at(10)));
    assert_eq!(queue.bytes(), 0);
}

#[test]
fn each_http2_reader_of_a_shared_response_counts_for_what_the_library_buffers_for_it() {
    for (length, counted) in [(2000, 16 * 1024), (PIECE_HTTP2, PIECE_HTTP2), (LIMIT / 4, 32 * 1024)] {
        let queue = Fixture::new(0.5);
        let cached = data(length);
        let once = if length > PIECE_HTTP2 { length } else { 0 };
        let mut pieces = Vec::new();
        // One client, on connections of its own, up to its share.
        while let Some(stream) = queue.push_http2(&cached, 1, 0) {
            pieces.push(stream.take(PIECE_HTTP2, queue.at(0)).unwrap());
            pieces.push((Bytes::from_owner(Kept(stream)), false));
        }
        let streams = pieces.len() / 2;
        assert_eq!(queue.bytes(), streams * counted + once);
        assert!(queue.bytes() <= LIMIT / 2 && queue.bytes() + counted > LIMIT / 2, "{streams}");
        // The library may keep pieces of streams that are over.
        pieces.retain(|(piece, _)| !piece.is_empty());
        assert_eq!(queue.bytes(), streams * counted);
        drop(pieces);
        assert_eq!(queue.bytes(), 0);
    }
}

/// Keeps a stream open.
struct Kept(#[expect(dead_code, reason = "dropped with it")] QueuedReader);

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &[]
    }
}

#[test]
fn a_response_at_the_address_of_one_that_was_read_counts() {
    let queue = Fixture::new(1.0);
    let response = data(LIMIT / 4);
    let pieces = take_all(queue.push_http2(&response, 1, 0).unwrap(), queue.at(0));
    let before = queue.bytes();
    let _again = queue.push(&response, 2, 0).unwrap();
    assert_eq!(queue.bytes(), before + LIMIT / 4);
    drop(pieces);
}

#[test]
fn streams_that_can_be_cut_off_alone_come_before_connections() {
    let queue = Fixture::new(1.0);
    let connection = Arc::default();
    let over = queue.push_stream(&data(LIMIT / 4), 1, &connection, 0).unwrap();
    let buffered = take_all(over, queue.at(0));
    let unread = queue.push_stream(&data(LIMIT / 2), 1, &connection, 1).unwrap();
    let _other = queue.push(&data(LIMIT / 2), 2, 10).unwrap();
    assert!(unread.take(PIECE_HTTP2, queue.at(10)).is_none());
    assert!(!connection.token.is_cancelled());
    drop(buffered);
}

#[test]
fn a_connection_of_which_a_stream_is_read_is_not_cut_off() {
    let queue = Fixture::new(1.0);
    let [reading, stalled] = [(); 2].map(|()| Arc::<CutOff>::default());
    let pieces = [&reading, &stalled].map(|connection| {
        let stream = queue.push_stream(&data(SMALL), 1, connection, 0).unwrap();
        take_all(stream, queue.at(0))
    });
    // The library has sent a piece of another stream.
    reading.progressed(queue.queue.millis(queue.at(9)));
    let large = LIMIT - SEND_BUFFER - PIECE_HTTP2;
    let large = queue.push(&data(large), 2, 10).unwrap();
    assert!(stalled.token.is_cancelled() && !reading.token.is_cancelled());
    drop(large);
    assert!(queue.push(&data(LIMIT), 2, 10).is_none());
    assert!(!reading.token.is_cancelled());
    drop(pieces);
}

#[test]
fn a_response_counts_as_16_kib_at_least() {
    let queue = Fixture::new(1.0);
    let small = queue.push_http2(&data(2000), 1, 0).unwrap();
    assert_eq!(queue.bytes(), 16 * 1024);
    drop(small);
    assert_eq!(queue.bytes(), 0);
}

#[test]
fn room_for_a_part_is_made_by_those_that_take_nothing_and_leaves_half_of_all_to_parts_that_are_there() {
    let queue = Fixture::new(0.5);
    let reserve =
        |bytes: usize, client, seconds| queue.queue.reserve(bytes as u64, key(client), queue.at(seconds));
    let [stalled, other] = [1, 5].map(|client| queue.push(&data(LIMIT / 2), client, 0).unwrap());
    assert!(reserve(LIMIT, 2, 1).is_none(), "nobody has stalled yet");
    assert!(other.take(SMALL, queue.at(8)).is_some());
    let room = reserve(LIMIT, 2, 9).unwrap();
    assert!(stalled.take(SMALL, queue.at(9)).is_none(), "the client that took nothing is cut off");
    assert_eq!(queue.bytes(), LIMIT / 2 + LIMIT / 4, "half of its share is enough for a part of any size");
    assert!(queue.push(&data(LIMIT / 8), 2, 9).is_some(), "small parts of the client go on");
    drop(other);
    let second = reserve(LIMIT, 3, 9).unwrap();
    assert!(reserve(1, 4, 9).is_none(), "rooms take half of all");
    assert!(queue.push(&data(LIMIT / 2), 4, 9).is_some());
    drop((room, second));
    assert_eq!(queue.bytes(), 0);
}
