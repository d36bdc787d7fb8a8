//! Which lines are lost, and whom the queue delays.

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
    let start = Instant::now();
    fill(&queue);
    assert!(start.elapsed() < 3 * LONGEST_WAIT && queue.dropped() > 1);
    drop(open);
}

/// An output whose writes take so many bytes or fail, one after the other; then all is taken.
struct Moody(std::vec::IntoIter<io::Result<usize>>, Sender<Vec<u8>>);

impl Write for Moody {
    fn write(&mut self, batch: &[u8]) -> io::Result<usize> {
        let bytes = self.0.next().unwrap_or(Ok(batch.len()))?.min(batch.len());
        self.1.send(batch[..bytes].to_vec()).map_err(io::Error::other)?;
        Ok(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What an output has of these batches, and the number of lines that were dropped.
fn written(writes: Vec<io::Result<usize>>, batches: &[&[u8]]) -> (String, u64) {
    let (sender, output) = channel();
    let (queue, guard) = LogQueue::start(Moody(writes.into_iter(), sender), false).unwrap();
    for batch in batches {
        queue.push(batch);
        let unwritten = |backlog: &mut Backlog| backlog.writing || !backlog.lines.is_empty();
        drop(queue.written.wait_timeout_while(queue.lock(), 5 * LONGEST_WAIT, unwritten).unwrap());
    }
    drop(guard);
    (String::from_utf8(output.try_iter().collect::<Vec<_>>().concat()).unwrap(), queue.dropped())
}

fn would_block() -> io::Result<usize> {
    Err(io::ErrorKind::WouldBlock.into())
}

#[test]
fn a_non_blocking_output_that_is_full_for_a_moment_loses_nothing() {
    let writes = vec![would_block(), Ok(2), would_block(), would_block()];
    assert_eq!(written(writes, &[b"one\ntwo\n"]), ("one\ntwo\n".to_owned(), 0));
}

#[test]
fn a_failed_write_loses_only_lines_that_were_not_written_and_leaves_the_next_one_whole() {
    let full = || Err(io::ErrorKind::StorageFull.into());
    let torn = || vec![Ok(6), full()];
    let batches: [&[u8]; 2] = [b"one\ntwo\nthree\n", b"four\n"];
    assert_eq!(written(torn(), &batches), ("one\ntw\nfour\n".to_owned(), 2));
    // At the end of a line.
    assert_eq!(written(vec![Ok(4), full()], &batches), ("one\nfour\n".to_owned(), 2));
    // The next batch finds it full, too.
    let batches: [&[u8]; 3] = [batches[0], b"lost\n", b"four\n"];
    let writes = torn().into_iter().chain([full()]).collect();
    assert_eq!(written(writes, &batches), ("one\ntw\nfour\n".to_owned(), 3));
}

#[test]
fn an_output_that_stays_full_delays_the_thread_for_as_long_as_a_line_may_wait() {
    let start = Instant::now();
    let blocked = (0..100_000).map(|_| would_block()).collect();
    let (output, dropped) = written(blocked, &[b"one\n"]);
    assert!(output.is_empty() && dropped == 1 && start.elapsed() >= LONGEST_WAIT);
}

#[test]
fn a_line_longer_than_the_queue_delays_nothing() {
    let (output, open, batches) = gate();
    let (queue, guard) = LogQueue::start(output, true).unwrap();
    let start = Instant::now();
    queue.push(&vec![b'x'; LIMIT + 1]);
    assert!(start.elapsed() < LONGEST_WAIT && !queue.lock().stalled && queue.dropped() == 1);
    drop((open, batches, guard));
}
