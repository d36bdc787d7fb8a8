//! Memory for lines that wait for their clients: shared by all batches, with a way out for each.

use kit::{ByteBudget, Reservation};

/// Bytes for the waiting lines of all batches together.
pub(crate) const MEMORY: u64 = 64 << 20;
/// What a page reserves before its line is known: more than most lines take.
const EXPECTED: u64 = 1 << 20;
/// More than any line.
const ANY: u64 = 1 << 40;

/// The memory of one batch.
///
/// One line of every batch needs no shared memory. It can always be sent, so a batch whose client reads goes on even if
/// clients that do not read have taken all shared memory.
pub(super) struct LineMemory {
    shared: ByteBudget,
    own: ByteBudget,
}

impl LineMemory {
    pub(super) fn new(shared: ByteBudget) -> Self {
        Self { shared, own: ByteBudget::new(ANY) }
    }

    /// Reserves memory for a page before its result takes any: without that, results would pile up unaccounted for.
    pub(super) async fn reserve(&self) -> Reservation {
        tokio::select! {
            biased;
            shared = self.shared.reserve(EXPECTED) => shared,
            own = self.own.reserve(ANY) => own,
        }
    }

    /// Makes `reservation` large enough for a line of `length` bytes, if need be by waiting until the batch has sent the
    /// line that needs no shared memory.
    pub(super) async fn extend(&self, mut reservation: Reservation, length: usize) -> Reservation {
        let missing = (length as u64).saturating_sub(reservation.bytes());
        if missing == 0 {
            return reservation;
        }
        match self.shared.try_reserve(missing) {
            Some(more) => {
                reservation.merge(more);
                reservation
            }
            // Waiting for a large part of the shared memory would keep small parts from other batches.
            None => self.own.reserve(ANY).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, pin_mut};

    #[tokio::test]
    async fn without_shared_memory_a_batch_goes_on_line_by_line() {
        let shared = ByteBudget::new(EXPECTED);
        let taken = shared.reserve(EXPECTED).await;
        let batches = [LineMemory::new(shared.clone()), LineMemory::new(shared)];
        for batch in &batches {
            let line = batch.reserve().await;
            let next = batch.reserve();
            pin_mut!(next);
            assert!(next.as_mut().now_or_never().is_none());
            drop(line.hold(b"{}\n".to_vec()));
            next.await;
        }
        drop(taken);
        assert!(batches[0].shared.available() >= EXPECTED, "nothing is left reserved");
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_for_the_shared_memory_is_sent_by_itself() {
        let batch = LineMemory::new(ByteBudget::new(2 * EXPECTED));
        let (one, other) = (batch.reserve().await, batch.reserve().await);
        let long = usize::try_from(3 * EXPECTED).unwrap();
        let one = batch.extend(one, long).await;
        assert_eq!(batch.shared.available(), EXPECTED);
        assert!(batch.extend(other, long).now_or_never().is_none());
        assert_eq!(one.bytes(), ANY);
    }
}
