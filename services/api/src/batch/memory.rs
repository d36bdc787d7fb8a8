//! Memory for lines that wait for their clients: shared by all batches, but each goes on without it, a page at a time.

use kit::{ByteBudget, Reservation};

/// What a page reserves before its line is known: more than most lines take.
const EXPECTED: u64 = 1 << 20;
/// Pages of a batch that may go on without shared memory at once.
const ONE: u64 = 1;

/// The memory of one batch.
///
/// Without shared memory, the pages of a batch are fetched one at a time, and their lines written when they are sent: a
/// batch whose client reads goes on even if clients that do not read have taken all shared memory.
pub(super) struct LineMemory {
    shared: ByteBudget,
    /// The permit of the one page that goes on without shared memory.
    unshared: ByteBudget,
}

impl LineMemory {
    pub(super) fn new(shared: ByteBudget) -> Self {
        Self { shared, unshared: ByteBudget::new(ONE) }
    }

    /// Reserves memory for a page before its result takes any: without that, results would pile up unaccounted for. The
    /// error is the permit of a page without memory, to be held until its result is in the cache.
    pub(super) async fn reserve(&self) -> Result<Reservation, Reservation> {
        tokio::select! {
            biased;
            shared = self.shared.reserve(EXPECTED) => Ok(shared),
            permit = self.unshared.reserve(ONE) => Err(permit),
        }
    }

    /// Makes `reservation` large enough for a line of `length` bytes, if there is memory for it now: to wait for a large
    /// part of the shared memory would keep small parts from other batches.
    pub(super) fn extend(&self, mut reservation: Reservation, length: usize) -> Option<Reservation> {
        let missing = (length as u64).saturating_sub(reservation.bytes());
        if missing > 0 {
            reservation.merge(self.shared.try_reserve(missing)?);
        }
        Some(reservation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, pin_mut};

    #[tokio::test]
    async fn without_shared_memory_a_batch_goes_on_page_by_page() {
        let shared = ByteBudget::new(EXPECTED);
        let taken = shared.reserve(EXPECTED).await;
        let batches = [LineMemory::new(shared.clone()), LineMemory::new(shared)];
        for batch in &batches {
            let permit = batch.reserve().await.expect_err("no memory");
            let next = batch.reserve();
            pin_mut!(next);
            assert!(next.as_mut().now_or_never().is_none());
            drop(permit);
            assert!(next.await.is_err());
        }
        drop(taken);
        assert!(batches[0].shared.available() >= EXPECTED, "nothing is left reserved");
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_for_the_shared_memory_gives_back_what_it_had() {
        let batch = LineMemory::new(ByteBudget::new(2 * EXPECTED));
        let (one, other) = (batch.reserve().await.unwrap(), batch.reserve().await.unwrap());
        assert!(batch.extend(one, usize::try_from(3 * EXPECTED).unwrap()).is_none());
        let other = batch.extend(other, usize::try_from(2 * EXPECTED).unwrap()).unwrap();
        assert_eq!((other.bytes(), batch.shared.available()), (2 * EXPECTED, 0));
    }
}
