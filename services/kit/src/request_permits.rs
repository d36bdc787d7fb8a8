//! Permits for requests in work, of which each client may hold a share.

use crate::{ClientKey, client_parts::ClientParts};
use prometheus_client::metrics::counter::Counter;
use std::{
    cell::RefCell,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    task::futures::TaskLocalFuture,
};
use tokio_util::sync::PollSemaphore;

/// A number of permits, and the share of them that each client may hold.
pub(crate) struct RequestPermits {
    all: Arc<Semaphore>,
    parts: ClientParts,
    refused: RefusedPermits,
}

/// Counts the permits that were refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefusedPermits {
    /// Because all are in use.
    pub(crate) all: Counter,
    /// Because the client holds its share.
    pub(crate) client: Counter,
}

/// A permit for one request, of one client's part and of all.
pub(crate) struct RequestPermit {
    part: Option<OwnedSemaphorePermit>,
    all: OwnedSemaphorePermit,
}

impl RequestPermits {
    /// `permits` of them, of which a client may hold the share `per_client`, at least one.
    pub(crate) fn new(permits: usize, per_client: f64, refused: RefusedPermits) -> Self {
        let permits = permits.min(Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(permits)),
            parts: ClientParts::new(client_share(permits as u64, per_client).try_into().unwrap_or(permits)),
            refused,
        }
    }

    /// The permits of all clients together.
    pub(crate) fn all(&self) -> &Arc<Semaphore> {
        &self.all
    }

    /// The part of the permits that is for `client`.
    pub(crate) fn part(&self, client: ClientKey) -> Arc<Semaphore> {
        self.parts.of(client)
    }

    /// A permit, if neither `part`, which is a client's, nor all permits are in use.
    pub(crate) fn try_acquire(&self, part: Arc<Semaphore>) -> Option<RequestPermit> {
        let granted = |permit: Result<OwnedSemaphorePermit, TryAcquireError>, refused: &Counter| {
            permit.inspect_err(|_| _ = refused.inc()).ok()
        };
        let part = granted(part.try_acquire_owned(), &self.refused.client)?;
        let all = granted(Arc::clone(&self.all).try_acquire_owned(), &self.refused.all)?;
        Some(RequestPermit { part: Some(part), all })
    }
}

/// The share `per_client` of `all`, rounded down, at least one: what one client may hold of something.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rough number does"
)]
pub fn client_share(all: u64, per_client: f64) -> u64 {
    ((all as f64 * per_client) as u64).max(1)
}

/// Where a request that gave its permit back gets it again.
pub(crate) struct PermitSource {
    part: Option<PollSemaphore>,
    held: Option<OwnedSemaphorePermit>,
    all: PollSemaphore,
}

impl RequestPermit {
    /// Where this permit comes from.
    pub(crate) fn source(&self) -> PermitSource {
        let source = |permit: &OwnedSemaphorePermit| PollSemaphore::new(Arc::clone(permit.semaphore()));
        PermitSource { part: self.part.as_ref().map(source), held: None, all: source(&self.all) }
    }
}

impl PermitSource {
    /// A permit once there is one, in order of arrival and before new requests.
    pub(crate) fn poll_acquire(&mut self, context: &mut Context<'_>) -> Poll<Option<RequestPermit>> {
        if let (Some(part), None) = (&mut self.part, &self.held) {
            self.held = ready!(part.poll_acquire(context));
        }
        let all = ready!(self.all.poll_acquire(context));
        Poll::Ready(all.map(|all| RequestPermit { part: self.held.take(), all }))
    }
}

tokio::task_local! {
    static CURRENT: RefCell<Counted>;
}

/// The request in work, and the permits for those that wait.
pub(crate) struct Counted {
    permit: RequestPermit,
    waiting: Arc<Semaphore>,
}

/// Work for a request, with its permit.
pub(crate) type CountedWork<F> = TaskLocalFuture<RefCell<Counted>, F>;

/// `work` for a request with `permit`, which may be exchanged for one of `waiting`. No `async fn`, whose future would have
/// space for the arguments twice.
pub(crate) fn counted<F: Future>(permit: RequestPermit, waiting: Arc<Semaphore>, work: F) -> CountedWork<F> {
    CURRENT.scope(RefCell::new(Counted { permit, waiting }), work)
}

/// The permit that `work` has at its end.
pub(crate) fn permit_of<F>(work: Pin<&mut CountedWork<F>>) -> Option<RequestPermit> {
    work.take_value().map(|counted| counted.into_inner().permit)
}

/// Says that the request whose [`Service::handle`](crate::Service::handle) calls this does no work of its own from now on:
/// it waits for another request's, such as a fetch that both need. It then counts neither towards `limits.requests` nor
/// towards its client's share, as long as no more than `limits.requests` wait in this way. Elsewhere it has no effect.
pub fn count_as_waiting() {
    let _ = CURRENT.try_with(|current| {
        let mut current = current.borrow_mut();
        if let Ok(all) = Arc::clone(&current.waiting).try_acquire_owned() {
            current.permit = RequestPermit { part: None, all };
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{RefusedPermits, RequestPermits};

    #[test]
    fn a_client_has_its_share_rounded_down_and_at_least_one() {
        for (all, per_client, share) in [(10, 0.5, 5), (3, 0.5, 1), (1, 0.5, 1), (100, 0.001, 1), (7, 1.0, 7)]
        {
            let permits = RequestPermits::new(all, per_client, RefusedPermits::default());
            assert_eq!(permits.parts.permits, share);
        }
    }
}
