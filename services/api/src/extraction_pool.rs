//! The threads and the memory of extractions and conversions.

use kit::{ByteBudget, CpuPool, Reservation};

/// The threads for extractions and conversions, and the memory that these may take. Clones share both.
#[derive(Clone)]
pub(crate) struct ExtractionPool {
    threads: CpuPool,
    memory: ByteBudget,
    limit: u64,
    /// The memory of links that wait for their conversion, which the cache may have given up meanwhile.
    waiting: ByteBudget,
}

impl ExtractionPool {
    /// A pool whose jobs may take `memory` bytes, and the links that wait for their conversion `waiting`.
    pub(crate) fn new(threads: &CpuPool, memory: u64, waiting: u64) -> Self {
        let (all, waiting) = (ByteBudget::new(memory), ByteBudget::new(waiting));
        Self { threads: threads.clone(), memory: all, limit: memory, waiting }
    }

    /// Adds the metrics of its memory; those of the threads are the process's.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        metrics.budget("extraction", &self.memory);
        metrics.budget("conversion", &self.waiting);
    }

    /// A place for links of `bytes` that wait for their conversion, if there is one; links that take more than there is wait
    /// alone.
    pub(crate) fn waiting_place(&self, bytes: usize) -> Option<Reservation> {
        self.waiting.try_reserve((bytes as u64).min(self.waiting.limit()))
    }

    /// Runs `job`, which takes about `bytes` of memory, once they are free; `None` if it panicked. A job that takes more
    /// than there is runs alone.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        bytes: u64,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let reserved = self.memory.reserve(bytes.min(self.limit)).await;
        // The job owns the memory, because it goes on when its caller is cancelled.
        let job = move || {
            let _reserved = reserved;
            job()
        };
        self.threads.run(job).await
    }
}
