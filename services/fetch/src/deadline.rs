//! One deadline for a whole job, and shorter ones for its steps.

use crate::{FetchError, Step};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// When a job has to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// In `duration` from now.
    pub(crate) fn after(duration: Duration) -> Self {
        Self(at(duration))
    }

    /// Runs a step until the job's deadline.
    pub(crate) async fn run<T>(self, step: Step, work: impl Future<Output = T>) -> Result<T, FetchError> {
        timeout_at(self.0, work).await.map_err(|_| FetchError::Timeout(step))
    }

    /// The deadline of a step that may take `limit` at most.
    pub(crate) fn within(self, limit: Duration) -> Self {
        Self(self.0.min(at(limit)))
    }
}

/// The instant in `duration` from now; in a year where that is more than the clock can count.
fn at(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(duration).unwrap_or_else(|| now + Duration::from_hours(365 * 24))
}
