//! What is counted: responses, each once for all its readers, the library's buffers of HTTP/2 streams, and parts that are
//! being made.

use crate::ClientKey;
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio_util::sync::CancellationToken;

/// Ends a connection whose client takes nothing.
#[derive(Debug, Default)]
pub(crate) struct CutOff {
    /// Cancelled to end the connection.
    pub(crate) token: CancellationToken,
    /// When the client last took a piece over HTTP/2, on whichever stream, in milliseconds after the queue's start.
    progress: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Queued {
    pub(super) bytes: u64,
    last_number: u64,
    /// By address and length: a cached response is in memory once, however many clients read it.
    pub(super) responses: HashMap<(usize, usize), QueuedResponse>,
    /// By the number of the reader.
    pub(super) buffers: HashMap<u64, StreamBuffer>,
    /// Clients and bytes of parts that are being made, by number. Nobody is cut off for them: they end soon.
    rooms: HashMap<u64, (ClientKey, u64)>,
}

#[derive(Debug, Default)]
pub(super) struct QueuedResponse {
    bytes: u64,
    readers: HashMap<u64, Arc<Reading>>,
    /// The number of readers of each client.
    clients: HashMap<ClientKey, usize>,
    /// Readers over HTTP/1, which are cut off with their connections.
    http1: usize,
    /// When one of the readers last took a part, in milliseconds after the queue's start.
    progress: Arc<AtomicU64>,
}

/// The pieces of an HTTP/2 stream that the library holds until the client has opened its window.
#[derive(Debug)]
pub(super) struct StreamBuffer {
    bytes: u64,
    client: ClientKey,
    since: u64,
    connection: Arc<CutOff>,
}

/// A client's reading of a response.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) response: (usize, usize),
    pub(super) number: u64,
    pub(super) client: ClientKey,
    /// That of the response, if it is counted.
    pub(super) progress: Option<Arc<AtomicU64>>,
    /// What is left of it; `None` once the client is cut off.
    pub(super) rest: Mutex<Option<Bytes>>,
    pub(super) is_http1: bool,
    pub(super) connection: Arc<CutOff>,
}

/// An entry to cut off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stalled {
    Response((usize, usize)),
    Buffer(u64),
}

impl CutOff {
    /// The client took a piece at `now`.
    pub(super) fn progressed(&self, now: u64) {
        self.progress.fetch_max(now, Relaxed);
    }
}

impl Queued {
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Counts `bytes` for a response unless that is done already; gives its progress, which is made now.
    pub(super) fn add_response(&mut self, response: (usize, usize), bytes: u64, now: u64) -> Arc<AtomicU64> {
        let entry = self.responses.entry(response).or_insert_with(|| {
            self.bytes += bytes;
            QueuedResponse { bytes, ..QueuedResponse::default() }
        });
        entry.progress.fetch_max(now, Relaxed);
        Arc::clone(&entry.progress)
    }

    /// Adds a reader to its response, if that is counted.
    pub(super) fn add_reader(&mut self, reading: &Arc<Reading>) {
        let entry = self.responses.get_mut(&reading.response);
        let Some(entry) = entry.filter(|_| reading.progress.is_some()) else { return };
        entry.readers.insert(reading.number, Arc::clone(reading));
        *entry.clients.entry(reading.client).or_default() += 1;
        entry.http1 += usize::from(reading.is_http1);
    }

    pub(super) fn remove_reader(&mut self, reading: &Reading) {
        // If it was cut off, another response may have the address by now.
        let Some(entry) = self.responses.get_mut(&reading.response) else { return };
        let Some(_) = entry.readers.remove(&reading.number) else { return };
        entry.http1 -= usize::from(reading.is_http1);
        if let Some(readers) = entry.clients.get_mut(&reading.client) {
            *readers -= 1;
            if *readers == 0 {
                entry.clients.remove(&reading.client);
            }
        }
        if entry.readers.is_empty() {
            self.bytes -= entry.bytes;
            self.responses.remove(&reading.response);
        }
    }

    pub(super) fn add_buffer(&mut self, number: u64, buffer: StreamBuffer) {
        self.bytes += buffer.bytes;
        self.buffers.insert(number, buffer);
    }

    pub(super) fn remove_buffer(&mut self, number: u64) {
        if let Some(buffer) = self.buffers.remove(&number) {
            self.bytes -= buffer.bytes;
        }
    }

    pub(super) fn add_room(&mut self, number: u64, client: ClientKey, bytes: u64) {
        self.bytes += bytes;
        self.rooms.insert(number, (client, bytes));
    }

    /// Bytes of all parts that are being made.
    pub(super) fn rooms(&self) -> u64 {
        self.rooms.values().map(|(_, bytes)| bytes).sum()
    }

    pub(super) fn remove_room(&mut self, number: u64) {
        if let Some((_, bytes)) = self.rooms.remove(&number) {
            self.bytes -= bytes;
        }
    }

    /// Bytes of the responses that only `client` reads, of its buffers, and of its parts that are being made.
    pub(super) fn held_by(&self, client: ClientKey) -> u64 {
        let responses = self.responses.values().filter(|response| response.is_only_of(client));
        let buffers = self.buffers.values().filter(|buffer| buffer.client == client);
        let rooms = self.rooms.values().filter(|(of, _)| *of == client);
        let counted = responses.map(|response| response.bytes).chain(buffers.map(|buffer| buffer.bytes));
        counted.chain(rooms.map(|(_, bytes)| *bytes)).sum()
    }

    /// Cuts off the clients that took nothing for longest, and since `before`: the readers of a response, or a connection
    /// whose streams the library buffers. Streams that can be cut off alone come first. With `client`, nobody else is cut
    /// off. False if there is none.
    pub(super) fn cut_off(&mut self, before: Option<u64>, client: Option<ClientKey>) -> bool {
        let responses = self
            .responses
            .iter()
            .filter(|(_, response)| client.is_none_or(|client| response.is_only_of(client)))
            .map(|(key, response)| (response.http1 > 0, response.progress(), Stalled::Response(*key)));
        let buffers = self
            .buffers
            .iter()
            .filter(|(_, buffer)| client.is_none_or(|client| buffer.client == client))
            .map(|(number, buffer)| (true, buffer.progress(), Stalled::Buffer(*number)));
        let stalled = responses
            .chain(buffers)
            .filter(|(_, progress, _)| before.is_some_and(|before| *progress <= before))
            .min();
        match stalled {
            Some((_, _, Stalled::Response(key))) => {
                if let Some(response) = self.responses.remove(&key) {
                    self.bytes -= response.bytes;
                    response.readers.values().for_each(|reading| reading.cut_off());
                }
            }
            Some((_, _, Stalled::Buffer(number))) => {
                if let Some(buffer) = self.buffers.get(&number) {
                    buffer.connection.token.cancel();
                }
                self.remove_buffer(number);
            }
            None => return false,
        }
        true
    }
}

impl QueuedResponse {
    fn is_only_of(&self, client: ClientKey) -> bool {
        self.clients.len() == 1 && self.clients.contains_key(&client)
    }

    fn progress(&self) -> u64 {
        self.progress.load(Relaxed)
    }
}

impl StreamBuffer {
    /// A buffer of `client` from now on, whose bytes only the end of `connection` frees.
    pub(super) fn new(bytes: u64, client: ClientKey, connection: Arc<CutOff>, now: u64) -> Self {
        Self { bytes, client, since: now, connection }
    }

    /// When the client last took anything on the connection: its other streams may be read.
    fn progress(&self) -> u64 {
        self.since.max(self.connection.progress.load(Relaxed))
    }
}

impl Reading {
    /// The client took a part at `now`.
    pub(super) fn progressed(&self, now: u64) {
        if let Some(progress) = &self.progress {
            progress.fetch_max(now, Relaxed);
        }
    }

    /// Ends the connection. Over HTTP/2 only the stream ends, as the client may read others; what the library buffers of it
    /// counts on.
    fn cut_off(&self) {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if self.is_http1 {
            self.connection.token.cancel();
        }
    }
}
