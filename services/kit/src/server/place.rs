//! A place among the requests in work. An answer that is made while it is sent has one while its source is asked, and none
//! while its client reads: who reads slowly would keep it from others.

use std::task::{Context, Poll, ready};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::PollSemaphore;

pub(super) enum Place {
    Held(OwnedSemaphorePermit),
    /// It was given back, and is wanted again.
    Lent(PollSemaphore),
    /// None is needed.
    None,
}

impl Place {
    /// Resolves when it is held again, if it is needed. Who waits here comes before new requests.
    pub(super) fn poll_hold(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Self::Lent(places) = self {
            *self = ready!(places.poll_acquire(context)).map_or(Self::None, Self::Held);
        }
        Poll::Ready(())
    }

    /// Gives it back for a while.
    pub(super) fn lend(&mut self) {
        if let Self::Held(place) = self {
            *self = Self::Lent(PollSemaphore::new(place.semaphore().clone()));
        }
    }
}
