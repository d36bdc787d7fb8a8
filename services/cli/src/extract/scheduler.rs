//! Decides which target is begun next: in the order of the list, as far as the limits of each host allow.

use super::task::Task;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    mem,
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// How many targets may wait, and how many bytes of names: enough to find other hosts behind many targets of one host.
const MOST_WAITING: usize = 10_000;
const MOST_BYTES: usize = 4 << 20;
/// How many of them may be files, which are begun in the order of the list: enough for several batches.
const MOST_LOCAL: usize = 256;

/// Targets that wait to be begun, and the state of their hosts. It knows only hosts that have targets here or in progress,
/// or that must not be asked yet.
pub struct Scheduler {
    delay: Duration,
    hosts: HashMap<Arc<str>, Host>,
    lists: HostLists,
    /// Targets that are not fetched from a host.
    local: VecDeque<Task>,
    /// Targets that are tried again later.
    again: BTreeMap<(Instant, u64), Task>,
    waiting: usize,
    bytes: usize,
}

struct Host {
    queue: VecDeque<Task>,
    in_progress: usize,
    not_before: Instant,
    listed: Option<Listed>,
}

/// The hosts that may be asked, now or later.
struct HostLists {
    per_host: usize,
    /// Hosts that may be asked now, by the index of their first target.
    ready: BTreeSet<(u64, Arc<str>)>,
    /// Hosts that may be asked later.
    later: BTreeSet<(Instant, Arc<str>)>,
}

/// Where a host is listed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    Ready(u64),
    Later(Instant),
}

impl Scheduler {
    /// At most `per_host` targets of a host are in progress, and begin at least `delay` apart.
    pub fn new(per_host: usize, delay: Duration) -> Self {
        Self {
            delay,
            hosts: HashMap::new(),
            lists: HostLists { per_host, ready: BTreeSet::new(), later: BTreeSet::new() },
            local: VecDeque::new(),
            again: BTreeMap::new(),
            waiting: 0,
            bytes: 0,
        }
    }

    /// Whether another target may be added.
    pub fn has_room(&self) -> bool {
        self.waiting < MOST_WAITING && self.bytes < MOST_BYTES && self.local.len() < MOST_LOCAL
    }

    /// Whether no target waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Adds a target.
    pub fn push(&mut self, task: Task, now: Instant) {
        self.count(&task, true);
        self.enqueue(task, now, VecDeque::push_back);
    }

    /// Adds a target again that may be begun at `at`; if `whole_host`, no other target of its host before that either.
    pub fn push_again(&mut self, task: Task, at: Instant, whole_host: bool, now: Instant) {
        self.count(&task, true);
        match task.host.clone().filter(|_| whole_host) {
            Some(name) => {
                let host = self.hosts.entry(name).or_insert_with(|| Host::new(now));
                host.not_before = host.not_before.max(at);
                self.enqueue(task, now, VecDeque::push_front);
            }
            None => drop(self.again.insert((at, task.index), task)),
        }
    }

    /// Adds a target again that [`take_local`](Self::take_local) gave and that was not begun.
    pub fn put_back(&mut self, task: Task) {
        self.count(&task, true);
        let at = self.local.partition_point(|other| other.index < task.index);
        self.local.insert(at, task);
    }

    /// Lets targets be begun whose time has come; after it [`wakes_at`](Self::wakes_at) is later than `now`.
    pub fn promote(&mut self, now: Instant) {
        while let Some(entry) = self.again.first_entry().filter(|entry| entry.key().0 <= now) {
            let task = entry.remove();
            self.enqueue(task, now, VecDeque::push_front);
        }
        while let Some((_, name)) = self.lists.later.first().filter(|(at, _)| *at <= now).cloned() {
            self.change(&name, now, |_| {});
        }
    }

    /// The next target to begin, unless `allowed` refuses its index: the lowest that could be begun now.
    pub fn next(&mut self, now: Instant, allowed: impl Fn(u64) -> bool) -> Option<Task> {
        match self.local() {
            Some(task) if allowed(task.index) => self.take_local(),
            Some(_) => None,
            None => self.next_of_host(now, allowed),
        }
    }

    /// As [`next`](Self::next), only of those that are fetched from a host.
    pub fn next_of_host(&mut self, now: Instant, allowed: impl Fn(u64) -> bool) -> Option<Task> {
        let (_, name) = self.lists.ready.first().filter(|(index, _)| allowed(*index))?;
        let name = Arc::clone(name);
        let host = self.hosts.get_mut(&name)?;
        let task = host.queue.pop_front()?;
        host.in_progress += 1;
        host.not_before = host.not_before.max(now + self.delay);
        self.lists.update(&name, host, now);
        self.count(&task, false);
        Some(task)
    }

    /// The target that comes next, if it is not fetched from a host.
    pub fn local(&self) -> Option<&Task> {
        let remote = self.lists.ready.first().map(|(index, _)| *index);
        self.local.front().filter(|task| remote.is_none_or(|remote| task.index < remote))
    }

    /// Takes that target.
    pub fn take_local(&mut self) -> Option<Task> {
        self.local()?;
        let task = self.local.pop_front()?;
        self.count(&task, false);
        Some(task)
    }

    /// Notes that a target of `host` is no longer in progress.
    pub fn finished(&mut self, host: Option<&Arc<str>>, now: Instant) {
        if let Some(host) = host {
            self.change(host, now, |host| host.in_progress -= 1);
        }
    }

    /// When a target may be begun that may not be begun now, if that depends on the time.
    pub fn wakes_at(&self) -> Option<Instant> {
        let again = self.again.first_key_value().map(|((at, _), _)| *at);
        let later = self.lists.later.first().map(|(at, _)| *at);
        again.into_iter().chain(later).min()
    }

    fn count(&mut self, task: &Task, added: bool) {
        let bytes = task.target.name().len();
        if added {
            (self.waiting, self.bytes) = (self.waiting + 1, self.bytes + bytes);
        } else {
            (self.waiting, self.bytes) = (self.waiting - 1, self.bytes - bytes);
        }
    }

    fn enqueue(&mut self, task: Task, now: Instant, put: fn(&mut VecDeque<Task>, Task)) {
        let Some(name) = task.host.clone() else { return put(&mut self.local, task) };
        let host = self.hosts.entry(Arc::clone(&name)).or_insert_with(|| Host::new(now));
        put(&mut host.queue, task);
        self.lists.update(&name, host, now);
    }

    /// Changes a host, and forgets it if there is nothing more to know of it.
    fn change(&mut self, name: &Arc<str>, now: Instant, change: impl FnOnce(&mut Host)) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        change(host);
        self.lists.update(name, host, now);
        if host.queue.is_empty() && host.in_progress == 0 && host.listed.is_none() {
            self.hosts.remove(name);
        }
    }
}

impl Host {
    fn new(now: Instant) -> Self {
        Self { queue: VecDeque::new(), in_progress: 0, not_before: now, listed: None }
    }
}

impl HostLists {
    /// Lists a host where its state belongs.
    fn update(&mut self, name: &Arc<str>, host: &mut Host, now: Instant) {
        let first = host.queue.front().map(|task| task.index);
        let place = match first {
            Some(index) if host.in_progress < self.per_host && host.not_before <= now => {
                Some(Listed::Ready(index))
            }
            None if host.in_progress > 0 => None,
            // Without targets it stays for as long as it must not be asked.
            _ => Some(Listed::Later(host.not_before)).filter(|_| host.not_before > now),
        };
        if place == host.listed {
            return;
        }
        match mem::replace(&mut host.listed, place) {
            Some(Listed::Ready(index)) => drop(self.ready.remove(&(index, Arc::clone(name)))),
            Some(Listed::Later(at)) => drop(self.later.remove(&(at, Arc::clone(name)))),
            None => {}
        }
        match place {
            Some(Listed::Ready(index)) => drop(self.ready.insert((index, Arc::clone(name)))),
            Some(Listed::Later(at)) => drop(self.later.insert((at, Arc::clone(name)))),
            None => {}
        }
    }
}

#[cfg(test)]
#[path = "scheduler_tests.rs"]
mod tests;
