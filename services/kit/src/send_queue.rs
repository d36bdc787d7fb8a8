//! Bounds the memory of responses that clients have not read yet, for all connections of a listener together: a client
//! that asks for much and reads nothing could otherwise hold any amount.

use crate::{ByteBudget, Reservation};
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Smaller responses are not counted: the number of connections bounds them.
const SMALL: usize = 64 * 1024;

/// The large responses of a listener that are being sent.
pub(crate) struct SendQueue {
    budget: ByteBudget,
    queued: Mutex<Queued>,
}

#[derive(Debug, Default)]
struct Queued {
    /// Counts requests.
    clock: u64,
    /// By address: a cached response is in memory once, however many clients read it.
    responses: HashMap<usize, QueuedResponse>,
}

#[derive(Debug)]
struct QueuedResponse {
    /// `None` for one that is larger than the budget.
    _reservation: Option<Reservation>,
    /// When it was requested last.
    requested: u64,
    /// Ends the connections that read it; by the time of their request.
    readers: HashMap<u64, CancellationToken>,
}

/// One reader's use of a response; ends when this is dropped.
pub(crate) struct QueuedReader {
    queue: Arc<SendQueue>,
    address: usize,
    requested: u64,
}

impl SendQueue {
    /// A queue of about `bytes` of responses; beyond that, the readers of those that were requested longest ago are cut off.
    pub(crate) fn new(bytes: u64) -> Self {
        Self { budget: ByteBudget::new(bytes), queued: Mutex::default() }
    }

    /// Counts `data` until the result is dropped. If the budget is needed for newer responses, `reader` is cancelled.
    pub(crate) fn push(self: &Arc<Self>, data: &Bytes, reader: &CancellationToken) -> Option<QueuedReader> {
        if data.len() <= SMALL {
            return None;
        }
        let address = data.as_ptr().addr();
        let mut queued = self.queued.lock().unwrap_or_else(PoisonError::into_inner);
        queued.clock += 1;
        let requested = queued.clock;
        if !queued.responses.contains_key(&address) {
            // Cuts off readers until the bytes are free.
            let reservation = loop {
                let reservation = self.budget.try_reserve(data.len() as u64);
                let oldest = queued.responses.iter().min_by_key(|(_, response)| response.requested);
                let (None, Some((&oldest, _))) = (&reservation, oldest) else { break reservation };
                let cut = queued.responses.remove(&oldest);
                cut.iter().flat_map(|response| response.readers.values()).for_each(CancellationToken::cancel);
            };
            let response = QueuedResponse { _reservation: reservation, requested, readers: HashMap::new() };
            queued.responses.insert(address, response);
        }
        let response = queued.responses.get_mut(&address)?;
        response.requested = requested;
        response.readers.insert(requested, reader.clone());
        Some(QueuedReader { queue: Arc::clone(self), address, requested })
    }
}

impl Drop for QueuedReader {
    fn drop(&mut self) {
        let mut queued = self.queue.queued.lock().unwrap_or_else(PoisonError::into_inner);
        // If it was cut off, another response may have the address by now.
        let Some(response) = queued.responses.get_mut(&self.address) else { return };
        if response.readers.remove(&self.requested).is_some() && response.readers.is_empty() {
            queued.responses.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CancellationToken, SendQueue};
    use bytes::Bytes;
    use std::sync::Arc;

    const LIMIT: usize = 8 * 1024 * 1024;

    #[test]
    fn readers_of_what_was_requested_longest_ago_are_cut_off() {
        let queue = Arc::new(SendQueue::new(LIMIT as u64));
        let responses = [(); 3].map(|()| Bytes::from(vec![0; LIMIT / 2]));
        let readers = [(); 4].map(|()| CancellationToken::new());
        let read = |response: usize, reader: usize| queue.push(&responses[response], &readers[reader]);
        let _first = read(0, 0);
        let second = read(1, 1);
        // The same memory once more, so that the second is older now.
        let _again = read(0, 2);
        assert!(readers.iter().all(|reader| !reader.is_cancelled()));
        let _third = read(2, 3);
        assert_eq!(readers.each_ref().map(CancellationToken::is_cancelled), [false, true, false, false]);
        drop(second);
        assert_eq!(queue.budget.available(), 0);
    }

    #[test]
    fn bytes_of_responses_that_were_read_are_free_again() {
        let queue = Arc::new(SendQueue::new(LIMIT as u64));
        let reader = CancellationToken::new();
        for _ in 0..10 {
            let response = Bytes::from(vec![0; LIMIT / 2]);
            let readers = [queue.push(&response, &reader), queue.push(&response, &reader)];
            assert_eq!(queue.budget.available(), LIMIT as u64 / 2);
            drop(readers);
        }
        assert!(!reader.is_cancelled() && queue.queued.lock().unwrap().responses.is_empty());
    }

    #[test]
    fn a_response_over_the_limit_is_sent_alone() {
        let queue = Arc::new(SendQueue::new(LIMIT as u64));
        let readers = [(); 2].map(|()| CancellationToken::new());
        let responses = [Bytes::from(vec![0; LIMIT / 2]), Bytes::from(vec![0; LIMIT + 1])];
        let _small = queue.push(&responses[0], &readers[0]);
        let large = queue.push(&responses[1], &readers[1]);
        assert!(readers[0].is_cancelled() && !readers[1].is_cancelled() && large.is_some());
    }
}
