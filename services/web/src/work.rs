//! What is made of the API's answers, off the async threads.

use crate::failure::{Failure, Kind};
use kit::Turns;

/// Bytes of an answer. What is made of a longer one takes several times as much memory for a while.
const LONG: usize = 256 << 10;

/// Whose turn it is: no more at once than there are processors, and one alone of the long ones, which therefore do not
/// keep the others waiting.
#[derive(Debug)]
pub(crate) struct Work {
    short: Turns,
    long: Turns,
}

impl Default for Work {
    fn default() -> Self {
        Self { short: Turns::per_processor(), long: Turns::new(1) }
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
        let done = turns.run(work).await;
        done.unwrap_or_else(|panic| Err(Failure::caused(Kind::Internal, panic.to_string())))
    }
}
