//! The deadline of a job, and earlier ones of its steps.

use crate::{FetchError, Step};
use std::time::Duration;

/// A deadline whose passing is a [`FetchError`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobDeadline(kit::Deadline);

impl JobDeadline {
    /// The deadline in `duration` from now.
    pub(crate) fn after(duration: Duration) -> Self {
        Self(kit::Deadline::after(duration))
    }

    /// Runs `work`, a part of `step`, until the deadline.
    pub(crate) async fn run<T>(self, step: Step, work: impl Future<Output = T>) -> Result<T, FetchError> {
        self.0.run(work).await.map_err(|_| FetchError::Timeout(step))
    }

    /// This deadline, or that in `limit` from now if it is earlier.
    pub(crate) fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}
