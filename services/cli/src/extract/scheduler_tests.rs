use super::*;
use crate::target::Target;

struct Bench {
    scheduler: Scheduler,
    now: Instant,
}

impl Bench {
    fn new(per_host: usize, delay: u64, targets: &[&str]) -> Self {
        let now = Instant::now();
        let mut scheduler = Scheduler::new(per_host, Duration::from_secs(delay));
        for (index, target) in (0..).zip(targets) {
            scheduler.push(Task::new(index, Target::parse(target)), now);
        }
        Self { scheduler, now }
    }

    /// The names of all that may be begun now.
    fn begin(&mut self) -> Vec<Task> {
        self.scheduler.promote(self.now);
        std::iter::from_fn(|| self.scheduler.next(self.now, |_| true)).collect()
    }

    fn names(&mut self) -> Vec<String> {
        self.begin().iter().map(|task| task.target.to_string()).collect()
    }
}

#[test]
fn a_host_at_its_limit_holds_up_no_other() {
    let mut bench = Bench::new(2, 0, &["http://a/1", "http://a/2", "http://a/3", "file", "http://b/"]);
    let begun = bench.begin();
    assert_eq!(begun.iter().map(|task| task.index).collect::<Vec<_>>(), [0, 1, 3, 4]);
    bench.scheduler.finished(begun[0].host.as_ref(), bench.now);
    assert_eq!(bench.names(), ["http://a/3"]);
    assert!(bench.scheduler.is_empty());
}

#[test]
fn two_requests_to_one_host_are_a_delay_apart() {
    let mut bench = Bench::new(4, 2, &["http://a/1", "http://a/2", "http://b/1"]);
    assert_eq!(bench.names(), ["http://a/1", "http://b/1"]);
    assert_eq!(bench.scheduler.wakes_at(), Some(bench.now + Duration::from_secs(2)));
    bench.now += Duration::from_secs(2);
    assert_eq!(bench.names(), ["http://a/2"]);
}

#[test]
fn a_host_that_named_a_time_is_left_alone_until_then() {
    let mut bench = Bench::new(1, 0, &["http://a/1", "http://a/2", "http://b/1"]);
    let mut begun = bench.begin();
    let task = begun.remove(0);
    let at = bench.now + Duration::from_secs(5);
    bench.scheduler.finished(task.host.as_ref(), bench.now);
    assert_eq!(bench.names(), ["http://a/2"], "what was begun before");
    bench.scheduler.finished(task.host.as_ref(), bench.now);
    bench.scheduler.push(Task::new(7, Target::parse("http://a/3")), bench.now);
    bench.scheduler.push_again(task, at, true, bench.now);
    assert!(bench.names().is_empty());
    bench.now = at;
    assert_eq!(bench.names(), ["http://a/1"], "first the one that waited longest");
}

#[test]
fn hosts_without_targets_are_forgotten() {
    let mut bench = Bench::new(1, 1, &["http://a/", "http://b/"]);
    for task in bench.begin() {
        bench.scheduler.finished(task.host.as_ref(), bench.now);
    }
    assert_eq!(bench.scheduler.hosts.len(), 2, "they must not be asked for another second");
    bench.now += Duration::from_secs(1);
    assert!(bench.names().is_empty());
    assert!(bench.scheduler.hosts.is_empty() && bench.scheduler.wakes_at().is_none());
}

#[test]
fn the_lowest_index_is_refused_or_taken() {
    let mut bench = Bench::new(1, 0, &["http://a/", "http://b/"]);
    assert!(bench.scheduler.next(bench.now, |index| index > 0).is_none());
    assert_eq!(bench.scheduler.next(bench.now, |index| index == 0).unwrap().index, 0);
}

#[test]
fn pages_of_hosts_are_begun_before_files_that_must_wait() {
    let mut bench = Bench::new(1, 1, &["a", "http://h/1", "http://h/2", "b"]);
    let now = bench.now;
    assert_eq!(bench.scheduler.next_of_host(now, |_| true).unwrap().index, 1);
    assert!(bench.scheduler.next_of_host(now, |_| true).is_none(), "the host's limits still hold");
    bench.scheduler.finished(Some(&Arc::from("h")), now);
    bench.now += Duration::from_secs(1);
    bench.scheduler.promote(bench.now);
    assert!(bench.scheduler.wakes_at().is_none());
    assert_eq!(bench.names(), ["a", "http://h/2", "b"]);
}

#[test]
fn files_that_are_put_back_come_in_their_order() {
    let mut bench = Bench::new(1, 0, &["a", "b", "c", "http://h/", "d"]);
    let [a, b, c] = [(); 3].map(|()| bench.scheduler.take_local().unwrap());
    assert!(bench.scheduler.take_local().is_none(), "a page of a host comes next");
    for task in [c, a, b] {
        bench.scheduler.put_back(task);
    }
    assert_eq!(bench.names(), ["a", "b", "c", "http://h/", "d"]);
    assert!(bench.scheduler.is_empty());
}
