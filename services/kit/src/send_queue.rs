//! Bounds the memory of responses that clients have not read yet, for all connections of a listener together: a client
//! that asks for much and reads nothing could otherwise hold any amount.

use crate::{ClientKey, request_permits::client_share};
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Responses over HTTP/1 up to this length are not counted: a connection has one at a time.
pub(crate) const SMALL: usize = 64 * 1024;
/// The same over HTTP/2, where a connection has a hundred at a time: about as much as a stream takes anyway.
pub(crate) const SMALL_HTTP2: usize = 1024;
/// The least that a response counts as. It bounds how many there are, and with that the time to look for those to cut off.
const LEAST: u64 = 16 * 1024;
/// The last bytes of a response are copied: the HTTP library may buffer them, and a slice would keep all of it in memory.
/// Over HTTP/2 all are, as a stream that is cut off keeps its buffer.
const COPY_BELOW: usize = 256 * 1024;

/// The large responses of a listener that are being sent.
pub(crate) struct SendQueue {
    /// Bytes of all responses, and of those that only one client reads.
    limit: u64,
    share: u64,
    /// A client that has taken nothing for this long may be cut off.
    stalled: Duration,
    start: Instant,
    queued: Mutex<Queued>,
}

#[derive(Debug, Default)]
struct Queued {
    bytes: u64,
    /// The number of the next reader.
    next: u64,
    /// By address and length: a cached response is in memory once, however many clients read it.
    responses: HashMap<(usize, usize), QueuedResponse>,
}

#[derive(Debug, Default)]
struct QueuedResponse {
    bytes: u64,
    readers: HashMap<u64, Arc<Reading>>,
}

/// A client's reading of a response.
#[derive(Debug)]
struct Reading {
    client: ClientKey,
    /// When the client last took a part of it, in milliseconds after the queue's start.
    progress: AtomicU64,
    /// What is left of it; `None` once the client is cut off.
    rest: Mutex<Option<Bytes>>,
    is_http1: bool,
    connection: CancellationToken,
    /// Whether all was handed over. Over HTTP/2 the library then keeps the end until the client has opened its window.
    is_handed_over: AtomicBool,
}

/// One reader's use of a response; ends when this is dropped.
pub(crate) struct QueuedReader {
    queue: Arc<SendQueue>,
    response: (usize, usize),
    number: u64,
    reading: Arc<Reading>,
}

impl SendQueue {
    /// A queue of `limit` bytes, of which a client may hold the share `per_client`. A client that has taken nothing for the
    /// time `stalled` may be cut off for others.
    pub(crate) fn new(limit: u64, per_client: f64, stalled: Duration) -> Self {
        let queued = Mutex::default();
        Self { limit, share: client_share(limit, per_client), stalled, start: Instant::now(), queued }
    }

    /// Counts `data` for `client` until it is read. If there is no room, the clients that have taken nothing for longest
    /// are cut off, but none that is reading; `Err` gives `data` back if that is not enough.
    ///
    /// What only one client reads counts towards its share, too. A client without unread responses may have one of any
    /// size, as far as there is room.
    pub(crate) fn push(
        self: &Arc<Self>,
        data: Bytes,
        client: ClientKey,
        connection: CancellationToken,
        is_http1: bool,
        now: Instant,
    ) -> Result<QueuedReader, Bytes> {
        let response = (data.as_ptr().addr(), data.len());
        let bytes = LEAST.max(data.len() as u64);
        let now = self.millis(now);
        let mut queued = self.queued.lock().unwrap_or_else(PoisonError::into_inner);
        if !queued.responses.contains_key(&response) {
            if !self.make_room(&mut queued, bytes, client, now) {
                return Err(data);
            }
            queued.bytes += bytes;
        }
        queued.next += 1;
        let number = queued.next;
        let (progress, rest) = (AtomicU64::new(now), Mutex::new(Some(data)));
        let is_handed_over = AtomicBool::new(false);
        let reading = Arc::new(Reading { client, progress, rest, is_http1, connection, is_handed_over });
        let entry = queued.responses.entry(response).or_default();
        entry.bytes = bytes;
        entry.readers.insert(number, Arc::clone(&reading));
        Ok(QueuedReader { queue: Arc::clone(self), response, number, reading })
    }

    /// Bytes of the responses that are counted now.
    pub(crate) fn bytes(&self) -> u64 {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// Cuts off clients until `bytes` more fit; false if they do not.
    fn make_room(&self, queued: &mut Queued, bytes: u64, client: ClientKey, now: u64) -> bool {
        let longest = u64::try_from(self.stalled.as_millis()).unwrap_or(u64::MAX);
        let before = now.checked_sub(longest);
        // Without that much in use, no client is over its share.
        if queued.bytes + bytes > self.share {
            loop {
                let held = queued.held_by(client);
                if held == 0 || held + bytes <= self.share {
                    break;
                }
                if !queued.cut_off(before, Some(client)) {
                    return false;
                }
            }
        }
        while queued.bytes > 0 && queued.bytes + bytes > self.limit {
            if !queued.cut_off(before, None) {
                return false;
            }
        }
        true
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.start).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Queued {
    /// Bytes of the responses that only `client` reads.
    fn held_by(&self, client: ClientKey) -> u64 {
        let own = self.responses.values().filter(|response| response.is_only_of(client));
        own.map(|response| response.bytes).sum()
    }

    /// Cuts off the readers of the response from which none took anything for longest, and since `before`; with `client`,
    /// of a response that only this client reads. False if there is none.
    fn cut_off(&mut self, before: Option<u64>, client: Option<ClientKey>) -> bool {
        let candidates = self
            .responses
            .iter()
            .filter(|(_, response)| client.is_none_or(|client| response.is_only_of(client)));
        let oldest = candidates.map(|(key, response)| (response.progress(), *key)).min();
        let Some((_, key)) = oldest.filter(|(progress, _)| before.is_some_and(|before| *progress <= before))
        else {
            return false;
        };
        if let Some(response) = self.responses.remove(&key) {
            self.bytes -= response.bytes;
            response.readers.values().for_each(|reading| reading.cut_off());
        }
        true
    }
}

impl QueuedResponse {
    fn is_only_of(&self, client: ClientKey) -> bool {
        self.readers.values().all(|reading| reading.client == client)
    }

    /// When one of its readers last took a part.
    fn progress(&self) -> u64 {
        self.readers.values().map(|reading| reading.progress.load(Relaxed)).max().unwrap_or_default()
    }
}

impl Reading {
    /// Ends the connection. Over HTTP/2 only the stream ends where that frees the memory, as the client may read others.
    fn cut_off(&self) {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if self.is_http1 || self.is_handed_over.load(Relaxed) {
            self.connection.cancel();
        }
    }
}

impl QueuedReader {
    /// The next part, of at most `most` bytes, and whether it is the last; `None` if the client was cut off. That it is
    /// asked for means that the client has taken what came before.
    pub(crate) fn take(&self, most: usize, now: Instant) -> Option<(Bytes, bool)> {
        self.reading.progress.store(self.queue.millis(now), Relaxed);
        let mut rest = self.reading.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = rest.as_mut()?;
        let copied = rest.len() <= COPY_BELOW || !self.reading.is_http1;
        let part = rest.split_to(rest.len().min(most));
        self.reading.is_handed_over.store(rest.is_empty(), Relaxed);
        Some((if copied { Bytes::copy_from_slice(&part) } else { part }, rest.is_empty()))
    }

    /// `last`, the last part, which counts as long as the HTTP library keeps it.
    pub(crate) fn hold(self, last: Bytes) -> Bytes {
        struct Last {
            part: Bytes,
            _reader: QueuedReader,
        }
        impl AsRef<[u8]> for Last {
            fn as_ref(&self) -> &[u8] {
                &self.part
            }
        }
        Bytes::from_owner(Last { part: last, _reader: self })
    }

    /// The number of bytes that are left.
    pub(crate) fn len(&self) -> usize {
        let rest = self.reading.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.as_ref().map_or(0, Bytes::len)
    }
}

impl Drop for QueuedReader {
    fn drop(&mut self) {
        let mut queued = self.queue.queued.lock().unwrap_or_else(PoisonError::into_inner);
        // If it was cut off, another response may have the address by now.
        let Some(response) = queued.responses.get_mut(&self.response) else { return };
        if response.readers.remove(&self.number).is_some() && response.readers.is_empty() {
            let bytes = response.bytes;
            queued.responses.remove(&self.response);
            queued.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests;
