//! The memory that bodies may take, all jobs together. Five equal parts: what each job may hold without asking,
//! bodies on the wire that are larger than that, bodies that are large, decoders' windows, and pages until their
//! caller drops them. A job asks for them in this order, and who holds a page asks for nothing more: nobody waits
//! in a circle. Large bodies have a part of their own, so that a few slow ones hold up no others.

use crate::{Settings, coding::Coding};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes on the wire of which a body is large.
const MEDIUM: usize = 1024 * 1024;

/// The budget. Its semaphores of memory count KiB.
#[derive(Debug)]
pub(crate) struct Budget {
    /// How many bytes on the wire a job holds without a claim.
    pub(crate) free: usize,
    medium: Arc<Semaphore>,
    large: Arc<Semaphore>,
    windows: Arc<Semaphore>,
    pages: Arc<Semaphore>,
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Claim(OwnedSemaphorePermit);

impl Budget {
    pub(crate) fn new(settings: &Settings) -> Self {
        let fifth = settings.memory.0 / 5;
        let free = fifth / settings.max_jobs.max(1) as u64;
        // Each part has room for one body at the limit, or none could ever be had.
        let part = |least: u64| Arc::new(Semaphore::new(kib(fifth.max(least)) as usize));
        Self {
            free: usize::try_from(free).unwrap_or(usize::MAX),
            medium: part(MEDIUM as u64),
            large: part(settings.max_bytes.0),
            windows: part(2 * Coding::MAX_WINDOW),
            pages: part(settings.max_bytes.0),
        }
    }

    /// More room for a body on the wire that has `room` bytes and will have `most`: the claim, and the room then.
    pub(crate) async fn wire(&self, room: usize, most: usize) -> (Claim, usize) {
        let (part, more) = if room < MEDIUM { (&self.medium, most.min(MEDIUM)) } else { (&self.large, most) };
        (claim(part, more.saturating_sub(room) as u64).await, more.max(room))
    }

    /// Room for the decoders of `codings`.
    pub(crate) async fn windows(&self, codings: &[Coding]) -> Claim {
        claim(&self.windows, codings.iter().map(|coding| coding.window()).sum()).await
    }

    /// Room for a page of `most` bytes.
    pub(crate) async fn page(&self, most: u64) -> Claim {
        claim(&self.pages, most).await
    }
}

impl Claim {
    /// Binds the claim, cut to what is needed, to the bytes it was made for.
    pub(crate) fn hold(mut self, bytes: Vec<u8>) -> Bytes {
        let claim = Self(self.0.split(kib(bytes.len() as u64) as usize).unwrap_or(self.0));
        Bytes::from_owner(Held { bytes, _claim: claim })
    }
}

struct Held {
    bytes: Vec<u8>,
    _claim: Claim,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

async fn claim(part: &Arc<Semaphore>, bytes: u64) -> Claim {
    let permit = Arc::clone(part).acquire_many_owned(kib(bytes)).await;
    Claim(permit.expect("nothing here closes a semaphore"))
}

/// Bytes in whole KiB.
fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}
