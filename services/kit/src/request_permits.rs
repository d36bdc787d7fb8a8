//! Permits for requests in work, of which each client may hold a share.

use crate::{ClientKey, client_parts::ClientParts};
use prometheus_client::metrics::counter::Counter;
use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio_util::sync::PollSemaphore;

/// A number of permits, and the share of them that each client may hold.
pub(crate) struct RequestPermits {
    all: Arc<Semaphore>,
    /// For requests that wait for the work of others: that bounds their memory.
    waiting: Arc<Semaphore>,
    parts: ClientParts,
    refused: RefusedPermits,
}

/// The permits from the point of view of one client.
pub(crate) struct ClientPermits {
    permits: Arc<RequestPermits>,
    part: Arc<Semaphore>,
}

/// Counts the permits that were refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefusedPermits {
    /// Because all are in use.
    pub(crate) all: Counter,
    /// Because the client holds its share.
    pub(crate) client: Counter,
}

/// A permit for one request. It refers to what the requests of a connection share: counters that all processors write to
/// would cost more.
pub(crate) struct RequestPermit {
    client: Arc<ClientPermits>,
    /// Whether it is one of those for requests that wait, and not one of the client's part and of all.
    is_waiting: bool,
}

impl RequestPermits {
    /// `permits` of them, of which a client may hold the share `per_client`, at least one; and as many for requests that
    /// wait.
    pub(crate) fn new(permits: usize, per_client: f64, refused: RefusedPermits) -> Arc<Self> {
        let permits = permits.min(Semaphore::MAX_PERMITS);
        let semaphore = || Arc::new(Semaphore::new(permits));
        let share = client_share(permits as u64, per_client).try_into().unwrap_or(permits);
        Arc::new(Self { all: semaphore(), waiting: semaphore(), parts: ClientParts::new(share), refused })
    }

    /// The permits of all clients together.
    pub(crate) fn all(&self) -> &Arc<Semaphore> {
        &self.all
    }

    /// The permits for requests that wait.
    pub(crate) fn waiting(&self) -> &Arc<Semaphore> {
        &self.waiting
    }

    /// The permits as `client` may hold them.
    pub(crate) fn of(self: &Arc<Self>, client: ClientKey) -> Arc<ClientPermits> {
        Arc::new(ClientPermits { permits: Arc::clone(self), part: self.parts.of(client) })
    }
}

impl ClientPermits {
    /// A permit, if neither the client's part nor all permits are in use.
    pub(crate) fn try_acquire(self: &Arc<Self>) -> Option<RequestPermit> {
        let RequestPermits { all, refused, .. } = &*self.permits;
        let granted = |permits: &Semaphore, refused: &Counter| {
            permits.try_acquire().map(SemaphorePermit::forget).inspect_err(|_| _ = refused.inc()).ok()
        };
        granted(&self.part, &refused.client)?;
        if granted(all, &refused.all).is_none() {
            self.part.add_permits(1);
            return None;
        }
        Some(RequestPermit { client: Arc::clone(self), is_waiting: false })
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
    client: Arc<ClientPermits>,
    is_waiting: bool,
    part: Option<PollSemaphore>,
    held: Option<OwnedSemaphorePermit>,
    all: PollSemaphore,
}

impl RequestPermit {
    /// Where this permit comes from.
    pub(crate) fn source(&self) -> PermitSource {
        let (client, is_waiting) = (Arc::clone(&self.client), self.is_waiting);
        let part = (!is_waiting).then(|| PollSemaphore::new(Arc::clone(&client.part)));
        let all = if is_waiting { &client.permits.waiting } else { &client.permits.all };
        let all = PollSemaphore::new(Arc::clone(all));
        PermitSource { client, is_waiting, part, held: None, all }
    }

    /// Exchanges it for one of those for requests that wait, if there is one.
    pub(crate) fn wait(&mut self) {
        if !self.is_waiting
            && let Ok(permit) = self.client.permits.waiting.try_acquire()
        {
            permit.forget();
            self.give_back();
            self.is_waiting = true;
        }
    }

    fn give_back(&self) {
        let ClientPermits { permits, part } = &*self.client;
        if self.is_waiting {
            permits.waiting.add_permits(1);
        } else {
            permits.all.add_permits(1);
            part.add_permits(1);
        }
    }
}

impl Drop for RequestPermit {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl PermitSource {
    /// A permit once there is one, in order of arrival and before new requests.
    pub(crate) fn poll_acquire(&mut self, context: &mut Context<'_>) -> Poll<Option<RequestPermit>> {
        if let (Some(part), None) = (&mut self.part, &self.held) {
            self.held = ready!(part.poll_acquire(context));
        }
        let all = ready!(self.all.poll_acquire(context));
        Poll::Ready(all.map(|all| {
            // The permit made of them gives them back.
            [Some(all), self.held.take()].into_iter().flatten().for_each(OwnedSemaphorePermit::forget);
            RequestPermit { client: Arc::clone(&self.client), is_waiting: self.is_waiting }
        }))
    }
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
