//! Reads the bodies of requests, within a memory for all of them, of which each client may have a share.

use bytes::Bytes;
use kit::{Body, ClientKey, Problem, Reservation, SharedBudget, errors};
use std::time::Duration;

/// The time in which a body has to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The memory for bodies of requests.
pub(crate) struct PostBodies(SharedBudget);

impl PostBodies {
    /// A memory of `bytes`, of which each client may have `share`.
    pub(crate) fn new(bytes: u64, share: u64) -> Self {
        Self(SharedBudget::new(bytes, share))
    }

    /// Adds its metrics.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        metrics.budget("request_bodies", self.0.whole());
    }

    /// The `body` of a request of `client`, which may have `limit` bytes, and the memory that is reserved for it.
    pub(crate) async fn read(
        &self,
        body: Body,
        limit: usize,
        client: ClientKey,
    ) -> Result<(Bytes, Reservation), Problem> {
        kit::read_reserved(body, limit, TIMEOUT, &self.0.of(client)).await.map_err(errors::unread)
    }
}
