//! The queue of log lines: logging only appends to a buffer; a thread writes what has gathered there at once.

use memchr::memchr_iter;
use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// Bytes of lines that may wait to be written.
const LIMIT: usize = 4 * 1024 * 1024;
/// How long lines gather after the first one, unless a batch is full before: a write for each would cost more than they do.
const GATHER: Duration = Duration::from_millis(5);
const BATCH: usize = 64 * 1024;
/// How long a line may wait for room, and the end of the program for the last lines.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often a non-blocking output that takes nothing is tried again.
const RETRY: Duration = Duration::from_millis(5);

/// Lines that wait to be written.
pub(super) struct LogQueue {
    backlog: Mutex<Backlog>,
    /// Signalled for the thread: there is a first line, a full batch, or the end.
    arrived: Condvar,
    /// Signalled by the thread: a batch was written.
    written: Condvar,
    /// Whether a full queue delays the threads that log. A file takes lines again soon; a pipe may have a reader that never
    /// does.
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
    /// A queue whose lines a thread writes to `output`. A full queue delays the threads that log if it is
    /// `lossless`, and drops lines otherwise.
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

    /// Appends a whole line. One that is longer than the queue is dropped.
    pub(super) fn push(&self, line: &[u8]) {
        let mut backlog = self.lock();
        let fits = |backlog: &Backlog| backlog.lines.len() + line.len() <= LIMIT;
        if !fits(&backlog) && line.len() <= LIMIT && self.lossless && !backlog.stalled && !backlog.ended {
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
        // Whether the output ends within a line.
        let mut torn = false;
        while self.next_batch(&mut batch) {
            torn = torn && write_most(&mut output, b"\n") == 0;
            let written = if torn { 0 } else { write_most(&mut output, &batch) };
            let (whole, rest) = batch.split_at(written);
            torn |= !rest.is_empty() && whole.last().is_some_and(|last| *last != b'\n');
            let lines = memchr_iter(b'\n', rest).count();
            self.dropped.fetch_add(lines as u64, Relaxed);
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

/// Writes `data`, as far as `output` takes it, and gives the number of bytes written. Standard error may be non-blocking, as
/// other processes can set that for all that share it; then it is tried again for as long as a line may wait.
#[expect(clippy::disallowed_methods, reason = "only the log's own thread sleeps")]
fn write_most(output: &mut impl Write, data: &[u8]) -> usize {
    let (mut written, mut deadline) = (0, None);
    while written < data.len() {
        match output.write(&data[written..]) {
            Ok(0) => break,
            Ok(bytes) => (written, deadline) = (written + bytes, None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let now = Instant::now();
                if now >= *deadline.get_or_insert(now + LONGEST_WAIT) {
                    break;
                }
                thread::sleep(RETRY);
            }
            Err(_) => break,
        }
    }
    written
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
mod tests;
