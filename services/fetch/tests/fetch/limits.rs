//! Jobs are limited in all and at each host; jobs that wait for one host do not hold up others.

use crate::support::{loopback, origin, url};
use fetch::{FetchError, FetchSettings, Fetched, Fetcher, JobClient, PageUrl, Phase};
use kit::Client;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{io::AsyncWriteExt, sync::Semaphore};

/// An origin on `address` that answers a request for each permit of `gate`.
async fn gated(address: &str, gate: &Arc<Semaphore>) -> origin::Origin {
    let gate = Arc::clone(gate);
    origin::raw(address, move |mut stream| {
        let gate = Arc::clone(&gate);
        async move {
            while origin::head(&mut stream).await.is_some() {
                gate.acquire().await.unwrap().forget();
                let _ = stream.write_all(&origin::html("x")).await;
            }
        }
    })
    .await
}

fn limited(max_jobs: usize, max_jobs_per_host: usize, timeout: Duration) -> Arc<Fetcher> {
    let allow = vec!["127.0.0.0/8".to_owned()];
    Arc::new(
        Fetcher::new(
            FetchSettings { allow, max_jobs, max_jobs_per_host, timeout, ..loopback() },
            crate::support::pool(),
        )
        .unwrap(),
    )
}

fn spawn(fetcher: &Arc<Fetcher>, page: &PageUrl) -> tokio::task::JoinHandle<Result<(), FetchError>> {
    let (fetcher, page) = (Arc::clone(fetcher), page.clone());
    tokio::spawn(async move { fetcher.fetch(&page).await.map(|_| ()) })
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn jobs_over_the_limit_of_a_host_wait() {
    let gate = Arc::new(Semaphore::new(0));
    let origin = gated("127.0.0.1:0", &gate).await;
    let other = origin::answering("127.0.0.2:0", |_| origin::html("x")).await;
    let fetcher = limited(6, 2, Duration::from_secs(10));
    let page = url(&origin.url("/"));
    let mut jobs: Vec<_> = (0..14).map(|_| spawn(&fetcher, &page)).collect();
    until(|| origin.connections() == 2).await;
    // Two run and twelve wait: no more may wait, and other hosts are not affected.
    assert_eq!(spawn(&fetcher, &page).await.unwrap(), Err(FetchError::Overloaded));
    assert_eq!(fetcher.fetch(&url(&other.url("/"))).await.map(|_| ()), Ok(()));
    gate.add_permits(14);
    for job in &mut jobs {
        assert_eq!(job.await.unwrap(), Ok(()));
    }
    assert_eq!(origin.connections(), 2, "never more than two at once");
}

#[tokio::test]
async fn a_job_that_is_redirected_is_not_refused() {
    let gate = Arc::new(Semaphore::new(0));
    let busy = gated("127.0.0.1:0", &gate).await;
    let target = busy.url("/");
    let first = origin::answering("127.0.0.2:0", move |_| origin::redirect(302, &target)).await;
    let other = origin::answering("127.0.0.3:0", |_| origin::html("x")).await;
    let fetcher = limited(3, 1, Duration::from_secs(10));
    let page = url(&busy.url("/"));
    let mut jobs: Vec<_> = (0..7).map(|_| spawn(&fetcher, &page)).collect();
    until(|| busy.connections() == 1).await;
    assert_eq!(spawn(&fetcher, &page).await.unwrap(), Err(FetchError::Overloaded), "no more may wait");
    jobs.push(spawn(&fetcher, &url(&first.url("/"))));
    until(|| first.connections() == 1).await;
    // The redirect arrives while these are fetched.
    for _ in 0..10 {
        assert_eq!(fetcher.fetch(&url(&other.url("/"))).await.map(|_| ()), Ok(()));
    }
    gate.add_permits(8);
    for job in jobs {
        assert_eq!(job.await.unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn jobs_over_the_limit_wait_and_those_over_twice_as_many_are_refused() {
    let gate = Arc::new(Semaphore::new(0));
    let fetcher = limited(3, 8, Duration::from_secs(10));
    let mut jobs = Vec::new();
    let mut origins = Vec::new();
    for host in 1..=3 {
        let origin = gated(&format!("127.0.1.{host}:0"), &gate).await;
        jobs.push(spawn(&fetcher, &url(&origin.url("/"))));
        until(|| origin.connections() == 1).await;
        origins.push(origin);
    }
    let page = url(&origins[0].url("/"));
    jobs.extend((0..6).map(|_| spawn(&fetcher, &page)));
    assert_eq!(spawn(&fetcher, &page).await.unwrap(), Err(FetchError::Overloaded));
    gate.add_permits(10);
    for job in jobs {
        assert_eq!(job.await.unwrap(), Ok(()));
    }
    assert_eq!(spawn(&fetcher, &url(&origins[0].url("/"))).await.unwrap(), Ok(()), "permits are given back");
}

#[tokio::test]
async fn waiting_counts_against_the_deadline() {
    let gate = Arc::new(Semaphore::new(0));
    let origin = gated("127.0.0.1:0", &gate).await;
    let fetcher = limited(4, 1, Duration::from_secs(2));
    let page = url(&origin.url("/"));
    let first = spawn(&fetcher, &page);
    until(|| origin.connections() == 1).await;
    let second = spawn(&fetcher, &page);
    assert_eq!(first.await.unwrap(), Err(FetchError::Timeout(Phase::FirstByte)));
    assert!(matches!(second.await.unwrap(), Err(FetchError::Timeout(_))));
}

#[tokio::test]
async fn a_cancelled_job_gives_back_its_permit() {
    let gate = Arc::new(Semaphore::new(0));
    let origin = gated("127.0.0.1:0", &gate).await;
    let fetcher = limited(1, 1, Duration::from_secs(10));
    let page = url(&origin.url("/"));
    for connections in 1..=3 {
        let job = spawn(&fetcher, &page);
        until(|| origin.connections() == connections).await;
        job.abort();
        assert!(job.await.unwrap_err().is_cancelled());
    }
    gate.add_permits(4);
    assert_eq!(spawn(&fetcher, &page).await.unwrap(), Ok(()));
}

/// Large bodies that never end, of as many bytes as the memory for large ones has.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_large_bodies_that_stall_leaves_others_memory() {
    const LENGTH: usize = 9_900_000;
    const STALLED: usize = 8;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let stalling = origin::raw("127.0.0.1:0", move |mut stream| {
        let count = Arc::clone(&count);
        async move {
            origin::head(&mut stream).await;
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {LENGTH}\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
            for _ in 0..LENGTH / 100_000 - 1 {
                let _ = stream.write_all(&vec![b' '; 100_000]).await;
                count.fetch_add(100_000, Ordering::SeqCst);
            }
            std::future::pending::<()>().await;
        }
    })
    .await;
    let large = origin::fixed(origin::html(&"x".repeat(9_000_000))).await;
    let settings = FetchSettings {
        max_jobs_per_host: 100,
        per_client: 0.5,
        timeout: Duration::from_mins(1),
        ..loopback()
    };
    let fetcher = Arc::new(Fetcher::new(settings, crate::support::pool()).unwrap());
    let fetch = |page: String, client: [u8; 4]| {
        let (fetcher, page) = (Arc::clone(&fetcher), url(&page));
        let client = JobClient { key: Client::new(client.into()).key(), holds: None };
        async move { fetcher.fetch_unless_known(&page, None, client).await.0 }
    };
    let _stalled: tokio::task::JoinSet<_> =
        (0..STALLED).map(|_| fetch(stalling.url("/"), [192, 0, 2, 1])).collect();
    // More than sockets hold: four have memory, as many as fit into the share.
    until(|| sent.load(Ordering::SeqCst) > 4 * (LENGTH - 200_000)).await;
    let page = fetch(large.url("/"), [192, 0, 2, 2]);
    let page = tokio::time::timeout(Duration::from_secs(20), page).await.expect("memory for it");
    assert!(matches!(page, Ok(Fetched::Page(_))));
}
