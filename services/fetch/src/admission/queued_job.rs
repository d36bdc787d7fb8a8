//! A job that waits in a queue.

use std::sync::Arc;
use tokio::sync::oneshot;

pub(super) struct QueuedJob {
    pub(super) id: u64,
    pub(super) host: Arc<str>,
    pub(super) always_waits: bool,
    /// Ignored if nothing receives it: the job then cancels itself.
    permit: oneshot::Sender<()>,
}

/// A job's number, and its permit when it comes.
pub(super) type PendingPermit = (u64, oneshot::Receiver<()>);

impl QueuedJob {
    pub(super) fn new(id: u64, host: &Arc<str>, always_waits: bool) -> (Self, PendingPermit) {
        let (permit, permitted) = oneshot::channel();
        (Self { id, host: Arc::clone(host), always_waits, permit }, (id, permitted))
    }

    pub(super) fn permit(self) {
        let _ = self.permit.send(());
    }
}
