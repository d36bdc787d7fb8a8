//! The threads and the memory of extractions and conversions.

use kit::{ByteBudget, ClientKey, CpuPool, Reservation, SharedBudget};
use std::sync::Arc;

/// The threads for extractions and conversions, and the memory that these may take. Clones share both.
#[derive(Clone)]
pub(crate) struct ExtractionPool {
    threads: CpuPool,
    memory: ByteBudget,
    /// The memory of links that wait for their conversion, which the cache may have given up meanwhile.
    waiting: Arc<SharedBudget>,
}

impl ExtractionPool {
    /// A pool whose jobs may take `memory` bytes, and the links that wait for their conversion `waiting`.
    pub(crate) fn new(threads: &CpuPool, memory: u64, waiting: SharedBudget) -> Self {
        Self { threads: threads.clone(), memory: ByteBudget::new(memory), waiting: Arc::new(waiting) }
    }

    /// Adds the metrics of its memory; those of the threads are the process's.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        metrics.budget("extraction", &self.memory);
        metrics.budget("conversion", self.waiting.whole());
    }

    /// Memory for links of `bytes` that wait for their conversion, which `client` has asked for; `None` if there is none.
    /// Links that take more than the client may have wait alone.
    pub(crate) fn reserve_waiting(&self, bytes: usize, client: ClientKey) -> Option<Reservation> {
        self.waiting.of(client).try_reserve((bytes as u64).min(self.waiting.share()))
    }

    /// Runs `job`, which takes about `bytes` of memory, once they are free; `None` if it panicked. A job that takes more
    /// than there is runs alone.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        bytes: u64,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let reserved = self.memory.reserve(bytes.min(self.memory.limit())).await;
        // The job owns the memory, because it goes on when its caller is cancelled.
        let job = move || {
            let _reserved = reserved;
            job()
        };
        self.threads.run(job).await
    }
}
