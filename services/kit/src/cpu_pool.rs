//! Threads for work that keeps a processor busy for longer than an async thread may.

use crate::Metrics;
use std::{
    io,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads that run jobs in order of arrival. Clones share the threads, which end with the last clone.
///
/// `tokio::task::spawn_blocking` would spread the work over hundreds of threads, and an allocator keeps memory for each.
#[derive(Clone, Debug)]
pub struct CpuPool {
    sender: Sender<Job>,
    threads: usize,
    load: Arc<Load>,
}

/// The jobs of a pool.
#[derive(Debug, Default)]
struct Load {
    waiting: AtomicU64,
    running: AtomicU64,
}

impl CpuPool {
    /// A pool of `threads`; an error when the system has no more threads.
    pub fn new(threads: usize) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let (threads, load) = (threads.max(1), Arc::<Load>::default());
        for _ in 0..threads {
            let (receiver, load) = (Arc::clone(&receiver), Arc::clone(&load));
            thread::Builder::new().name("cpu".to_owned()).spawn(move || work(&receiver, &load))?;
        }
        Ok(Self { sender, threads, load })
    }

    /// A pool of one thread per processor.
    pub fn per_processor() -> io::Result<Self> {
        Self::new(thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// The number of threads.
    pub const fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `job` on one of the threads; `None` if it panicked. If the caller is cancelled, a job that has not started is
    /// skipped, and one that has started runs to its end. The queue is unbounded: callers bound how many jobs they have.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, result) = oneshot::channel();
        let job = Box::new(move || {
            if !sender.is_closed() {
                let _ = sender.send(job());
            }
        });
        self.load.waiting.fetch_add(1, Relaxed);
        self.sender.send(job).ok()?;
        result.await.ok()
    }

    /// Whether work that looks once at each of so many bytes takes less time than handing it to another thread.
    pub const fn is_short(bytes: usize) -> bool {
        bytes <= 16 * 1024
    }

    /// Runs `job`, which looks once at each of `bytes`, as [`Self::run`] does; short work is done at once by the caller.
    pub async fn run_sized<T: Send + 'static>(
        &self,
        bytes: usize,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        if Self::is_short(bytes) { catch_unwind(AssertUnwindSafe(job)).ok() } else { self.run(job).await }
    }

    /// Adds its metrics to those of a service that uses it.
    pub fn register(&self, metrics: &mut Metrics) {
        let running = Arc::clone(&self.load);
        let help = "Threads of the pool for long work that are busy";
        metrics
            .limit("cpu_pool_busy_threads", help, self.threads as u64, move || running.running.load(Relaxed));
        let waiting = Arc::clone(&self.load);
        let help = "Jobs that wait for a thread of the pool";
        metrics.gauge("cpu_pool_queue_length", help, move || waiting.waiting.load(Relaxed));
    }
}

fn work(queue: &Mutex<Receiver<Job>>, load: &Load) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        load.waiting.fetch_sub(1, Relaxed);
        load.running.fetch_add(1, Relaxed);
        // The panic hook has logged it, and the caller gets no result.
        let _ = catch_unwind(AssertUnwindSafe(job));
        load.running.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::poll_fn,
        pin::pin,
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        task::Poll,
    };

    #[tokio::test]
    async fn no_more_jobs_run_at_once_than_there_are_threads() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        let pool = CpuPool::new(2).unwrap();
        let job = || {
            let running = RUNNING.fetch_add(1, SeqCst) + 1;
            thread::yield_now();
            RUNNING.fetch_sub(1, SeqCst);
            running
        };
        let most = futures_util::future::join_all((0..100).map(|_| pool.run(job))).await;
        assert!(most.into_iter().all(|running| running.unwrap() <= 2));
    }

    #[tokio::test]
    async fn a_job_that_panics_has_no_result_and_its_thread_goes_on() {
        let pool = CpuPool::new(1).unwrap();
        assert_eq!(pool.run(|| assert_eq!(1, 2, "on purpose")).await, None);
        assert_eq!(pool.run(|| 1).await, Some(1));
    }

    #[tokio::test]
    async fn short_jobs_run_on_the_thread_of_their_caller_and_others_on_the_pool() {
        let pool = CpuPool::new(1).unwrap();
        let here = || thread::current().id();
        let short = pool.run_sized(16 * 1024, here).await;
        let long = pool.run_sized(16 * 1024 + 1, here).await;
        assert_eq!((short == Some(here()), long == Some(here())), (true, false));
        assert_eq!(pool.run_sized(1, || assert_eq!(1, 2, "on purpose")).await, None);
    }

    #[tokio::test]
    async fn a_job_whose_caller_was_cancelled_before_it_started_is_skipped() {
        let pool = CpuPool::new(1).unwrap();
        let (open, gate) = channel::<()>();
        let ran = Arc::new(AtomicUsize::new(0));
        let mut busy = pin!(pool.run(move || gate.recv().is_ok()));
        assert!(poll_once(busy.as_mut()).await.is_pending());
        {
            let ran = Arc::clone(&ran);
            let cancelled = pin!(pool.run(move || ran.fetch_add(1, SeqCst)));
            assert!(poll_once(cancelled).await.is_pending());
        }
        drop(open);
        assert_eq!(busy.await, Some(false));
        assert_eq!(pool.run(|| 1).await, Some(1), "jobs run in order, so the cancelled one is over");
        assert_eq!(ran.load(SeqCst), 0);
    }

    #[tokio::test]
    async fn busy_threads_and_waiting_jobs_are_known() {
        let pool = CpuPool::new(1).unwrap();
        let (open, gate) = channel::<()>();
        let (begun, begins) = oneshot::channel();
        let load = || (pool.load.running.load(SeqCst), pool.load.waiting.load(SeqCst));
        let mut busy = pin!(pool.run(move || {
            begun.send(()).unwrap();
            gate.recv().is_ok()
        }));
        assert!(poll_once(busy.as_mut()).await.is_pending());
        begins.await.unwrap();
        let mut waiting = pin!(pool.run(|| 1));
        assert!(poll_once(waiting.as_mut()).await.is_pending());
        assert_eq!(load(), (1, 1));
        drop(open);
        assert_eq!((busy.await, waiting.await), (Some(false), Some(1)));
        assert_eq!(load().1, 0);
    }

    async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
    }
}
