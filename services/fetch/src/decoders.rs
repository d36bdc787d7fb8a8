//! Threads for decoding. Of their own, because an allocator keeps what a thread once had: among the many threads
//! that a runtime has for blocking work, each would come to hold a decoder's memory.

use std::{
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};
use tokio::sync::oneshot;

/// The most threads, whatever the number of processors.
const MAX_THREADS: usize = 4;

type Work = Box<dyn FnOnce() + Send>;

/// The threads; they end with this. What waits for them is bounded by the number of jobs.
#[derive(Debug)]
pub(crate) struct Decoders(Sender<Work>);

impl Decoders {
    /// A thread for each processor, up to a few; an error where the system has none left.
    pub(crate) fn new() -> Result<Self, String> {
        let (sender, receiver) = channel();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS) {
            let receiver = Arc::clone(&receiver);
            let thread = thread::Builder::new().name("decoder".to_owned());
            thread.spawn(move || work(&receiver)).map_err(|error| format!("a thread to decode: {error}"))?;
        }
        Ok(Self(sender))
    }

    /// Runs `work` on one of the threads; nothing where it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, result) = oneshot::channel();
        let work = Box::new(move || {
            // Who asked may have left: before it began, and then it is not done for nobody, or since.
            if !sender.is_closed() {
                let _ = sender.send(work());
            }
        });
        self.0.send(work).ok()?;
        result.await.ok()
    }
}

fn work(queue: &Mutex<Receiver<Work>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        // The panic hook has told of it; the thread goes on.
        let _ = catch_unwind(AssertUnwindSafe(work));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::ready,
        pin::pin,
        sync::atomic::{AtomicBool, Ordering},
    };

    #[tokio::test]
    async fn nothing_is_done_for_who_has_left() {
        let decoders = Decoders::new().unwrap();
        let (shut, gate) = channel::<()>();
        let (gate, done) = (Arc::new(Mutex::new(gate)), Arc::new(AtomicBool::new(false)));
        let busy = (0..MAX_THREADS).map(|_| {
            let gate = Arc::clone(&gate);
            Box::pin(decoders.run(move || gate.lock().unwrap().recv().is_ok()))
        });
        let mut busy: Vec<_> = busy.collect();
        for work in &mut busy {
            begin(work.as_mut()).await;
        }
        let flag = Arc::clone(&done);
        begin(pin!(decoders.run(move || flag.store(true, Ordering::SeqCst)))).await;
        drop((shut, busy));
        assert_eq!(decoders.run(|| 1).await, Some(1), "what came later has been done");
        assert!(!done.load(Ordering::SeqCst));
    }

    /// Polls once, and leaves what is pending.
    async fn begin(work: std::pin::Pin<&mut impl Future>) {
        tokio::select! {
            biased;
            _ = work => panic!("no thread was free"),
            () = ready(()) => {}
        }
    }
}
