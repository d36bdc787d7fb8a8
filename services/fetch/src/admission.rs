//! Who may start: so many jobs in all, so many of them at one host.

use crate::{FetchError, Settings, Step, deadline::Deadline};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for jobs.
#[derive(Debug)]
pub(crate) struct Admission {
    jobs: Arc<Semaphore>,
    /// Jobs that wait for a place at their host: as many as may run, or a slow host could fill the memory.
    waiting: Semaphore,
    per_host: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    _job: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
    _host: Host<'a>,
}

/// A host that is in use; forgotten with its last user. Declared after the permits: it goes last.
#[derive(Debug)]
struct Host<'a> {
    name: String,
    turns: Option<Arc<Semaphore>>,
    admission: &'a Admission,
}

impl Admission {
    pub(crate) fn new(settings: &Settings) -> Self {
        let jobs = settings.max_jobs.min(Semaphore::MAX_PERMITS);
        Self {
            jobs: Arc::new(Semaphore::new(jobs)),
            waiting: Semaphore::new(jobs),
            per_host: settings.max_jobs_per_host.min(Semaphore::MAX_PERMITS),
            hosts: Mutex::default(),
        }
    }

    /// A place for a job at `host`, waited for until the deadline. Who waits for one host takes no place from
    /// the jobs at others.
    pub(crate) async fn enter(&self, host: &str, deadline: Deadline) -> Result<Place<'_>, FetchError> {
        let (host, turns) = self.host(host);
        let turn = if let Ok(turn) = Arc::clone(&turns).try_acquire_owned() {
            turn
        } else {
            let _waiting = self.waiting.try_acquire().map_err(|_| FetchError::Overloaded)?;
            deadline.run(Step::Queue, turns.acquire_owned()).await?.map_err(|_| FetchError::Overloaded)?
        };
        let job = Arc::clone(&self.jobs).try_acquire_owned().map_err(|_| FetchError::Overloaded)?;
        Ok(Place { _job: job, _turn: turn, _host: host })
    }

    fn host(&self, name: &str) -> (Host<'_>, Arc<Semaphore>) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = hosts.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.per_host)));
        let turns = Arc::clone(turns);
        (Host { name: name.to_owned(), turns: Some(Arc::clone(&turns)), admission: self }, turns)
    }
}

impl Drop for Host<'_> {
    fn drop(&mut self) {
        let mut hosts = self.admission.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        self.turns = None;
        // New users come in under the lock, so a count of one is the map's own.
        if hosts.get(&self.name).is_some_and(|turns| Arc::strong_count(turns) == 1) {
            hosts.remove(&self.name);
        }
    }
}
