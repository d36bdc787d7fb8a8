//! The deadline of a job or of one of its phases.

use crate::{FetchError, Phase};

/// A deadline whose passing is a [`FetchError`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobDeadline(pub(crate) kit::Deadline);

impl JobDeadline {
    /// Runs `work`, a part of `phase`, until the deadline.
    pub(crate) async fn run<T>(self, phase: Phase, work: impl Future<Output = T>) -> Result<T, FetchError> {
        self.0.run(work).await.map_err(|_| FetchError::Timeout(phase))
    }
}
