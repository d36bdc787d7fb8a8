//! The jobs that run and those that wait: a queue for each client, served round robin.

use super::{
    host_queues::HostQueues,
    queued_job::{PendingPermit, QueuedJob},
};
use crate::{Cause, CauseKind, FetchError, FetchSettings, Phase};
use kit::ClientKey;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// The most jobs that wait, as a multiple of those that run.
pub(crate) const MAX_WAITING: usize = 4;
/// The most jobs of a client that wait, as a multiple of its share.
const MAX_WAITING_OF_CLIENT: usize = 2;

/// Why a new job gets no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AdmissionError {
    #[error("the queue is full")]
    QueueFull,
    #[error("too many jobs of this client wait")]
    ClientQueueFull,
    #[error("all jobs were in use")]
    Busy,
    #[error("the client's share of the jobs was in use")]
    ClientBusy,
    #[error("all jobs for this host were in use")]
    HostBusy,
}

impl AdmissionError {
    /// The same as the cause of a failure.
    pub(crate) fn cause(self) -> Cause {
        let kind = match self {
            Self::QueueFull => CauseKind::QueueFull,
            Self::Busy => CauseKind::Busy,
            Self::ClientQueueFull | Self::ClientBusy => CauseKind::ClientShare,
            Self::HostBusy => CauseKind::HostShare,
        };
        Cause::new(kind, self.to_string())
    }
}

impl From<AdmissionError> for FetchError {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::QueueFull | AdmissionError::ClientQueueFull => Self::Overloaded,
            AdmissionError::Busy | AdmissionError::ClientBusy | AdmissionError::HostBusy => {
                Self::Timeout(Phase::Queue)
            }
        }
    }
}

/// No job waits that could run.
pub(super) struct JobQueue {
    max_jobs: usize,
    per_client: usize,
    running: usize,
    /// Jobs in all queues that may be refused.
    waiting: usize,
    next_id: u64,
    clients: HashMap<ClientKey, ClientJobs>,
    /// The clients with jobs that wait; the first is served next.
    round: VecDeque<ClientKey>,
    hosts: HostQueues,
}

/// A client's jobs, as long as there are any.
#[derive(Default)]
struct ClientJobs {
    running: usize,
    queue: VecDeque<QueuedJob>,
}

/// The numbers of jobs.
pub(crate) struct QueueLoad {
    pub(crate) running: u64,
    /// Those that may be refused.
    pub(crate) waiting: u64,
    /// Those that may not.
    pub(crate) waiting_always: u64,
}

impl ClientJobs {
    /// Takes out of the queue the first job that can run, unless `most` of the client's jobs run.
    fn begin_next(&mut self, most: usize, hosts: &HostQueues) -> Option<QueuedJob> {
        if self.running >= most {
            return None;
        }
        let at = self.queue.iter().position(|job| hosts.has_room(&job.host))?;
        self.running += 1;
        self.queue.remove(at)
    }

    fn are_over(&self) -> bool {
        self.running == 0 && self.queue.is_empty()
    }
}

impl JobQueue {
    pub(super) fn new(settings: &FetchSettings) -> Self {
        Self {
            max_jobs: settings.max_jobs,
            per_client: kit::client_share(settings.max_jobs as u64, settings.per_client)
                .try_into()
                .unwrap_or(usize::MAX),
            running: 0,
            waiting: 0,
            next_id: 0,
            clients: HashMap::new(),
            round: VecDeque::new(),
            hosts: HostQueues::new(settings.max_jobs_per_host),
        }
    }

    /// The numbers of jobs now.
    pub(super) fn load(&self) -> QueueLoad {
        let queued: usize = self.clients.values().map(|jobs| jobs.queue.len()).sum();
        QueueLoad {
            running: self.running as u64,
            waiting: self.waiting as u64,
            waiting_always: queued.saturating_sub(self.waiting) as u64,
        }
    }

    /// Adds a job. Unless it is `always_waits`, it is refused if it would have to wait and too many do: of its client, or
    /// in all.
    pub(super) fn enter(
        &mut self,
        client: ClientKey,
        always_waits: bool,
        host: &Arc<str>,
    ) -> Result<PendingPermit, AdmissionError> {
        let of_client = self.clients.entry(client).or_default();
        let full = if of_client.queue.len() >= self.per_client.saturating_mul(MAX_WAITING_OF_CLIENT) {
            Some(AdmissionError::ClientQueueFull)
        } else {
            let is_full = self.waiting >= self.max_jobs.saturating_mul(MAX_WAITING);
            is_full.then_some(AdmissionError::QueueFull)
        };
        let can_run = || {
            self.running < self.max_jobs && of_client.running < self.per_client && self.hosts.has_room(host)
        };
        if let Some(error) = full.filter(|_| !always_waits && !can_run()) {
            self.forget(client);
            return Err(error);
        }
        self.next_id += 1;
        let (job, queued) = QueuedJob::new(self.next_id, host, always_waits);
        if of_client.queue.is_empty() {
            self.round.push_back(client);
        }
        of_client.queue.push_back(job);
        self.waiting += usize::from(!always_waits);
        self.serve();
        Ok(queued)
    }

    /// Takes a job that waits out of its queue, or ends it if it has got its permit in the meantime.
    pub(super) fn cancel(&mut self, client: ClientKey, host: &Arc<str>, id: u64) {
        let queue = self.clients.get_mut(&client).map(|jobs| &mut jobs.queue);
        let at = queue.as_ref().and_then(|queue| queue.iter().position(|job| job.id == id));
        match (queue, at) {
            (Some(queue), Some(at)) => {
                let removed = queue.remove(at);
                self.waiting -= usize::from(removed.is_some_and(|job| !job.always_waits));
                if queue.is_empty() {
                    self.round.retain(|key| *key != client);
                }
                self.forget(client);
            }
            _ => self.end_job(client, Some(host)),
        }
    }

    /// Ends a job that runs, at `host` or between two hosts.
    pub(super) fn end_job(&mut self, client: ClientKey, host: Option<&Arc<str>>) {
        self.running -= 1;
        if let Some(jobs) = self.clients.get_mut(&client) {
            jobs.running -= 1;
            if jobs.are_over() {
                self.clients.remove(&client);
            }
        }
        if let Some(host) = host {
            self.hosts.leave(host);
        }
        self.serve();
    }

    /// Takes a job that runs from the host it leaves, and lets it wait for another.
    pub(super) fn change_host(&mut self, from: Option<&Arc<str>>, to: &Arc<str>) -> PendingPermit {
        self.next_id += 1;
        let (job, queued) = QueuedJob::new(self.next_id, to, true);
        self.hosts.begin_or_wait(job);
        if let Some(from) = from {
            self.hosts.leave(from);
            self.serve();
        }
        queued
    }

    /// Takes a job that moves out of the queue of its next host, or takes it from there if it has arrived.
    pub(super) fn cancel_move(&mut self, to: &Arc<str>, id: u64) {
        if !self.hosts.cancel(to, id) {
            self.hosts.leave(to);
            self.serve();
        }
    }

    /// Why a job of `client` at `host` has waited in vain: the narrowest limit that is reached.
    pub(super) fn obstacle(&self, client: ClientKey, host: &Arc<str>) -> AdmissionError {
        let of_client = self.clients.get(&client).map_or(0, |jobs| jobs.running);
        if !self.hosts.has_room(host) {
            AdmissionError::HostBusy
        } else if self.per_client < self.max_jobs && of_client >= self.per_client {
            AdmissionError::ClientBusy
        } else {
            AdmissionError::Busy
        }
    }

    /// Gives permits to jobs that can run, one for each client in turn.
    fn serve(&mut self) {
        let mut passed = 0;
        while passed < self.round.len() && self.running < self.max_jobs {
            let Some(client) = self.round.pop_front() else { return };
            let Some(jobs) = self.clients.get_mut(&client) else { continue };
            match jobs.begin_next(self.per_client, &self.hosts) {
                Some(job) => {
                    self.running += 1;
                    self.waiting -= usize::from(!job.always_waits);
                    self.hosts.begin(Arc::clone(&job.host));
                    job.permit();
                    passed = 0;
                }
                None => passed += 1,
            }
            if !jobs.queue.is_empty() {
                self.round.push_back(client);
            }
        }
    }

    fn forget(&mut self, client: ClientKey) {
        if self.clients.get(&client).is_some_and(ClientJobs::are_over) {
            self.clients.remove(&client);
        }
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.running + self.waiting + self.clients.len() + self.round.len() == 0 && self.hosts.is_empty()
    }
}
