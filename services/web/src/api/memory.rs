//! Memory for the API's answers, bounded for all requests together.

use crate::failure::{Failure, Kind};
use http_body::Body as _;
use http_body_util::BodyExt;
use kit::Body;
use std::{ops::Deref, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of all answers at once, beyond what each has for itself.
const SHARED: usize = 96 << 20;
/// Bytes that each answer has for itself: long ones do not keep out short ones, as most are. The number of requests
/// bounds these.
const OWN: usize = 64 << 10;

/// What is left of it.
#[derive(Debug)]
pub(super) struct Memory(Arc<Semaphore>);

impl Default for Memory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(SHARED)))
    }
}

/// The bytes of an answer, and their share of the memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    bytes: Vec<u8>,
    share: Option<OwnedSemaphorePermit>,
}

impl Deref for Held {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Memory {
    /// A body of up to `limit` bytes.
    pub(super) async fn read(&self, mut body: Body, limit: usize) -> Result<Held, Failure> {
        let expected = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let mut held = Held::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Failure::caused(Kind::ApiAnswer, error.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            let length = held.bytes.len() + data.len();
            if length > limit {
                return Err(Failure::caused(Kind::ApiAnswer, format!("longer than {limit} bytes")));
            }
            if length > held.bytes.capacity() {
                let twice = 2 * held.bytes.capacity();
                self.grow(&mut held, expected.unwrap_or(twice).max(length).min(limit))?;
            }
            held.bytes.extend_from_slice(&data);
        }
        Ok(held)
    }

    fn grow(&self, held: &mut Held, capacity: usize) -> Result<(), Failure> {
        let shared = held.share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = capacity.saturating_sub(OWN).saturating_sub(shared);
        let more = Arc::clone(&self.0).try_acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX));
        let more = more.map_err(|_| Failure::caused(Kind::Overloaded, "too many long answers at once"))?;
        match &mut held.share {
            Some(share) => share.merge(more),
            None => held.share = Some(more),
        }
        held.bytes.reserve_exact(capacity - held.bytes.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(memory: &Memory, length: usize) -> Result<usize, Kind> {
        let held = memory.read(kit::full(vec![b' '; length]), 4 * OWN).await;
        held.map(|held| held.len()).map_err(|failure| failure.kind)
    }

    #[tokio::test]
    async fn what_each_has_for_itself_is_there_when_nothing_else_is() {
        let memory = Memory(Arc::new(Semaphore::new(1)));
        for _ in 0..2 {
            assert_eq!(read(&memory, OWN + 1).await, Ok(OWN + 1));
        }
        assert_eq!(read(&memory, OWN + 2).await, Err(Kind::Overloaded));
        assert_eq!(read(&memory, 4 * OWN + 1).await, Err(Kind::ApiAnswer));
        assert_eq!(read(&Memory(Arc::new(Semaphore::new(0))), OWN).await, Ok(OWN));
    }
}
