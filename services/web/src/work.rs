//! What is made of the API's answers, off the async threads.

use crate::failure::{Failure, Kind};
use kit::CpuPool;
use tokio::sync::Semaphore;

/// Bytes of an answer. What is made of a longer one takes several times as much memory for a while.
const LONG: usize = 256 << 10;

/// Whose turn it is: no more at once than there are processors, and one alone of the long ones, which therefore do not
/// keep the others waiting.
#[derive(Debug)]
pub(crate) struct Work {
    pool: CpuPool,
    long: Semaphore,
}

impl Work {
    /// Works on `pool`.
    pub(crate) fn new(pool: CpuPool) -> Self {
        Self { pool, long: Semaphore::new(1) }
    }

    /// What `work` makes of `length` bytes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        length: usize,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let _alone = if length > LONG { self.long.acquire().await.ok() } else { None };
        let done = self.pool.run(work).await;
        done.unwrap_or_else(|| Err(Failure::caused(Kind::Internal, "the work on an answer panicked")))
    }
}
