//! One fetch per URL at a time, in the process and across all replicas that share a Redis.

mod support;

use e2e::{Origin, Page, RedisServer, TIMEOUT, within};
use http::Method;
use kit::{Admin, Limits};
use linkextractor_api::ApiSettings;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{Service, assert_code, cache_status, settings, settings_with};
use tokio::{net::TcpStream, task::JoinSet};

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
async fn replicas_share_the_fetches_of_batches_that_take_longer_than_a_page_may() {
    const PAGES: usize = 4;
    let origin = Origin::start().await;
    origin.delay(Duration::from_millis(600));
    let redis = RedisServer::start().await;
    let settings = || {
        let mut settings = settings_for_slow_redis(&redis);
        settings.fetch.max_jobs_per_host = 1;
        settings.fetch.timeout = Duration::from_secs(1);
        settings
    };
    let (first, second) = (Service::with(settings()).await, Service::with(settings()).await);
    let page = |number| origin.page(&format!("/{number}"), Page::html("<a href=x>x</a>"));
    let pages = (0..PAGES).map(page).collect::<Vec<_>>().join("\n");
    let second = async {
        origin.wait_for_requests(1).await;
        second.post("text/uri-list", pages.clone()).await
    };
    let (first, second) = tokio::join!(first.post("text/uri-list", pages.clone()), second);
    for answer in [first, second] {
        assert_eq!(answer.text().matches("\"links\"").count(), PAGES, "{}", answer.text());
    }
    assert_eq!(origin.requests(), PAGES);
}

#[tokio::test]
async fn replicas_share_a_fetch() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let settings = || settings_for_slow_redis(&redis);
    let (first, second) = (Service::with(settings()).await, Service::with(settings()).await);
    origin.hold();
    let (one, two, ()) = tokio::join!(first.get(&page), second.get(&page), async {
        origin.wait_for_requests(1).await;
        within("both claims", async { while calls(&redis, "eval").await < 2 {} }).await;
        origin.release();
    });
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
    assert_eq!(one.body, two.body);
    assert_eq!(origin.requests(), 1);
}

/// How often a command was run: while the job runs, scripts claim leases.
async fn calls(redis: &RedisServer, command: &str) -> u64 {
    let client = redis::Client::open(redis.url()).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let stats: String =
        redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.expect("statistics");
    let calls = stats.split(&format!("cmdstat_{command}:calls=")).nth(1);
    let calls = calls.and_then(|rest| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

/// Settings with the cache in `redis`, which may answer late: on a busy machine even a healthy one does.
fn settings_for_slow_redis(redis: &RedisServer) -> ApiSettings {
    let mut settings = with_admin(settings_with(redis));
    settings.redis.timeout = TIMEOUT;
    settings.fetch.timeout = TIMEOUT;
    settings
}

fn with_admin(settings: ApiSettings) -> ApiSettings {
    ApiSettings { admin: Admin::at(Some(([127, 0, 0, 1], 0).into())), ..settings }
}

/// Waits until `api` has this many requests in work, beside the one that asks.
async fn in_flight(api: &Service, count: usize) {
    let line = format!("\nlinkextractor_http_requests_in_flight {count}\n");
    within("requests in flight", async { while !api.admin("/metrics").await.contains(&line) {} }).await;
}

#[tokio::test]
async fn requests_at_the_same_instant_ask_redis_once() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let api = Arc::new(Service::with(settings_for_slow_redis(&redis)).await);
    redis.freeze();
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let (api, page) = (Arc::clone(&api), page.clone());
        requests.spawn(async move { api.get(&page).await.status });
    }
    in_flight(&api, 100).await;
    redis.thaw();
    while let Some(status) = requests.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    // The script that claims the fetch reads the value, too.
    assert_eq!(calls(&redis, "getrange").await, 2);
    assert_eq!(origin.requests(), 1);
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
    let api = Service::with(with_admin(settings())).await;
    api.get(&page).await;
    let ask = async || api.get_with(&page, "cache-control", "no-cache").await;
    origin.hold();
    let (one, two, ()) = tokio::join!(ask(), ask(), async {
        // A second request that arrives after the fetch has ended would rightly start another.
        in_flight(&api, 2).await;
        origin.release();
    });
    assert!(cache_status(&one).starts_with("fwd=request; stored"));
    assert!(cache_status(&two).starts_with("fwd=request; stored"));
    assert_eq!(origin.requests(), 2);
}

#[tokio::test]
async fn a_request_that_waits_for_another_replica_is_answered_in_time() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let mut settings = with_admin(settings_with(&redis));
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
    let metrics = api.admin("/metrics").await;
    let counted = r#"linkextractor_fetches_total{code="timeout",phase="queue",cause="shared"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn a_crowd_on_two_replicas_causes_one_fetch() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let settings = || settings_for_slow_redis(&redis);
    let apis = [Service::with(settings()).await, Service::with(settings()).await].map(Arc::new);
    origin.hold();
    let mut requests = JoinSet::new();
    for number in 0..1_000 {
        let (api, page) = (Arc::clone(&apis[number % 2]), page.clone());
        requests.spawn(async move { api.get(&page).await.status });
    }
    for api in &apis {
        in_flight(api, 500).await;
    }
    origin.release();
    while let Some(status) = requests.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(origin.requests(), 1);
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
