//! Who may start: so many jobs in all, so many of them at one host.

use crate::{FetchError, FetchSettings, Step, deadline::JobDeadline};
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
pub(crate) struct JobPermit<'a> {
    job: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
    host: Host<'a>,
}

/// A host that is in use; forgotten with its last user. Declared after the permits: it goes last.
#[derive(Debug)]
struct Host<'a> {
    name: String,
    turns: Option<Arc<Semaphore>>,
    admission: &'a Admission,
}

impl Admission {
    pub(crate) fn new(settings: &FetchSettings) -> Self {
        let jobs = settings.max_jobs.min(Semaphore::MAX_PERMITS);
        Self {
            jobs: Arc::new(Semaphore::new(jobs)),
            waiting: Semaphore::new(jobs),
            per_host: settings.max_jobs_per_host.min(Semaphore::MAX_PERMITS),
            hosts: Mutex::default(),
        }
    }

    /// A place for a new job at `host`, its turn there waited for until the deadline. Who waits for one host
    /// takes no place from the jobs at others.
    pub(crate) async fn enter(&self, host: &str, deadline: JobDeadline) -> Result<JobPermit<'_>, FetchError> {
        let (host, turns) = self.host(host);
        let turn = if let Ok(turn) = Arc::clone(&turns).try_acquire_owned() {
            turn
        } else {
            let _waiting = self.waiting.try_acquire().map_err(|_| FetchError::Overloaded)?;
            turn(turns, deadline).await?
        };
        let job = Arc::clone(&self.jobs).try_acquire_owned().map_err(|_| FetchError::Overloaded)?;
        Ok(JobPermit { job, _turn: turn, host })
    }

    /// The place of a job that goes on at `host`. It is never refused: it gives back its turn at the host it
    /// leaves, but stays one of the jobs while it waits, and their number bounds who waits here.
    pub(crate) async fn go_on<'a>(
        &'a self,
        place: JobPermit<'a>,
        host: &str,
        deadline: JobDeadline,
    ) -> Result<JobPermit<'a>, FetchError> {
        if place.host.name == host {
            return Ok(place);
        }
        // The turn goes before the host, which counts its users.
        let JobPermit { job, _turn: left, host: from } = place;
        drop(left);
        drop(from);
        let (host, turns) = self.host(host);
        Ok(JobPermit { job, _turn: turn(turns, deadline).await?, host })
    }

    fn host(&self, name: &str) -> (Host<'_>, Arc<Semaphore>) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = hosts.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.per_host)));
        let turns = Arc::clone(turns);
        (Host { name: name.to_owned(), turns: Some(Arc::clone(&turns)), admission: self }, turns)
    }
}

/// A turn at a host, waited for until the deadline.
async fn turn(turns: Arc<Semaphore>, deadline: JobDeadline) -> Result<OwnedSemaphorePermit, FetchError> {
    // Nobody closes it; the error would be this one.
    deadline.run(Step::Queue, turns.acquire_owned()).await?.map_err(|_| FetchError::Overloaded)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_job_that_goes_on_stays_one() {
        let settings = FetchSettings { max_jobs: 2, max_jobs_per_host: 1, ..FetchSettings::default() };
        let (admission, deadline) = (Admission::new(&settings), JobDeadline::after(Duration::from_secs(10)));
        let at_b = admission.enter("b", deadline).await.unwrap();
        let at_a = admission.enter("a", deadline).await.unwrap();
        let refused = || async { admission.enter("c", deadline).await.map(|_| ()) };
        assert_eq!(refused().await, Err(FetchError::Overloaded));
        let at_a = admission.go_on(at_a, "a", deadline).await.unwrap();
        let others = async {
            // The turn at "a" is free again, but no place is.
            assert_eq!(refused().await, Err(FetchError::Overloaded));
            assert!(!admission.hosts.lock().unwrap().contains_key("a"));
            drop(at_b);
        };
        let (place, ()) = tokio::join!(admission.go_on(at_a, "b", deadline), others);
        assert!(place.is_ok());
        assert_eq!(refused().await, Ok(()));
    }
}
