//! What all parts of a job use: its deadline, the bytes that it may still receive, and its record.

use crate::{
    Cause, FetchError, FetchSettings, JobRecord, Phase, deadline::JobDeadline, traffic::JobAllowance,
};
use kit::{ClientKey, Deadline};
use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

/// The state of a job that all its hops share.
#[derive(Debug)]
pub(crate) struct JobContext {
    pub(crate) client: ClientKey,
    pub(crate) deadline: JobDeadline,
    pub(crate) allowance: JobAllowance,
    pub(crate) record: JobRecord,
}

impl JobContext {
    /// The state of a job of `client` that begins now.
    pub(crate) fn begin(settings: &FetchSettings, client: ClientKey) -> Self {
        let record = JobRecord::begin();
        Self {
            client,
            deadline: JobDeadline(Deadline::after(settings.timeout)),
            allowance: JobAllowance::new(settings),
            record,
        }
    }

    /// Sets the deadline to `timeout` from now.
    pub(crate) fn restart(&mut self, timeout: Duration) {
        self.deadline = JobDeadline(Deadline::after(timeout));
        self.record.timed_from = Instant::now();
    }

    /// Enters `phase` and runs `work` until the deadline.
    pub(crate) async fn run<T>(
        &mut self,
        phase: Phase,
        work: impl Future<Output = T>,
    ) -> Result<T, FetchError> {
        self.record.enter(phase);
        self.deadline.run(phase, work).await
    }

    /// Waits for other jobs until the deadline, then goes on with the phase before. What is ready at once is no wait.
    pub(crate) async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Result<T, FetchError> {
        let mut work = pin!(work);
        if let Poll::Ready(result) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return Ok(result);
        }
        let phase = self.record.phase();
        self.record.enter(Phase::Queue);
        let result = self.deadline.run(Phase::Queue, work).await;
        match &result {
            Ok(_) => self.record.enter(phase),
            Err(_) => self.record.cause = Some(Cause::busy()),
        }
        result
    }

    /// The record of the job, which is over but for what its caller does with the page, and its result: a job that reached
    /// its deadline has failed in the phase that took longest.
    pub(crate) fn end<T>(self, mut result: Result<T, FetchError>) -> (Result<T, FetchError>, JobRecord) {
        let Self { deadline, allowance, mut record, .. } = self;
        record.wire_bytes = allowance.used();
        record.end();
        match &mut result {
            // Of a connection that was tried first.
            Ok(_) => record.cause = None,
            Err(FetchError::Timeout(phase)) if deadline.0.has_passed() => {
                *phase = record.time_out();
            }
            Err(_) => {}
        }
        (result, record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::sleep;

    fn job() -> JobContext {
        let settings = FetchSettings { timeout: Duration::from_millis(300), ..FetchSettings::default() };
        JobContext::begin(&settings, crate::JobClient::own().key)
    }

    /// How the job fails in `phase`, which does not end.
    async fn failure(mut job: JobContext, phase: Phase) -> (Phase, Option<Cause>) {
        let result = job.run(phase, pending::<()>()).await;
        let (result, record) = job.end(result);
        assert_eq!(result, Err(FetchError::Timeout(record.phase())));
        (record.phase(), record.cause)
    }

    #[tokio::test]
    async fn a_job_that_waited_until_shortly_before_its_deadline_was_held_up_by_others() {
        let mut waited = job();
        waited.record.enter(Phase::Body);
        let _ = waited.wait(sleep(Duration::from_millis(250))).await;
        assert_eq!(failure(waited, Phase::Body).await, (Phase::Queue, Some(Cause::busy())));

        // For its permit: that may have been its client's or its host's limit.
        let mut permitted = job();
        let _ = permitted.run(Phase::Queue, sleep(Duration::from_millis(250))).await;
        assert_eq!(failure(permitted, Phase::FirstByte).await, (Phase::Queue, None));
    }

    #[tokio::test]
    async fn a_wait_shortly_before_the_deadline_is_not_what_took_too_long() {
        let mut slow = job();
        let _ = slow.run(Phase::FirstByte, sleep(Duration::from_millis(250))).await;
        let result = slow.wait(pending::<()>()).await;
        let (result, record) = slow.end(result);
        let found = (result, record.phase(), record.cause);
        assert_eq!(found, (Err(FetchError::Timeout(Phase::FirstByte)), Phase::FirstByte, None));
    }

    #[tokio::test]
    async fn time_before_the_deadline_was_set_does_not_count() {
        let mut held = job();
        let _ = held.run(Phase::Queue, sleep(Duration::from_millis(250))).await;
        held.restart(Duration::from_millis(100));
        assert_eq!(failure(held, Phase::Body).await, (Phase::Body, None));
    }
}
