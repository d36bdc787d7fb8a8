//! The send queue as services see it that make large parts of a response: a part that waits for room takes memory
//! meanwhile, so they ask before they make one.

use super::{CutOff, QueuedReader, SMALL, SMALL_HTTP2, SendQueue};
use crate::{BoxError, ClientKey};
use bytes::Bytes;
use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// The part of the queue that rooms may take: what is handed over needs the rest.
const ROOMS: u64 = 2;
/// How often a part of a streamed response asks again for room: with the default `limits.stall_timeout`, for longer than it
/// takes until a reader counts as stalled.
const RETRIES: u32 = 100;
const RETRY: Duration = Duration::from_millis(100);

/// The send queue for the response to one request: an extension of requests with bodies. Also an extension of a response
/// whose large parts are encoded before they are sent.
#[derive(Clone)]
pub struct SendRoom {
    queue: Arc<SendQueue>,
    client: ClientKey,
    connection: Arc<CutOff>,
    is_http1: bool,
}

/// An extension of a response whose body counts itself.
#[derive(Clone)]
pub(crate) struct CountsItself;

/// Room for a part that is being made, to be dropped before the part is handed over, as the part counts itself then.
pub struct ReservedRoom {
    queue: Arc<SendQueue>,
    number: u64,
}

impl SendRoom {
    pub(crate) fn new(
        queue: &Arc<SendQueue>,
        client: ClientKey,
        connection: &Arc<CutOff>,
        is_http1: bool,
    ) -> Self {
        Self { queue: Arc::clone(queue), client, connection: Arc::clone(connection), is_http1 }
    }

    /// Room for a part of `bytes`, once there is some: that may take long. Clients that take nothing are cut off for it, as
    /// for a part that is there. Nobody is cut off for the room itself, so it is for the time until the part is made only.
    pub async fn reserve(&self, bytes: usize) -> ReservedRoom {
        loop {
            if let Some(reserved) = self.queue.reserve(bytes as u64, self.client, Instant::now()) {
                return reserved;
            }
            sleep(RETRY).await;
        }
    }

    /// Whether a part of `bytes` is large enough to be counted.
    pub(crate) fn counts(&self, bytes: usize) -> bool {
        bytes > if self.is_http1 { SMALL } else { SMALL_HTTP2 }
    }

    /// Counts `data` until the client has read it, once there is room; an error if there was none for long.
    pub(crate) async fn push(&self, mut data: Bytes) -> Result<QueuedReader, BoxError> {
        for tries in 0.. {
            let connection = Arc::clone(&self.connection);
            match self.queue.push(data, self.client, connection, self.is_http1, Instant::now()) {
                Ok(reader) => return Ok(reader),
                Err(_) if tries == RETRIES => break,
                Err(still) => data = still,
            }
            sleep(RETRY).await;
        }
        Err("no memory for unread responses".into())
    }
}

impl SendQueue {
    /// Room for `bytes` of a response to `client`, if there is some. A large part has room for a part of it: beside that,
    /// small parts of the same client, and the parts of others, go on.
    pub(super) fn reserve(
        self: &Arc<Self>,
        bytes: u64,
        client: ClientKey,
        now: Instant,
    ) -> Option<ReservedRoom> {
        let (all, bytes) = (self.limit / ROOMS, bytes.min(self.share / ROOMS));
        let mut queued = self.queued.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = queued.rooms() == 0 || queued.rooms() + bytes <= all;
        (is_free && self.make_room(&mut queued, |_| bytes, client, self.millis(now))).then(|| {
            let number = queued.next_number();
            queued.add_room(number, client, bytes);
            ReservedRoom { queue: Arc::clone(self), number }
        })
    }
}

impl Drop for ReservedRoom {
    fn drop(&mut self) {
        self.queue.queued.lock().unwrap_or_else(PoisonError::into_inner).remove_room(self.number);
    }
}
