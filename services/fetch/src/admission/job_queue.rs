//! The jobs that run and those that wait: a queue for each client, served round robin.

use crate::{Cause, CauseKind, FetchError, FetchSettings, Phase};
use kit::ClientKey;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio::sync::oneshot;

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
    per_host: usize,
    running: usize,
    /// Jobs in all queues that may be refused.
    waiting: usize,
    next_id: u64,
    clients: HashMap<ClientKey, ClientJobs>,
    /// The clients with jobs that wait; the first is served next.
    round: VecDeque<ClientKey>,
    hosts: HashMap<Arc<str>, HostJobs>,
}

/// A client's jobs, as long as there are any.
#[derive(Default)]
struct ClientJobs {
    running: usize,
    queue: VecDeque<QueuedJob>,
}

/// A host's jobs, as long as there are any.
#[derive(Default)]
struct HostJobs {
    running: usize,
    /// Jobs that were redirected here.
    moving: VecDeque<QueuedJob>,
}

struct QueuedJob {
    id: u64,
    host: Arc<str>,
    always_waits: bool,
    /// Ignored if nothing receives it: the job then cancels itself.
    permit: oneshot::Sender<()>,
}

/// The numbers of jobs.
pub(crate) struct QueueLoad {
    pub(crate) running: u64,
    /// Those that may be refused.
    pub(crate) waiting: u64,
    /// Those that may not.
    pub(crate) waiting_always: u64,
}

/// A job's number, and its permit when it comes.
pub(super) type PendingPermit = (u64, oneshot::Receiver<()>);

impl JobQueue {
    pub(super) fn new(settings: &FetchSettings) -> Self {
        Self {
            max_jobs: settings.max_jobs,
            per_client: kit::client_share(settings.max_jobs as u64, settings.per_client)
                .try_into()
                .unwrap_or(usize::MAX),
            per_host: settings.max_jobs_per_host,
            running: 0,
            waiting: 0,
            next_id: 0,
            clients: HashMap::new(),
            round: VecDeque::new(),
            hosts: HashMap::new(),
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
        let of_client = self.clients.get(&client).map_or(0, |jobs| jobs.queue.len());
        let full = if of_client >= self.per_client.saturating_mul(MAX_WAITING_OF_CLIENT) {
            Some(AdmissionError::ClientQueueFull)
        } else {
            let is_full = self.waiting >= self.max_jobs.saturating_mul(MAX_WAITING);
            is_full.then_some(AdmissionError::QueueFull)
        };
        if let Some(error) = full.filter(|_| !always_waits && !self.can_run(client, host)) {
            return Err(error);
        }
        let (job, queued) = self.job(host, always_waits);
        let queue = &mut self.clients.entry(client).or_default().queue;
        if queue.is_empty() {
            self.round.push_back(client);
        }
        queue.push_back(job);
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
        }
        self.forget(client);
        if let Some(host) = host {
            self.leave(host);
        }
        self.serve();
    }

    /// Takes a job that runs from the host it leaves, and lets it wait for another.
    pub(super) fn change_host(&mut self, from: Option<&Arc<str>>, to: &Arc<str>) -> PendingPermit {
        let (job, queued) = self.job(to, true);
        let host = self.hosts.entry(Arc::clone(to)).or_default();
        if host.running < self.per_host {
            host.running += 1;
            let _ = job.permit.send(());
        } else {
            host.moving.push_back(job);
        }
        if let Some(from) = from {
            self.leave(from);
            self.serve();
        }
        queued
    }

    /// Takes a job that moves out of the queue of its next host, or takes it from there if it has arrived.
    pub(super) fn cancel_move(&mut self, to: &Arc<str>, id: u64) {
        let moving = self.hosts.get_mut(to).map(|host| &mut host.moving);
        let at = moving.as_ref().and_then(|moving| moving.iter().position(|job| job.id == id));
        if let (Some(moving), Some(at)) = (moving, at) {
            moving.remove(at);
        } else {
            self.leave(to);
            self.serve();
        }
    }

    fn job(&mut self, host: &Arc<str>, always_waits: bool) -> (QueuedJob, PendingPermit) {
        let (permit, permitted) = oneshot::channel();
        self.next_id += 1;
        let job = QueuedJob { id: self.next_id, host: Arc::clone(host), always_waits, permit };
        (job, (self.next_id, permitted))
    }

    fn can_run(&self, client: ClientKey, host: &Arc<str>) -> bool {
        let of_client = self.clients.get(&client).map_or(0, |jobs| jobs.running);
        self.running < self.max_jobs && of_client < self.per_client && self.has_room(host)
    }

    /// Why a job of `client` at `host` has waited in vain: the narrowest limit that is reached.
    pub(super) fn obstacle(&self, client: ClientKey, host: &Arc<str>) -> AdmissionError {
        let of_client = self.clients.get(&client).map_or(0, |jobs| jobs.running);
        if !self.has_room(host) {
            AdmissionError::HostBusy
        } else if self.per_client < self.max_jobs && of_client >= self.per_client {
            AdmissionError::ClientBusy
        } else {
            AdmissionError::Busy
        }
    }

    fn has_room(&self, host: &Arc<str>) -> bool {
        self.hosts.get(host).map_or(0, |host| host.running) < self.per_host
    }

    /// Gives permits to jobs that can run, one for each client in turn.
    fn serve(&mut self) {
        let mut passed = 0;
        while passed < self.round.len() && self.running < self.max_jobs {
            let Some(client) = self.round.pop_front() else { return };
            passed = if self.serve_client(client) { 0 } else { passed + 1 };
            if self.clients.get(&client).is_some_and(|jobs| !jobs.queue.is_empty()) {
                self.round.push_back(client);
            }
        }
    }

    /// Gives a permit to the client's first job that can run.
    fn serve_client(&mut self, client: ClientKey) -> bool {
        let Some(jobs) = self.clients.get(&client).filter(|jobs| jobs.running < self.per_client) else {
            return false;
        };
        let Some(at) = jobs.queue.iter().position(|job| self.has_room(&job.host)) else { return false };
        let jobs = self.clients.entry(client).or_default();
        let Some(job) = jobs.queue.remove(at) else { return false };
        jobs.running += 1;
        self.running += 1;
        self.waiting -= usize::from(!job.always_waits);
        self.hosts.entry(job.host).or_default().running += 1;
        let _ = job.permit.send(());
        true
    }

    /// Frees a job's place at a host, for a job that was redirected there if there is one: it holds a permit already.
    fn leave(&mut self, name: &Arc<str>) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        match host.moving.pop_front() {
            Some(job) => {
                let _ = job.permit.send(());
            }
            None => host.running -= 1,
        }
        if host.running == 0 {
            self.hosts.remove(name);
        }
    }

    fn forget(&mut self, client: ClientKey) {
        if self.clients.get(&client).is_some_and(|jobs| jobs.running == 0 && jobs.queue.is_empty()) {
            self.clients.remove(&client);
        }
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.running + self.waiting + self.clients.len() + self.round.len() + self.hosts.len() == 0
    }
}
