//! The memory that all jobs' bodies may take, as `fetch.memory` sets it.

use crate::{FetchSettings, coding::MAX_WINDOW};
use bytesize::ByteSize;
use kit::{ByteBudget, ClientKey, Reservation, SharedBudget};

/// A body that takes more memory than this is large.
const MEDIUM: usize = 1024 * 1024;

/// Four parts of the memory. A share of the first is every job's own: what has been received and not decoded yet, or an
/// uncoded body that fits. Bodies that need more while they arrive reserve from `medium`, then from `large`, so that a
/// few slow large bodies hold up no smaller ones; of these two, a client may have its share. Nothing in `pages` waits for the network: it holds finished pages, and
/// small coded bodies with their decoders while they are decoded. A job reserves in this order, and the holder of a
/// page reserves nothing more, so jobs cannot wait for each other in a circle.
pub(crate) struct Budget {
    /// Bytes of each job that need no reservation.
    pub(crate) share: usize,
    medium: SharedBudget,
    large: SharedBudget,
    pub(crate) pages: ByteBudget,
}

/// The memory that one arriving body may use.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    /// Bytes, the job's share included.
    pub(crate) bytes: usize,
    pub(crate) reservations: Vec<Reservation>,
}

impl FetchSettings {
    /// The least `memory` that is kept to: a body of `max_bytes` needs as much at a time.
    pub fn least_memory(&self) -> ByteSize {
        ByteSize((self.largest_reservation() / 3).saturating_mul(8).next_multiple_of(1 << 20))
    }

    /// Bytes of the largest body with its decoders.
    fn largest_reservation(&self) -> u64 {
        self.max_bytes.0.saturating_add(2 * MAX_WINDOW as u64)
    }
}

impl Budget {
    /// The least share: decoders take batches of this size or more.
    const MIN_SHARE: usize = 4 * 1024;

    pub(crate) fn new(settings: &FetchSettings) -> Self {
        let eighth = settings.memory.0 / 8;
        let share = eighth / settings.max_jobs.max(1) as u64;
        // The largest reservation has to fit, or it would wait for ever.
        let largest = settings.largest_reservation();
        let shared = |bytes: u64, least: u64| {
            let bytes = bytes.max(least);
            SharedBudget::new(bytes, kit::client_share(bytes, settings.per_client).max(least))
        };
        Self {
            share: usize::try_from(share).unwrap_or(usize::MAX).max(Self::MIN_SHARE),
            medium: shared(eighth, MEDIUM as u64),
            large: shared(3 * eighth, largest),
            pages: ByteBudget::new((3 * eighth).max(largest)),
        }
    }

    /// Adds its parts but for the shares, whose use is not counted.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        metrics.budget("fetch_medium", self.medium.whole());
        metrics.budget("fetch_large", self.large.whole());
        metrics.budget("fetch_pages", &self.pages);
    }

    /// Raises `allowance`, of a job of `client`, to `needed` bytes or more, waiting until they are free; `most` is what the
    /// body can need in all.
    pub(crate) async fn raise(
        &self,
        client: ClientKey,
        allowance: &mut Allowance,
        needed: usize,
        most: usize,
    ) {
        if allowance.bytes < needed {
            let (part, bytes) = if needed <= MEDIUM && allowance.bytes < MEDIUM {
                (&self.medium, most.clamp(needed, MEDIUM))
            } else {
                (&self.large, most.max(needed))
            };
            allowance.reservations.push(part.of(client).reserve((bytes - allowance.bytes) as u64).await);
            allowance.bytes = bytes;
        }
    }
}
