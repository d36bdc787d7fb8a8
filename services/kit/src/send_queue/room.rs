//! Room for a part of a response that a service has yet to make: parts that wait for room would take memory meanwhile.

use super::SendQueue;
use crate::ClientKey;
use bytes::Bytes;
use std::{
    sync::{Arc, PoisonError},
    time::Instant,
};
use tokio::time::sleep;

/// The send queue, as the service sees it that handles a request with a body: an extension of the request.
#[derive(Clone)]
pub struct SendRoom {
    queue: Arc<SendQueue>,
    client: ClientKey,
}

/// Room for a part that is being made. It is given up when the part is handed over, as the part counts itself then; if the
/// part is encoded first, [`hold`](Self::hold) keeps the room for it.
pub struct ReservedRoom {
    queue: Arc<SendQueue>,
    number: u64,
}

impl SendRoom {
    pub(crate) fn new(queue: &Arc<SendQueue>, client: ClientKey) -> Self {
        Self { queue: Arc::clone(queue), client }
    }

    /// Room for a part of `bytes`, once there is some; `None` if there was none for long. Clients that take nothing are cut
    /// off for it, as for a part that is there.
    pub async fn reserve(&self, bytes: usize) -> Option<ReservedRoom> {
        for _ in 0..super::RETRIES {
            let reserved = self.queue.reserve(bytes as u64, self.client, Instant::now());
            if reserved.is_some() {
                return reserved;
            }
            sleep(super::RETRY).await;
        }
        None
    }
}

impl ReservedRoom {
    /// Binds the room to `bytes`: it ends with the last reference to them.
    pub fn hold(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Held { bytes, _room: self })
    }
}

struct Held {
    bytes: Bytes,
    _room: ReservedRoom,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl SendQueue {
    /// Room for `bytes` of a response to `client`, if there is some.
    pub(super) fn reserve(
        self: &Arc<Self>,
        bytes: u64,
        client: ClientKey,
        now: Instant,
    ) -> Option<ReservedRoom> {
        let mut queued = self.queued.lock().unwrap_or_else(PoisonError::into_inner);
        self.make_room(&mut queued, |_| bytes, client, self.millis(now)).then(|| {
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
