//! Work for a processor, off the async threads.

use crate::failure::{Failure, Kind};
use std::{num::NonZero, sync::Arc, thread};
use tokio::{sync::Semaphore, task};

/// Bytes of an answer. What is made of a longer one takes several times as much memory for a while.
const LONG: usize = 256 << 10;

/// Whose turn it is: no more at once than there are processors, and one alone of the long ones, which therefore do not
/// keep the others waiting.
#[derive(Debug)]
pub(crate) struct Work {
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

impl Default for Work {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Self { short: Arc::new(Semaphore::new(processors)), long: Arc::new(Semaphore::new(1)) }
    }
}

impl Work {
    /// What `work` makes of `length` bytes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        length: usize,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let turns = if length > LONG { &self.long } else { &self.short };
        let turn = Arc::clone(turns).acquire_owned().await;
        let turn = turn.map_err(|closed| Failure::caused(Kind::Internal, closed.to_string()))?;
        let done = task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.unwrap_or_else(|panic| Err(Failure::caused(Kind::Internal, panic.to_string())))
    }
}
