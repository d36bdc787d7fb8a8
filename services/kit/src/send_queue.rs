//! Bounds the memory of responses that clients have not read yet, for all connections of a listener together: a client
//! that asks for much and reads nothing could otherwise hold any amount.

mod queued;
mod room;

use self::queued::{Queued, Reading, StreamBuffer};
use crate::{ClientKey, request_permits::client_share};
use bytes::Bytes;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

pub(crate) use self::queued::CutOff;
pub(crate) use self::room::CountsItself;
pub use self::room::{ReservedRoom, SendRoom};

/// Responses over HTTP/1 up to this length are not counted: a connection has one at a time.
pub(crate) const SMALL: usize = 64 * 1024;
/// The same over HTTP/2, where a connection has a hundred at a time: about as much as a stream takes anyway.
pub(crate) const SMALL_HTTP2: usize = 1024;
/// Bytes of a piece over HTTP/2: a frame, as the library keeps a piece for each stream whose window is closed.
pub(crate) const PIECE_HTTP2: usize = 16 * 1024;
/// Bytes that the library may hold of an HTTP/2 stream before it asks for the next piece.
pub(crate) const SEND_BUFFER: usize = 16 * 1024;
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

/// One reader's use of a response; ends when this is dropped.
pub(crate) struct QueuedReader {
    queue: Arc<SendQueue>,
    reading: Arc<Reading>,
    /// What the library holds of it over HTTP/2; its pieces share this.
    buffer: Option<Arc<BufferReservation>>,
}

/// Counts the buffer of an HTTP/2 stream until the library has sent all pieces, also after the stream was cut off.
struct BufferReservation {
    queue: Arc<SendQueue>,
    number: u64,
    connection: Arc<CutOff>,
}

/// Data that the library holds for an HTTP/2 stream.
struct BufferedPiece {
    data: Bytes,
    reservation: Arc<BufferReservation>,
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
    ///
    /// Over HTTP/2 the library's buffer of the stream counts as well: it is of this reader alone, and can be freed only with
    /// the connection. It stands for all of a response that fits in one piece.
    pub(crate) fn push(
        self: &Arc<Self>,
        data: Bytes,
        client: ClientKey,
        connection: Arc<CutOff>,
        is_http1: bool,
        now: Instant,
    ) -> Result<QueuedReader, Bytes> {
        let response = (data.as_ptr().addr(), data.len());
        let at_least = |length: usize| LEAST.max(length as u64);
        let buffer = (!is_http1).then(|| at_least(data.len().min(SEND_BUFFER + PIECE_HTTP2)));
        let bytes = (is_http1 || data.len() > PIECE_HTTP2).then(|| at_least(data.len()));
        let now = self.millis(now);
        let mut queued = self.queued.lock().unwrap_or_else(PoisonError::into_inner);
        // Room is made by cutting off readers, maybe those of this response.
        let more = |queued: &Queued| {
            let new = bytes.filter(|_| !queued.responses.contains_key(&response));
            buffer.unwrap_or_default() + new.unwrap_or_default()
        };
        if more(&queued) > 0 && !self.make_room(&mut queued, more, client, now) {
            return Err(data);
        }
        let number = queued.next_number();
        let buffer = buffer.map(|bytes| {
            let (queue, connection) = (Arc::clone(self), Arc::clone(&connection));
            queued.add_buffer(number, StreamBuffer::new(bytes, client, Arc::clone(&connection), now));
            Arc::new(BufferReservation { queue, number, connection })
        });
        let progress = bytes.map(|bytes| queued.add_response(response, bytes, now));
        let rest = Mutex::new(Some(data));
        let reading = Arc::new(Reading { response, number, client, progress, rest, is_http1, connection });
        queued.add_reader(&reading);
        Ok(QueuedReader { queue: Arc::clone(self), reading, buffer })
    }

    /// Bytes of the responses that are counted now.
    pub(crate) fn bytes(&self) -> u64 {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// Cuts off clients until `more` bytes fit; false if they do not.
    fn make_room(
        &self,
        queued: &mut Queued,
        more: impl Fn(&Queued) -> u64,
        client: ClientKey,
        now: u64,
    ) -> bool {
        let longest = u64::try_from(self.stalled.as_millis()).unwrap_or(u64::MAX);
        let before = now.checked_sub(longest);
        // Without that much in use, no client is over its share.
        if queued.bytes + more(queued) > self.share {
            loop {
                let held = queued.held_by(client);
                if held == 0 || held + more(queued) <= self.share {
                    break;
                }
                if !queued.cut_off(before, Some(client)) {
                    return false;
                }
            }
        }
        while queued.bytes > 0 && queued.bytes + more(queued) > self.limit {
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

impl QueuedReader {
    /// The next part, of at most `most` bytes, and whether it is the last; `None` if the client was cut off. That it is
    /// asked for means that the client has taken what came before.
    pub(crate) fn take(&self, most: usize, now: Instant) -> Option<(Bytes, bool)> {
        self.reading.progressed(self.queue.millis(now));
        let mut rest = self.reading.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = rest.as_mut()?;
        let copied = rest.len() <= COPY_BELOW || self.buffer.is_some();
        let part = rest.split_to(rest.len().min(most));
        let data = if copied { Bytes::copy_from_slice(&part) } else { part };
        let data = match &self.buffer {
            Some(buffer) => Bytes::from_owner(BufferedPiece { data, reservation: Arc::clone(buffer) }),
            None => data,
        };
        Some((data, rest.is_empty()))
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
        queued.remove_reader(&self.reading);
    }
}

impl AsRef<[u8]> for BufferedPiece {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for BufferedPiece {
    /// The library has sent it, so the client has taken what came before.
    fn drop(&mut self) {
        let BufferReservation { queue, connection, .. } = &*self.reservation;
        connection.progressed(queue.millis(Instant::now()));
    }
}

impl Drop for BufferReservation {
    fn drop(&mut self) {
        let mut queued = self.queue.queued.lock().unwrap_or_else(PoisonError::into_inner);
        queued.remove_buffer(self.number);
    }
}

#[cfg(test)]
mod tests;
