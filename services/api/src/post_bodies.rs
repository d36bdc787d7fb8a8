//! Reads the bodies of requests, within a memory for all of them.

use bytes::Bytes;
use kit::{Body, ByteBudget, Problem, Reservation, errors};
use std::time::Duration;

/// The time in which a body has to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The memory for bodies of requests.
pub(crate) struct PostBodies(ByteBudget);

impl PostBodies {
    /// A memory of `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        Self(ByteBudget::new(bytes))
    }

    /// Adds its metrics.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        metrics.budget("request_bodies", &self.0);
    }

    /// The `body`, which may have `limit` bytes, and the memory that is reserved for it.
    pub(crate) async fn read(&self, body: Body, limit: usize) -> Result<(Bytes, Reservation), Problem> {
        kit::read_reserved(body, limit, TIMEOUT, &self.0).await.map_err(errors::unread)
    }
}
