//! What a job went through, as plain data: log events, metrics and traces are made from it.

use crate::{Cause, Phase};
use std::{
    error::Error,
    net::SocketAddr,
    time::{Duration, Instant},
};
use weburl::WebUrl;

/// What a job went through, whether it succeeded or failed. For operators only: it has addresses.
#[derive(Clone, Debug)]
pub struct JobRecord {
    /// When the job began. All offsets count from here.
    pub start: Instant,
    /// Where the time went, in order and without gaps: a job is in one phase at any time.
    pub phases: Vec<PhaseSpan>,
    /// The requests that were sent or tried, each to the target of the redirect before.
    pub hops: Vec<HopRecord>,
    /// Bytes received on all hops, TLS and framing included.
    pub wire_bytes: u64,
    /// Bytes of the page, once all of it has been received and decoded.
    pub decoded_bytes: Option<u64>,
    /// The page's content codings, in the order in which they were applied.
    pub codings: Vec<&'static str>,
    /// The cause of a failure, if it says more than its code: `connection refused`.
    pub cause: Option<Cause>,
    /// When the time that the job may take began.
    pub(crate) timed_from: Instant,
    /// The phase in which the job used up its time, if it did.
    timed_out_in: Option<Phase>,
}

/// One request of a job.
#[derive(Clone, Debug)]
pub struct HopRecord {
    /// Its URL.
    pub url: WebUrl,
    /// The address that it was sent to, or, if no connection was made, those that were dialled.
    pub dialled: Vec<SocketAddr>,
    /// Host and port of the proxy of the settings through which a connection was made or tried.
    pub proxy: Option<String>,
    /// `http/1.0`, `http/1.1` or `h2`, once there is a connection.
    pub protocol: Option<&'static str>,
    /// Whether the connection had served another request before.
    pub is_reused: bool,
    /// The status of the response, once there is one.
    pub status: Option<u16>,
}

/// A time in which a job was in one phase. Offsets count from the start of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseSpan {
    /// The phase.
    pub phase: Phase,
    /// The index of the hop.
    pub hop: usize,
    /// When it began.
    pub start: Duration,
    /// When it ended.
    pub end: Duration,
}

impl JobRecord {
    /// The record of a job that begins now, in the queue.
    pub fn begin() -> Self {
        let mut phases = Vec::with_capacity(Phase::ALL.len());
        phases.push(PhaseSpan { phase: Phase::Queue, hop: 0, start: Duration::ZERO, end: Duration::ZERO });
        let start = Instant::now();
        Self {
            start,
            phases,
            hops: Vec::new(),
            wire_bytes: 0,
            decoded_bytes: None,
            codings: Vec::new(),
            cause: None,
            timed_from: start,
            timed_out_in: None,
        }
    }

    /// Ends the current phase and begins another.
    pub fn enter(&mut self, phase: Phase) {
        self.enter_at(phase, Instant::now());
    }

    /// As [`enter`](Self::enter), at a time in the past.
    pub fn enter_at(&mut self, phase: Phase, time: Instant) {
        let start = self.end_at(time);
        let hop = self.hops.len().saturating_sub(1);
        if self.phases.last().is_none_or(|last| (last.phase, last.hop) != (phase, hop)) {
            self.phases.push(PhaseSpan { phase, hop, start, end: start });
        }
    }

    /// Ends the current phase. The job may go on with [`enter`](Self::enter).
    pub fn end(&mut self) {
        self.end_at(Instant::now());
    }

    fn end_at(&mut self, time: Instant) -> Duration {
        let now = time.duration_since(self.start);
        // No phase ends before it began.
        self.phases.last_mut().map_or(now, |last| {
            last.end = last.end.max(now);
            last.end
        })
    }

    /// The current phase, or the last one; of a job that reached its deadline, the one that took longest.
    pub fn phase(&self) -> Phase {
        let last = || self.phases.last().map_or(Phase::Queue, |last| last.phase);
        self.timed_out_in.unwrap_or_else(last)
    }

    /// Ends the record at the deadline of the job, and gives the phase in which it failed: the one that took longest, as
    /// little may be left of the time when the last one begins.
    pub fn time_out(&mut self) -> Phase {
        self.end();
        let (last, start) = (self.phase(), self.timed_from.duration_since(self.start));
        let time = |span: &PhaseSpan| span.end.saturating_sub(span.start.max(start));
        let time_in =
            |phase| self.phases.iter().filter(|span| span.phase == phase).map(time).sum::<Duration>();
        let longest = Phase::ALL.into_iter().max_by_key(|phase| (time_in(*phase), *phase == last));
        let longest = longest.unwrap_or(last);
        if longest != last {
            // A hop begins with the wait for its permit, which may be for a limit of the client or the host.
            let hops = self.phases.chunk_by(|span, next| span.hop == next.hop);
            let for_permits: Duration = hops.filter_map(<[_]>::first).map(time).sum();
            let is_busy = longest == Phase::Queue && time_in(Phase::Queue) > 2 * for_permits;
            self.cause = is_busy.then(Cause::busy);
        }
        self.timed_out_in = Some(longest);
        longest
    }

    /// The time of the whole job, until its last phase ended.
    pub fn duration(&self) -> Duration {
        self.phases.last().map_or(Duration::ZERO, |last| last.end)
    }

    /// The time in `phase` on all hops together; `None` if the job was never in it.
    pub fn time_in(&self, phase: Phase) -> Option<Duration> {
        let spans = self.phases.iter().filter(|span| span.phase == phase);
        spans.map(|span| span.end.saturating_sub(span.start)).reduce(Duration::saturating_add)
    }

    /// The request that was sent last, if there was any.
    pub fn last_hop(&self) -> Option<&HopRecord> {
        self.hops.last()
    }

    /// Begins a request for `url`.
    pub(crate) fn begin_hop(&mut self, url: &WebUrl) {
        let (url, dialled) = (url.clone(), Vec::new());
        self.hops.push(HopRecord {
            url,
            dialled,
            proxy: None,
            protocol: None,
            is_reused: false,
            status: None,
        });
        self.enter(Phase::Queue);
    }

    /// Changes the current hop.
    pub(crate) fn on_hop(&mut self, change: impl FnOnce(&mut HopRecord)) {
        if let Some(hop) = self.hops.last_mut() {
            change(hop);
        }
    }

    /// Notes the cause of a failure, if `error` has one in words that people know; an earlier one is no longer of interest.
    pub(crate) fn caused_by(&mut self, error: &(dyn Error + 'static)) {
        self.cause = Cause::of(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_add_up_to_the_job() {
        let mut record = JobRecord::begin();
        let at = |millis| record.start + Duration::from_millis(millis);
        let times = [5, 7, 7, 20, 30].map(at);
        let phases = [Phase::Dns, Phase::Connect, Phase::Body, Phase::Queue, Phase::Body];
        for (phase, time) in phases.into_iter().zip(times) {
            record.enter_at(phase, time);
        }
        record.end_at(record.start + Duration::from_millis(31));
        let sum: Duration = Phase::ALL.iter().filter_map(|phase| record.time_in(*phase)).sum();
        assert_eq!((sum, record.duration()), (Duration::from_millis(31), Duration::from_millis(31)));
        assert_eq!(record.time_in(Phase::Queue), Some(Duration::from_millis(15)));
        assert_eq!(record.time_in(Phase::Body), Some(Duration::from_millis(14)));
        assert_eq!(record.time_in(Phase::Tls), None);
        assert!(record.phases.windows(2).all(|pair| pair[0].end == pair[1].start), "{record:?}");
    }

    #[test]
    fn a_phase_that_goes_on_is_one_span() {
        let mut record = JobRecord::begin();
        record.begin_hop(&"http://a/".parse().unwrap());
        assert_eq!(record.phases.len(), 1, "{record:?}");
        record.enter(Phase::Body);
        record.enter(Phase::Body);
        assert_eq!(record.phases.len(), 2, "{record:?}");
        record.begin_hop(&"http://b/".parse().unwrap());
        assert_eq!((record.phases.len(), record.phases[2].hop), (3, 1), "{record:?}");
    }

    #[test]
    fn a_time_before_the_phase_began_does_not_turn_the_clock_back() {
        let mut record = JobRecord::begin();
        let start = record.start;
        record.enter_at(Phase::Body, start + Duration::from_secs(2));
        record.enter_at(Phase::Extraction, start + Duration::from_secs(1));
        assert_eq!(
            record.phases[1].start..record.phases[1].end,
            Duration::from_secs(2)..Duration::from_secs(2)
        );
    }
}
