//! What all parts of a job use: its deadline, the bytes that it may still receive, and its record.

use crate::{
    Cause, FetchError, FetchSettings, JobRecord, Phase, deadline::JobDeadline, traffic::JobAllowance,
};
use kit::{ClientKey, Deadline};
use std::{future::poll_fn, pin::pin};

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
        Self {
            client,
            deadline: JobDeadline(Deadline::after(settings.timeout)),
            allowance: JobAllowance::new(settings),
            record: JobRecord::begin(),
        }
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
        let (phase, record, mut work) = (self.record.phase(), &mut self.record, pin!(work));
        let work = poll_fn(|context| {
            let polled = work.as_mut().poll(context);
            record.enter(if polled.is_pending() { Phase::Queue } else { phase });
            polled
        });
        let result = self.deadline.run(Phase::Queue, work).await;
        result.inspect_err(|_| self.record.cause = Some(Cause::busy()))
    }

    /// The record of the job, which is over but for what its caller does with the page.
    pub(crate) fn into_record(self) -> JobRecord {
        let Self { allowance, mut record, .. } = self;
        record.wire_bytes = allowance.used();
        record.end();
        record
    }
}
