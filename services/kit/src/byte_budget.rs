//! A limit for memory that many holders share.

use crate::{ClientKey, client_parts::ClientParts};
use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of one permit: a semaphore grants at most `u32::MAX` permits at a time.
const UNIT: u64 = 1024;

/// A number of bytes that can be reserved. Clones share the budget. Reservations are rounded up to whole KiB.
#[derive(Clone, Debug)]
pub struct ByteBudget {
    free: Arc<Semaphore>,
    limit: u64,
    /// Reservations that were refused.
    refused: Arc<AtomicU64>,
    /// The client's share, if this is for one client.
    part: Option<Arc<Semaphore>>,
}

/// Some bytes of a [`ByteBudget`], given back when this is dropped.
#[derive(Debug)]
pub struct Reservation {
    permit: OwnedSemaphorePermit,
    part: Option<OwnedSemaphorePermit>,
}

/// A budget of which each client may have a share.
#[derive(Debug)]
pub struct SharedBudget {
    whole: ByteBudget,
    parts: ClientParts,
}

impl ByteBudget {
    /// A budget of `bytes`.
    pub fn new(bytes: u64) -> Self {
        let permits = (units(bytes) as usize).min(Semaphore::MAX_PERMITS);
        let free = Arc::new(Semaphore::new(permits));
        Self { free, limit: permits as u64 * UNIT, refused: Arc::default(), part: None }
    }

    /// Reserves `bytes` once they are free, in order of arrival. Never resolves if the whole budget, or the client's share, is
    /// smaller.
    #[expect(clippy::missing_panics_doc, reason = "the semaphore is never closed")]
    pub async fn reserve(&self, bytes: u64) -> Reservation {
        let acquire = async |semaphore: &Arc<Semaphore>| {
            let permit = Arc::clone(semaphore).acquire_many_owned(units(bytes)).await;
            permit.expect("the semaphore is never closed")
        };
        let part = match &self.part {
            Some(part) => Some(acquire(part).await),
            None => None,
        };
        Reservation { permit: acquire(&self.free).await, part }
    }

    /// Reserves `bytes` if they are free now and no other reservation waits for them.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        let acquire =
            |semaphore: &Arc<Semaphore>| Arc::clone(semaphore).try_acquire_many_owned(units(bytes)).ok();
        let reserve = || {
            let part = match &self.part {
                Some(part) => Some(acquire(part)?),
                None => None,
            };
            Some(Reservation { permit: acquire(&self.free)?, part })
        };
        let reserved = reserve();
        if reserved.is_none() {
            self.refused.fetch_add(1, Relaxed);
        }
        reserved
    }

    /// How often bytes were not free when they were wanted at once.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// The number of free bytes.
    pub fn available(&self) -> u64 {
        self.free.available_permits() as u64 * UNIT
    }

    /// The number of bytes that can be reserved in all.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The number of bytes that are reserved now.
    pub fn used(&self) -> u64 {
        self.limit.saturating_sub(self.available())
    }
}

impl Reservation {
    /// The number of reserved bytes.
    pub fn bytes(&self) -> u64 {
        self.permit.num_permits() as u64 * UNIT
    }

    /// Adds the bytes of `other`, which is of the same budget, and of the same client.
    pub fn merge(&mut self, other: Self) {
        self.permit.merge(other.permit);
        if let (Some(part), Some(other)) = (&mut self.part, other.part) {
            part.merge(other);
        }
    }

    /// Gives back what exceeds `bytes`.
    pub fn shrink_to(&mut self, bytes: u64) {
        let excess = self.permit.num_permits().saturating_sub(units(bytes) as usize);
        drop(self.permit.split(excess));
        if let Some(part) = &mut self.part {
            drop(part.split(excess));
        }
    }

    /// Shrinks the reservation to the size of `bytes` and binds it to them: it ends with the last reference to them.
    pub fn hold(mut self, bytes: impl Into<Bytes>) -> Bytes {
        let bytes = bytes.into();
        self.shrink_to(bytes.len() as u64);
        Bytes::from_owner(Held { bytes, _reservation: self })
    }
}

impl SharedBudget {
    /// A budget of `bytes`, of which each client may have `share`.
    pub fn new(bytes: u64, share: u64) -> Self {
        Self { whole: ByteBudget::new(bytes), parts: ClientParts::new(units(share) as usize) }
    }

    /// The budget of all clients together.
    pub fn whole(&self) -> &ByteBudget {
        &self.whole
    }

    /// The bytes that each client may have.
    pub fn share(&self) -> u64 {
        self.parts.permits as u64 * UNIT
    }

    /// The budget for `client`: what is reserved from it counts towards the client's share, too.
    pub fn of(&self, client: ClientKey) -> ByteBudget {
        ByteBudget { part: Some(self.parts.of(client)), ..self.whole.clone() }
    }
}

struct Held {
    bytes: Bytes,
    _reservation: Reservation,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_bytes_are_free_again_when_the_reservation_is_dropped() {
        let budget = ByteBudget::new(10 * UNIT);
        let mut reservation = budget.try_reserve(8 * UNIT - 1).unwrap();
        assert_eq!((reservation.bytes(), budget.available()), (8 * UNIT, 2 * UNIT));
        assert_eq!((budget.used(), budget.limit()), (8 * UNIT, 10 * UNIT));
        assert!(budget.try_reserve(3 * UNIT).is_none());
        reservation.merge(budget.try_reserve(2 * UNIT).unwrap());
        assert_eq!(budget.available(), 0);
        reservation.shrink_to(UNIT);
        assert_eq!(budget.available(), 9 * UNIT);
        drop(reservation);
        assert_eq!(budget.available(), 10 * UNIT);
    }

    #[test]
    fn held_bytes_keep_their_part_of_the_reservation_until_the_last_reference_is_dropped() {
        let budget = ByteBudget::new(10 * UNIT);
        let bytes = budget.try_reserve(10 * UNIT).unwrap().hold(vec![0; 100]);
        let slice = bytes.slice(..10);
        drop(bytes);
        assert_eq!(budget.available(), 9 * UNIT);
        drop(slice);
        assert_eq!(budget.available(), 10 * UNIT);
    }

    #[test]
    fn a_client_has_no_more_than_its_share_and_others_have_the_rest() {
        let key = |number| crate::Client::new(std::net::Ipv4Addr::from_bits(number).into()).key();
        let budget = SharedBudget::new(10 * UNIT, 6 * UNIT);
        let (one, other) = (budget.of(key(1)), budget.of(key(2)));
        let mut held = one.try_reserve(5 * UNIT).unwrap();
        assert!(one.try_reserve(2 * UNIT).is_none() && budget.of(key(1)).try_reserve(2 * UNIT).is_none());
        held.merge(one.try_reserve(UNIT).unwrap());
        let rest = other.try_reserve(4 * UNIT).unwrap();
        assert!(other.try_reserve(UNIT).is_none(), "beyond all");
        held.shrink_to(3 * UNIT);
        assert!(one.try_reserve(4 * UNIT).is_none() && other.try_reserve(3 * UNIT).is_none());
        assert!(one.try_reserve(3 * UNIT).is_some() && other.try_reserve(2 * UNIT).is_some());
        drop((held, rest));
        assert_eq!(budget.whole().available(), 10 * UNIT);
    }

    #[tokio::test]
    async fn a_waiting_reservation_is_served_when_bytes_are_given_back() {
        let budget = ByteBudget::new(UNIT);
        let first = budget.reserve(UNIT).await;
        let (second, ()) = tokio::join!(budget.reserve(UNIT), async { drop(first) });
        assert_eq!(second.bytes(), UNIT);
    }
}
