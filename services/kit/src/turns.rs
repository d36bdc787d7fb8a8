//! Work for a processor, off the async threads.

use std::{num::NonZero, sync::Arc, thread};
use tokio::{
    sync::Semaphore,
    task::{self, JoinError},
};

/// Turns at such work: no more of it is done at once than there are, and the rest waits in the order in which it came.
#[derive(Debug)]
pub struct Turns(Arc<Semaphore>);

impl Turns {
    /// So many.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// As many as there are processors.
    pub fn per_processor() -> Self {
        Self::new(thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// What `work` gives, when it is its turn; an error if it panicked. Work that was begun goes on to its end in its turn,
    /// also when this is dropped: a thread cannot be stopped.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        // An error would be that there are no turns any more, and nobody ends them.
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let work = move || {
            let _turn = turn;
            work()
        };
        task::spawn_blocking(work).await
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[tokio::test]
    async fn there_are_no_more_than_that() {
        static NOW: AtomicUsize = AtomicUsize::new(0);
        let turns = Turns::new(2);
        let work = || {
            let now = NOW.fetch_add(1, SeqCst) + 1;
            std::thread::yield_now();
            NOW.fetch_sub(1, SeqCst);
            now
        };
        let most = futures_util::future::join_all((0..100).map(|_| turns.run(work))).await;
        assert!(most.into_iter().all(|now| now.unwrap() <= 2));
    }

    #[tokio::test]
    async fn a_panic_gives_its_turn_back() {
        let turns = Turns::new(1);
        assert!(turns.run(|| assert_eq!(1, 2, "as asked")).await.is_err());
        assert_eq!(turns.run(|| 1).await.unwrap(), 1);
    }
}
