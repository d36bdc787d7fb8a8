//! Limits how many jobs run at once: in all, for each client, and at each host. The others wait.

mod host_queues;
mod job_queue;
mod queue_holds;
mod queued_job;

pub(crate) use self::job_queue::{AdmissionError, MAX_WAITING};
pub use self::queue_holds::{QueueHold, QueueHolds};

use self::job_queue::{JobQueue, QueueLoad};
use crate::{FetchSettings, deadline::JobDeadline};
use kit::{Client, ClientKey};
use std::{
    net::Ipv4Addr,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The client that a job is for. Jobs of many clients get equal shares.
#[derive(Clone, Debug)]
pub struct JobClient {
    /// Clients with the same key share.
    pub key: ClientKey,
    /// While one is held, the job waits for its permit however many others do and however long that takes, and its time
    /// begins with the permit. Its caller bounds how many of them there are.
    pub holds: Option<QueueHolds>,
}

impl JobClient {
    /// The client of a request.
    pub fn of(client: Client) -> Self {
        Self { key: client.key(), holds: None }
    }

    /// The user of this process.
    pub fn own() -> Self {
        Self::of(Client::new(Ipv4Addr::LOCALHOST.into()))
    }

    /// Whether a caller of the job waits for its permit as long as that takes.
    pub fn always_waits(&self) -> bool {
        self.holds.as_ref().is_some_and(QueueHolds::any)
    }
}

/// Clones share the queue.
#[derive(Clone)]
pub(crate) struct Admission(SharedQueue);

#[derive(Clone)]
struct SharedQueue(Arc<Mutex<JobQueue>>);

impl SharedQueue {
    fn lock(&self) -> MutexGuard<'_, JobQueue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Permission to run one job at one host, given back when dropped.
pub struct JobPermit {
    queue: SharedQueue,
    client: ClientKey,
    /// `None` between two hosts.
    host: Option<Arc<str>>,
}

impl Drop for JobPermit {
    fn drop(&mut self) {
        self.queue.lock().end_job(self.client, self.host.as_ref());
    }
}

/// A job that waits for its permit. If it is dropped before, nothing stays behind.
struct WaitingJob {
    queue: SharedQueue,
    client: ClientKey,
    host: Arc<str>,
    id: u64,
    permitted: bool,
}

impl Drop for WaitingJob {
    fn drop(&mut self) {
        if !self.permitted {
            self.queue.lock().cancel(self.client, &self.host, self.id);
        }
    }
}

/// A job that waits for its next host. It keeps its permit.
struct MovingJob {
    permit: Option<JobPermit>,
    host: Arc<str>,
    id: u64,
}

impl Drop for MovingJob {
    fn drop(&mut self) {
        if let Some(permit) = &self.permit {
            permit.queue.lock().cancel_move(&self.host, self.id);
        }
    }
}

impl Admission {
    pub(crate) fn new(settings: &FetchSettings) -> Self {
        Self(SharedQueue(Arc::new(Mutex::new(JobQueue::new(settings)))))
    }

    /// How many jobs run and wait now.
    pub(crate) fn load(&self) -> QueueLoad {
        self.0.lock().load()
    }

    /// A permit for a new job of `client` at `host`. It waits until the deadline and then while it is held, unless too many
    /// wait.
    pub(crate) async fn enter(
        &self,
        client: &JobClient,
        host: impl Into<Arc<str>>,
        deadline: JobDeadline,
    ) -> Result<JobPermit, AdmissionError> {
        let (queue, host) = (self.0.clone(), host.into());
        let (id, permitted) = queue.lock().enter(client.key, client.always_waits(), &host)?;
        let mut waiting = WaitingJob { queue, client: client.key, host, id, permitted: false };
        let mut permitted = pin!(permitted);
        if deadline.0.run(&mut permitted).await.is_err() {
            let late = || waiting.queue.lock().obstacle(client.key, &waiting.host);
            let holds = client.holds.as_ref().ok_or_else(late)?;
            tokio::select! {
                biased;
                _ = permitted => {}
                () = holds.all_released() => return Err(late()),
            }
        }
        // The sender is dropped only by a cancellation.
        waiting.permitted = true;
        let (queue, host) = (waiting.queue.clone(), Some(Arc::clone(&waiting.host)));
        Ok(JobPermit { queue, client: client.key, host })
    }

    /// Moves a job to another host. It is never refused: it gives back its permit for the host it leaves, but still
    /// counts as a job while it waits, which bounds how many wait here.
    pub(crate) async fn move_to(
        &self,
        mut permit: JobPermit,
        host: impl Into<Arc<str>>,
        deadline: JobDeadline,
    ) -> Result<JobPermit, AdmissionError> {
        let host = host.into();
        if permit.host.as_ref() == Some(&host) {
            return Ok(permit);
        }
        let left = permit.host.take();
        let (id, permitted) = self.0.lock().change_host(left.as_ref(), &host);
        let mut moving = MovingJob { permit: Some(permit), host, id };
        let _ = deadline.0.run(permitted).await.map_err(|_| AdmissionError::HostBusy)?;
        let host = Arc::clone(&moving.host);
        let mut permit = moving.permit.take().expect("only this takes it");
        permit.host = Some(host);
        Ok(permit)
    }
}

#[cfg(test)]
mod tests;
