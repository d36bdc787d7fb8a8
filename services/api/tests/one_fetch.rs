//! One fetch per URL at a time, in the process and across all replicas that share a Redis.

mod support;

use e2e::{Origin, Page, RedisServer, within};
use http::Method;
use kit::Limits;
use linkextractor_api::ApiSettings;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{Service, assert_code, cache_status, settings, settings_with};
use tokio::{net::TcpStream, task::JoinSet, time};

#[tokio::test]
async fn requests_during_a_fetch_get_its_result() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let api = Arc::new(Service::start().await);
    origin.hold();
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let (api, page) = (Arc::clone(&api), page.clone());
        requests.spawn(async move { api.get(&page).await });
    }
    origin.wait_for_requests(1).await;
    origin.release();
    while let Some(answer) = requests.join_next().await {
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn requests_that_wait_for_a_fetch_do_not_use_up_the_share_of_their_client() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let limits = Limits { requests: 20, per_client: 0.1, ..Limits::default() };
    let api = Arc::new(Service::with(ApiSettings { limits, ..settings() }).await);
    origin.hold();
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let (api, page) = (Arc::clone(&api), page.clone());
        requests.spawn(async move { api.get(&page).await });
    }
    origin.wait_for_requests(1).await;
    for _ in 0..20 {
        assert_eq!(api.call(Method::GET, "/").await.status, 200);
    }
    origin.release();
    while let Some(answer) = requests.join_next().await {
        assert_eq!(answer.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_fetch_goes_on_after_the_first_client_has_left() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let api = Service::start().await;
    origin.hold();
    let mut first = TcpStream::connect(api.address()).await.unwrap();
    let request = format!("GET /api/{page} HTTP/1.1\r\nHost: a\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut first, request.as_bytes()).await.unwrap();
    origin.wait_for_requests(1).await;
    drop(first);
    let (second, ()) = tokio::join!(api.get(&page), async { origin.release() });
    assert_eq!(second.status, 200);
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn replicas_share_a_fetch() {
    let origin = Origin::start().await;
    let redis = RedisServer::start().await;
    let (first, second) =
        (Service::with(settings_with(&redis)).await, Service::with(settings_with(&redis)).await);
    // On a busy machine even a healthy Redis may answer too late.
    within("one fetch for both", async {
        loop {
            let page = origin.page(&format!("/{}", origin.requests()), Page::html("<a href=x>x</a>"));
            let ask = async |api: &Service| api.get(&page).await;
            let (asked, fetched) = (claims(&redis).await, origin.requests());
            origin.hold();
            let (one, two, ()) = tokio::join!(ask(&first), ask(&second), async {
                origin.wait_for_requests(fetched + 1).await;
                within("both claims", async { while claims(&redis).await < asked + 2 {} }).await;
                origin.release();
            });
            assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
            assert_eq!(one.body, two.body);
            if origin.requests() == fetched + 1 {
                break;
            }
        }
    })
    .await;
}

/// How often a script was run: while the job runs, scripts claim leases.
async fn claims(redis: &RedisServer) -> u64 {
    let client = redis::Client::open(redis.url()).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let stats: String =
        redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.expect("statistics");
    let calls = stats.split("cmdstat_eval:calls=").nth(1).and_then(|rest| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

#[tokio::test]
async fn the_lease_of_a_dead_replica_expires() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    // A killed replica leaves a lease that is not renewed.
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let lease = format!("linkextractor:lease:{{linkextractor:3:{page}}}");
    let mut set = redis::cmd("SET");
    set.arg(lease).arg("gone").arg("PX").arg(700);
    set.exec_async(&mut connection).await.unwrap();
    let api = Service::with(settings_with(&redis)).await;
    let answer = api.get(&page).await;
    assert_eq!(answer.status, 200);
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn requests_with_no_cache_share_a_fetch() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let api = Service::start().await;
    api.get(&page).await;
    let ask = async || api.get_with(&page, "cache-control", "no-cache").await;
    // A second request that arrives after the fetch has ended rightly starts another: try again.
    within("one fetch for both", async {
        loop {
            let fetched = origin.requests();
            origin.hold();
            let (one, two, ()) = tokio::join!(ask(), ask(), async {
                origin.wait_for_requests(fetched + 1).await;
                origin.release();
            });
            assert!(cache_status(&one).starts_with("fwd=request; stored"));
            assert!(cache_status(&two).starts_with("fwd=request; stored"));
            if origin.requests() == fetched + 1 {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_that_waits_for_another_replica_is_answered_in_time() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let mut settings = settings_with(&redis);
    settings.fetch.timeout = Duration::from_secs(2);
    let api = Service::with(settings).await;
    // A replica that dies shortly before the time is over, and a page that then takes too long.
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut set = redis::cmd("SET");
    set.arg(format!("linkextractor:lease:{{linkextractor:3:{page}}}")).arg("gone").arg("PX").arg(1_800);
    set.exec_async(&mut connection).await.unwrap();
    origin.hold();
    let start = Instant::now();
    assert_code(&api.get(&page).await, 504, "timeout");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_crowd_on_two_replicas_causes_one_fetch() {
    let origin = Origin::start().await;
    origin.delay(Duration::from_secs(3));
    let redis = RedisServer::start().await;
    let apis = [Service::with(settings_with(&redis)).await, Service::with(settings_with(&redis)).await];
    let apis = apis.map(Arc::new);
    // On a busy machine even a healthy Redis may answer too late.
    within("one fetch for all", async {
        loop {
            let before = origin.requests();
            let page = origin.page(&format!("/{before}"), Page::html("<a href=x>x</a>"));
            let mut requests = JoinSet::new();
            // Not all at the same moment: one thread runs the callers, both replicas and the origin.
            let mut ticks = time::interval(Duration::from_millis(1));
            for number in 0..1_000 {
                ticks.tick().await;
                let (api, page) = (Arc::clone(&apis[number % 2]), page.clone());
                requests.spawn(async move { api.get(&page).await.status });
            }
            while let Some(status) = requests.join_next().await {
                assert_eq!(status.unwrap(), 200);
            }
            if origin.requests() == before + 1 {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn if_redis_freezes_during_a_fetch_each_replica_fetches_once_at_most() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let apis = [Service::with(settings_with(&redis)).await, Service::with(settings_with(&redis)).await];
    let apis = apis.map(Arc::new);
    origin.hold();
    let mut requests = JoinSet::new();
    for number in 0..100 {
        let (api, page) = (Arc::clone(&apis[number % 2]), page.clone());
        requests.spawn(async move { api.get(&page).await.status });
    }
    origin.wait_for_requests(1).await;
    redis.freeze();
    // The replica that waits for the other one's fetch learns that Redis does not answer.
    origin.wait_for_requests(2).await;
    origin.release();
    while let Some(status) = requests.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(origin.requests(), 2);
    redis.thaw();
}
