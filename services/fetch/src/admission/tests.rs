use super::*;
use kit::Deadline;
use std::time::Duration;
use tokio::task::JoinHandle;

fn admission(max_jobs: usize, max_jobs_per_host: usize, per_client: f64) -> Arc<Admission> {
    let settings = FetchSettings { max_jobs, per_client, max_jobs_per_host, ..FetchSettings::default() };
    Arc::new(Admission::new(&settings))
}

fn client(last: u8) -> JobClient {
    JobClient { key: Client::new([127, 0, 0, last].into()).key(), holds: None }
}

fn deadline() -> JobDeadline {
    JobDeadline(Deadline::after(Duration::from_secs(30)))
}

impl Admission {
    fn waiting(&self) -> usize {
        self.0.lock().waiting()
    }

    fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

/// A job that waits, once it is in its queue.
async fn wait(admission: &Arc<Admission>, client: JobClient, host: &str) -> JoinHandle<JobPermit> {
    let before = admission.waiting();
    let (queue, host) = (Arc::clone(admission), host.to_owned());
    let job = tokio::spawn(async move { queue.enter(&client, host, deadline()).await.unwrap() });
    while admission.waiting() == before {
        tokio::task::yield_now().await;
    }
    job
}

#[tokio::test]
async fn queues_are_served_in_turn() {
    let admission = admission(1, 8, 1.0);
    let running = admission.enter(&client(1), "a", deadline()).await.unwrap();
    let mut jobs = Vec::new();
    for (of, host) in [(1, "a"), (1, "a")] {
        jobs.push(wait(&admission, client(of), host).await);
    }
    let other = wait(&admission, client(2), "a").await;
    drop(running);
    drop(jobs.remove(0).await.unwrap());
    drop(other.await.unwrap());
    drop(jobs.remove(0).await.unwrap());
    assert!(admission.is_empty());
}

#[tokio::test]
async fn a_client_has_no_more_than_its_share_and_leaves_the_rest_to_others() {
    let admission = admission(4, 8, 0.5);
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(admission.enter(&client(1), "a", deadline()).await.unwrap());
    }
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(wait(&admission, client(1), "a").await);
    }
    let refused = admission.enter(&client(1), "a", deadline()).await.map(|_| ());
    assert_eq!(refused, Err(AdmissionError::ClientQueueFull), "more than twice its share");
    held.push(admission.enter(&client(2), "a", deadline()).await.unwrap());
    drop(held);
    for job in waiting {
        drop(job.await.unwrap());
    }
    assert!(admission.is_empty());
}

#[tokio::test]
async fn a_full_queue_refuses_all_but_jobs_that_always_wait() {
    let admission = admission(1, 1, 1.0);
    let running = admission.enter(&client(1), "a", deadline()).await.unwrap();
    let mut waiting = Vec::new();
    for of in [1, 2, 3, 1] {
        waiting.push(wait(&admission, client(of), "a").await);
    }
    let refused = admission.enter(&client(4), "b", deadline()).await.map(|_| ());
    assert_eq!(refused, Err(AdmissionError::QueueFull));
    let holds = QueueHolds::default();
    let _hold = holds.hold();
    let always_waits = JobClient { holds: Some(holds), ..client(1) };
    let always_waits = async { admission.enter(&always_waits, "a", deadline()).await.map(drop) };
    let others = async {
        drop(running);
        for job in waiting {
            drop(job.await.unwrap());
        }
    };
    assert_eq!(tokio::join!(always_waits, others).0, Ok(()));
    assert!(admission.is_empty());
}

#[tokio::test]
async fn a_job_that_is_held_waits_beyond_its_deadline_and_no_longer_than_it_is_held() {
    let admission = admission(1, 1, 1.0);
    let short = || JobDeadline(Deadline::after(Duration::from_millis(1)));
    let job = |holds: &QueueHolds| JobClient { holds: Some(holds.clone()), ..client(1) };
    let running = admission.enter(&client(1), "a", deadline()).await.unwrap();
    let (served, left) = (QueueHolds::default(), QueueHolds::default());
    let (_hold, hold, other) = (served.hold(), left.hold(), left.hold());
    let (served, left) = (job(&served), job(&left));
    let served = admission.enter(&served, "a", short());
    let left = async {
        let mut waiting = std::pin::pin!(admission.enter(&left, "a", short()));
        drop(hold);
        let passed = tokio::time::timeout(Duration::from_millis(20), &mut waiting).await;
        assert!(passed.is_err(), "one hold is left");
        drop(other);
        let result = waiting.await.map(drop);
        drop(running);
        result
    };
    let (served, left) = tokio::join!(served, left);
    assert_eq!(left, Err(AdmissionError::HostBusy));
    drop(served.unwrap());
    assert!(admission.is_empty());
}

#[tokio::test]
async fn jobs_that_give_up_leave_nothing_behind() {
    let admission = admission(1, 1, 1.0);
    let running = admission.enter(&client(1), "a", deadline()).await.unwrap();
    let waiting = wait(&admission, client(1), "a").await;
    waiting.abort();
    assert!(waiting.await.is_err());
    let short = JobDeadline(Deadline::after(Duration::from_millis(1)));
    let result = admission.enter(&client(2), "b", short).await.map(|_| ());
    assert_eq!(result, Err(AdmissionError::Busy));
    assert_eq!(admission.waiting(), 0);
    drop(running);
    assert!(admission.is_empty());
}

#[tokio::test]
async fn a_job_that_moves_to_another_host_keeps_its_job_permit_and_gives_back_its_host_permit() {
    let admission = admission(2, 1, 1.0);
    let at_b = admission.enter(&client(1), "b", deadline()).await.unwrap();
    let at_a = admission.enter(&client(1), "a", deadline()).await.unwrap();
    let at_a = admission.move_to(at_a, "a", deadline()).await.unwrap();
    let waiting = wait(&admission, client(1), "a").await;
    let others = async {
        assert_eq!(admission.waiting(), 1, "the job that moves still counts as a job");
        drop(at_b);
    };
    let (permit, ()) = tokio::join!(admission.move_to(at_a, "b", deadline()), others);
    let at_a = waiting.await.unwrap();
    let short = JobDeadline(Deadline::after(Duration::from_millis(1)));
    assert!(admission.move_to(at_a, "b", short).await.is_err());
    drop(permit);
    assert!(admission.is_empty());
}
