//! The queue of log lines: whoever logs only appends to a buffer; a thread writes what has gathered there at once.

use memchr::memchr_iter;
use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// Bytes of lines that may wait to be written.
const LIMIT: usize = 4 * 1024 * 1024;
/// How long lines gather after the first one, unless a batch is full before: a write for each would cost more than they do.
const GATHER: Duration = Duration::from_millis(5);
const BATCH: usize = 64 * 1024;
/// How long a line may wait for room, and the end of the program for the last lines.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Lines that wait to be written.
pub(super) struct LogQueue {
    backlog: Mutex<Backlog>,
    /// Signalled for the thread: there is a first line, a full batch, or the end.
    arrived: Condvar,
    /// Signalled by the thread: a batch was written.
    written: Condvar,
    /// Whether a full queue delays who logs. A file takes lines again soon; a pipe may have a reader that never does.
    lossless: bool,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Backlog {
    lines: Vec<u8>,
    /// Whether the thread has lines that are not yet written.
    writing: bool,
    /// No batch was written for as long as a line may wait: none waits until one is.
    stalled: bool,
    ended: bool,
}

/// Waits a second at most for the last lines when it is dropped.
pub(super) struct QueueGuard(Arc<LogQueue>);

impl LogQueue {
    /// A queue whose lines a thread writes to `output`. A full queue delays who logs if it is `lossless`, and drops lines
    /// otherwise.
    pub(super) fn start(
        output: impl Write + Send + 'static,
        lossless: bool,
    ) -> io::Result<(Arc<Self>, QueueGuard)> {
        let queue = Arc::new(Self {
            backlog: Mutex::default(),
            arrived: Condvar::new(),
            written: Condvar::new(),
            lossless,
            dropped: AtomicU64::new(0),
        });
        let writer = Arc::clone(&queue);
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.write_all_to(output))?;
        Ok((Arc::clone(&queue), QueueGuard(queue)))
    }

    /// The number of lines that were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// Appends a whole line.
    pub(super) fn push(&self, line: &[u8]) {
        let mut backlog = self.lock();
        let fits = |backlog: &Backlog| backlog.lines.len() + line.len() <= LIMIT;
        if !fits(&backlog) && self.lossless && !backlog.stalled && !backlog.ended {
            let (room, timeout) = self
                .written
                .wait_timeout_while(backlog, LONGEST_WAIT, |backlog| !fits(backlog))
                .unwrap_or_else(PoisonError::into_inner);
            backlog = room;
            backlog.stalled |= timeout.timed_out();
        }
        if !fits(&backlog) || backlog.ended {
            self.dropped.fetch_add(1, Relaxed);
            return;
        }
        let before = backlog.lines.len();
        backlog.lines.extend_from_slice(line);
        if before == 0 || (before < BATCH && backlog.lines.len() >= BATCH) {
            self.arrived.notify_one();
        }
    }

    fn write_all_to(&self, mut output: impl Write) {
        let mut batch = Vec::new();
        while self.next_batch(&mut batch) {
            if output.write_all(&batch).is_err() {
                let lines = memchr_iter(b'\n', &batch).count();
                self.dropped.fetch_add(lines as u64, Relaxed);
            }
            batch.clear();
            batch.shrink_to(2 * BATCH);
            let mut backlog = self.lock();
            (backlog.writing, backlog.stalled) = (false, false);
            self.written.notify_all();
        }
    }

    /// Waits for lines and exchanges them for `batch`, which is empty; false at the end.
    fn next_batch(&self, batch: &mut Vec<u8>) -> bool {
        let none = |backlog: &mut Backlog| backlog.lines.is_empty() && !backlog.ended;
        let backlog = self.arrived.wait_while(self.lock(), none).unwrap_or_else(PoisonError::into_inner);
        let few = |backlog: &mut Backlog| backlog.lines.len() < BATCH && !backlog.ended;
        let gathered = self.arrived.wait_timeout_while(backlog, GATHER, few);
        let (mut backlog, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut backlog.lines, batch);
        backlog.writing = !batch.is_empty();
        backlog.writing
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For formatters, which hand over whole lines.
impl Write for &LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for QueueGuard {
    fn drop(&mut self) {
        let mut backlog = self.0.lock();
        backlog.ended = true;
        self.0.arrived.notify_one();
        let unwritten = |backlog: &mut Backlog| backlog.writing || !backlog.lines.is_empty();
        drop(self.0.written.wait_timeout_while(backlog, LONGEST_WAIT, unwritten));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// An output that takes a batch whenever the test permits it, and passes it on.
    struct Gate(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Gate {
        fn write(&mut self, batch: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(batch.to_vec()).map_err(io::Error::other)?;
            Ok(batch.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gate() -> (Gate, Sender<()>, Receiver<Vec<u8>>) {
        let ((open, gate), (sender, batches)) = (channel(), channel());
        (Gate(gate, sender), open, batches)
    }

    fn fill(queue: &LogQueue) {
        for _ in 0..3 * LIMIT / BATCH {
            queue.push(&vec![b'x'; BATCH]);
        }
    }

    #[test]
    fn lines_that_wait_are_written_at_once_and_the_last_ones_at_the_end() {
        let (output, open, batches) = gate();
        let (queue, guard) = LogQueue::start(output, false).unwrap();
        for _ in 0..1000 {
            queue.push(b"line\n");
        }
        open.send(()).unwrap();
        open.send(()).unwrap();
        drop(guard);
        let batches: Vec<_> = batches.try_iter().collect();
        assert!(batches.len() <= 2 && batches.concat() == b"line\n".repeat(1000));
        queue.push(b"late\n");
        assert_eq!(queue.dropped(), 1);
    }

    #[test]
    fn a_queue_that_may_lose_lines_drops_them_when_it_is_full() {
        let (output, open, _batches) = gate();
        let (queue, _guard) = LogQueue::start(output, false).unwrap();
        fill(&queue);
        let dropped = queue.dropped();
        assert!(dropped >= (LIMIT / BATCH) as u64, "{dropped}");
        drop(open);
    }

    #[test]
    fn a_lossless_queue_waits_for_its_output() {
        let (output, open, batches) = gate();
        let (queue, guard) = LogQueue::start(output, true).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| fill(&queue));
            let mut bytes = 0;
            while bytes < 3 * LIMIT {
                open.send(()).unwrap();
                bytes += batches.recv().unwrap().len();
            }
        });
        assert_eq!(queue.dropped(), 0);
        drop((open, guard));
    }

    #[test]
    fn an_output_that_hangs_delays_a_lossless_queue_only_once() {
        let (output, open, _batches) = gate();
        let (queue, _guard) = LogQueue::start(output, true).unwrap();
        let start = std::time::Instant::now();
        fill(&queue);
        assert!(start.elapsed() < 3 * LONGEST_WAIT && queue.dropped() > 1);
        drop(open);
    }
}
