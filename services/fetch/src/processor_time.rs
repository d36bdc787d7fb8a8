//! The processor time that decoding and extracting a page may take.

use std::time::Duration;

/// The time for each megabyte of the decoded page.
const PER_MEGABYTE: Duration = Duration::from_millis(100);
/// The time for a small page.
const LEAST: Duration = Duration::from_secs(1);
/// How much longer a program that is not optimized may take.
const SLOWNESS: u32 = if cfg!(debug_assertions) { 20 } else { 1 };

/// The processor time that a job has taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessorTime(Duration);

impl ProcessorTime {
    /// Runs `work`, a part of the job, and adds the processor time that it took of this thread.
    pub fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = thread_time();
        let result = work();
        self.0 += thread_time().saturating_sub(before);
        result
    }

    /// Whether it is too long for a page that has `decoded` bytes: more than 100 ms for each megabyte, and more than 1 s.
    pub fn is_too_long(self, decoded: usize) -> bool {
        let megabytes = u32::try_from(decoded / 1_000_000).unwrap_or(u32::MAX);
        self.0 > LEAST.max(PER_MEGABYTE.saturating_mul(megabytes)).saturating_mul(SLOWNESS)
    }
}

/// The processor time of this thread. Waiting for a processor does not count, or a busy machine would fail its pages.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{hint::black_box, sync::mpsc, time::Instant};

    #[test]
    fn a_page_may_take_a_second_and_more_if_it_is_large() {
        let second = ProcessorTime(SLOWNESS * Duration::from_secs(1));
        assert!(!second.is_too_long(0));
        let more = ProcessorTime(SLOWNESS * Duration::from_millis(1001));
        assert!(more.is_too_long(0) && more.is_too_long(10_999_999) && !more.is_too_long(11_000_000));
    }

    #[test]
    fn only_work_counts() {
        let mut time = ProcessorTime::default();
        let (open, gate) = mpsc::channel::<()>();
        let _ = time.measure(|| gate.recv_timeout(Duration::from_millis(100)));
        drop(open);
        assert!(time.0 < Duration::from_millis(50), "{time:?}");
        let begun = Instant::now();
        time.measure(|| {
            while thread_time() < Duration::from_millis(50) && begun.elapsed() < Duration::from_secs(20) {
                black_box(0);
            }
        });
        assert!(time.0 >= Duration::from_millis(20), "{time:?}");
    }
}
