//! Which readers have to go, and which never.

use super::{QueuedReader, SMALL, SendQueue};
use crate::{Client, ClientKey};
use bytes::Bytes;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

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
        self.queue.push(data.clone(), key(client), CancellationToken::new(), true, self.at(seconds)).ok()
    }

    /// The same over HTTP/2.
    fn push_http2(&self, data: &Bytes, client: u8, seconds: u64) -> Option<QueuedReader> {
        self.queue.push(data.clone(), key(client), CancellationToken::new(), false, self.at(seconds)).ok()
    }
}

fn key(client: u8) -> ClientKey {
    Client::new([192, 0, 2, client].into()).key()
}

fn data(length: usize) -> Bytes {
    Bytes::from(vec![0; length])
}

fn is_cut_off(reader: &QueuedReader) -> bool {
    assert_eq!(reader.reading.connection.is_cancelled(), reader.len() == 0);
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
    let _other = queue.push(&data(LIMIT), 2, 10).unwrap();
    assert!(stream.take(SMALL, queue.at(10)).is_none());
    assert!(response.is_unique(), "nothing else refers to it");
}

#[test]
fn the_end_of_an_http2_stream_counts_until_the_library_has_sent_it() {
    let queue = Fixture::new(1.0);
    let stream = queue.push_http2(&data(SMALL), 1, 0).unwrap();
    let connection = stream.reading.connection.clone();
    let (part, last) = stream.take(SMALL, queue.at(0)).unwrap();
    assert!(last);
    let part = stream.hold(part);
    assert_eq!((part.len(), queue.bytes()), (SMALL, SMALL));
    // To cut off the stream would not free it.
    let large = queue.push(&data(LIMIT), 2, 10).unwrap();
    assert!(connection.is_cancelled());
    drop(large);
    let stream = queue.push_http2(&data(SMALL), 1, 10).unwrap();
    let (part, _) = stream.take(SMALL, queue.at(10)).unwrap();
    drop(stream.hold(part));
    assert_eq!(queue.bytes(), 0);
}

#[test]
fn a_response_counts_as_16_kib_at_least() {
    let queue = Fixture::new(1.0);
    let small = queue.push_http2(&data(2000), 1, 0).unwrap();
    assert_eq!(queue.bytes(), 16 * 1024);
    drop(small);
    assert_eq!(queue.bytes(), 0);
}
