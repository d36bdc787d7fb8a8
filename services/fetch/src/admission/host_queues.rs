//! The jobs at each host: those that run, and those that were redirected there and wait.

use super::queued_job::QueuedJob;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// The hosts with jobs.
pub(super) struct HostQueues {
    per_host: usize,
    hosts: HashMap<Arc<str>, HostJobs>,
}

/// A host's jobs, as long as there are any.
#[derive(Default)]
struct HostJobs {
    running: usize,
    /// Jobs that were redirected here.
    moving: VecDeque<QueuedJob>,
}

impl HostQueues {
    /// At most `per_host` jobs run at a host.
    pub(super) fn new(per_host: usize) -> Self {
        Self { per_host, hosts: HashMap::new() }
    }

    pub(super) fn has_room(&self, host: &Arc<str>) -> bool {
        self.hosts.get(host).map_or(0, |host| host.running) < self.per_host
    }

    /// Counts a job that runs at its host.
    pub(super) fn begin(&mut self, host: Arc<str>) {
        self.hosts.entry(host).or_default().running += 1;
    }

    /// Lets a job that holds a permit run at its host, or wait for that.
    pub(super) fn begin_or_wait(&mut self, job: QueuedJob) {
        let host = self.hosts.entry(Arc::clone(&job.host)).or_default();
        if host.running < self.per_host {
            host.running += 1;
            job.permit();
        } else {
            host.moving.push_back(job);
        }
    }

    /// Removes a job that waits; `false` if it does not.
    pub(super) fn cancel(&mut self, host: &Arc<str>, id: u64) -> bool {
        let moving = self.hosts.get_mut(host).map(|host| &mut host.moving);
        let at = moving.as_ref().and_then(|moving| moving.iter().position(|job| job.id == id));
        moving.zip(at).is_some_and(|(moving, at)| moving.remove(at).is_some())
    }

    /// Frees a job's place at a host, for a job that was redirected there if there is one: it holds a permit already.
    pub(super) fn leave(&mut self, name: &Arc<str>) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        match host.moving.pop_front() {
            Some(job) => job.permit(),
            None => host.running -= 1,
        }
        if host.running == 0 {
            self.hosts.remove(name);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }
}
