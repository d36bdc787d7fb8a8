//! Limits how many jobs run at once, in all and at each host.

use crate::{FetchError, FetchSettings, Step, deadline::JobDeadline};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) struct Admission {
    jobs: Arc<Semaphore>,
    /// Jobs that wait for their host: at most as many as may run, or a slow host could fill the memory.
    waiting: Semaphore,
    per_host: usize,
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// Permission to run one job at one host, given back when dropped. The host's semaphore lives as long as its permits.
pub(crate) struct JobPermit {
    job: OwnedSemaphorePermit,
    at_host: OwnedSemaphorePermit,
    host: String,
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

    /// A permit for a new job at `host`. Waits for the host until the deadline; a job that waits for one host does not
    /// count against the jobs at others.
    pub(crate) async fn enter(&self, host: &str, deadline: JobDeadline) -> Result<JobPermit, FetchError> {
        let semaphore = self.host(host);
        let at_host = if let Ok(permit) = Arc::clone(&semaphore).try_acquire_owned() {
            permit
        } else {
            let _waiting = self.waiting.try_acquire().map_err(|_| FetchError::Overloaded)?;
            acquire(semaphore, deadline).await?
        };
        let job = Arc::clone(&self.jobs).try_acquire_owned().map_err(|_| FetchError::Overloaded)?;
        Ok(JobPermit { job, at_host, host: host.to_owned() })
    }

    /// Moves a job to another host. It is never refused: it gives back its permit for the host it leaves, but still
    /// counts as a job while it waits, which bounds how many wait here.
    pub(crate) async fn move_to(
        &self,
        permit: JobPermit,
        host: &str,
        deadline: JobDeadline,
    ) -> Result<JobPermit, FetchError> {
        if permit.host == host {
            return Ok(permit);
        }
        let JobPermit { job, at_host, .. } = permit;
        drop(at_host);
        Ok(JobPermit { job, at_host: acquire(self.host(host), deadline).await?, host: host.to_owned() })
    }

    fn host(&self, name: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(semaphore) = hosts.get(name).and_then(Weak::upgrade) {
            return semaphore;
        }
        hosts.retain(|_, semaphore| semaphore.strong_count() > 0);
        let semaphore = Arc::new(Semaphore::new(self.per_host));
        hosts.insert(name.to_owned(), Arc::downgrade(&semaphore));
        semaphore
    }
}

async fn acquire(
    semaphore: Arc<Semaphore>,
    deadline: JobDeadline,
) -> Result<OwnedSemaphorePermit, FetchError> {
    // The semaphore is never closed; the error would be this one.
    deadline.run(Step::Queue, semaphore.acquire_owned()).await?.map_err(|_| FetchError::Overloaded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_job_that_moves_to_another_host_keeps_its_job_permit_and_gives_back_its_host_permit() {
        let settings = FetchSettings { max_jobs: 2, max_jobs_per_host: 1, ..FetchSettings::default() };
        let (admission, deadline) =
            (Admission::new(&settings), JobDeadline(kit::Deadline::after(Duration::from_secs(10))));
        let at_b = admission.enter("b", deadline).await.unwrap();
        let at_a = admission.enter("a", deadline).await.unwrap();
        let refused = || async { admission.enter("c", deadline).await.map(|_| ()) };
        assert_eq!(refused().await, Err(FetchError::Overloaded));
        let at_a = admission.move_to(at_a, "a", deadline).await.unwrap();
        let others = async {
            assert_eq!(refused().await, Err(FetchError::Overloaded), "it still counts as a job");
            drop(admission.host("c"));
            assert!(!admission.hosts.lock().unwrap().contains_key("a"), "it has left this host");
            drop(at_b);
        };
        let (permit, ()) = tokio::join!(admission.move_to(at_a, "b", deadline), others);
        assert!(permit.is_ok());
        assert_eq!(refused().await, Ok(()));
    }
}
