//! Callers that keep a job in the queue.

use tokio::sync::watch;

/// The callers that wait for the permit of one job as long as that takes. Clones are of the same job.
#[derive(Clone, Debug, Default)]
pub struct QueueHolds(watch::Sender<()>);

/// One such caller, until it is dropped.
#[derive(Debug)]
pub struct QueueHold(#[expect(dead_code, reason = "it is counted")] watch::Receiver<()>);

impl QueueHolds {
    /// Keeps the job in the queue, also past its deadline, until the hold is dropped.
    pub fn hold(&self) -> QueueHold {
        QueueHold(self.0.subscribe())
    }

    /// Whether there is a hold.
    pub fn any(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Waits until there is none.
    pub(super) async fn all_released(&self) {
        self.0.closed().await;
    }
}
