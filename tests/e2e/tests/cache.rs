//! A result is kept: in the process, in Redis, beyond a restart, for every process that shares the Redis.

use e2e::{Client, Origin, Page, Program, RedisServer};
use std::fs;

async fn api(redis: Option<&RedisServer>, log: Option<&str>) -> Program {
    let url = redis.map(RedisServer::url);
    let mut env = Vec::new();
    env.extend(url.as_deref().map(|url| ("REDIS_URL", url)));
    env.extend(log.map(|log| ("LINKEXTRACTOR_API_EXTRACTION_LOG", log)));
    e2e::api(&env).await
}

/// Asks `api` for `page`; whether the answer came from the cache.
async fn hit(api: &Program, page: &str) -> bool {
    let answer = Client::default().get(&format!("http://{}/api/{page}", api.address("service"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()[0]["text"], "there");
    let status = answer.header("cache-status");
    let hit = status.starts_with("linkextractor; hit");
    assert!(hit || status.starts_with("linkextractor; fwd=miss"), "{status}");
    answer.header("age").parse::<u64>().expect("seconds");
    hit
}

#[tokio::test]
async fn the_second_request_is_a_hit_in_process() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/there>there</a>"));
    let api = api(None, None).await;
    assert!(!hit(&api, &page).await);
    assert!(hit(&api, &page).await);
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn redis_outlives_a_restart_and_serves_a_second_process() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/there>there</a>"));
    let redis = RedisServer::start().await;

    let mut first = api(Some(&redis), None).await;
    assert!(!hit(&first, &page).await);
    assert!(hit(&first, &page).await);
    let second = api(Some(&redis), None).await;
    assert!(hit(&second, &page).await, "from a second process");
    first.terminate();
    assert_eq!(first.end().await, Some(0));
    let first = api(Some(&redis), None).await;
    assert!(hit(&first, &page).await, "after a restart");
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn without_redis_requests_succeed_uncached_and_it_is_used_again_when_it_is_back() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/there>there</a>"));
    let mut redis = RedisServer::start().await;
    let api = api(Some(&redis), None).await;
    assert!(!hit(&api, &page).await);
    redis.kill().await;
    assert!(!hit(&api, &page).await, "uncached");
    redis.restart().await;
    e2e::within("redis to be used again", async { while !hit(&api, &page).await {} }).await;
}

#[tokio::test]
async fn a_frozen_redis_fails_no_request() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/there>there</a>"));
    let redis = RedisServer::start().await;
    let api = api(Some(&redis), None).await;
    assert!(!hit(&api, &page).await);
    redis.freeze();
    assert!(!hit(&api, &page).await, "uncached");
    redis.thaw();
    e2e::within("redis to be used again", async { while !hit(&api, &page).await {} }).await;
}

#[tokio::test]
async fn the_extraction_log_has_a_line_for_each_extraction() {
    let origin = Origin::start().await;
    let page = origin.page("/?a=1&b=2", Page::html("<a href=/there>there</a>"));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("extraction.log");
    let mut api = api(None, log.to_str()).await;
    hit(&api, &page).await;
    hit(&api, &page).await;
    api.terminate();
    api.end().await;
    let lines = fs::read_to_string(log).unwrap();
    let lines: Vec<Vec<&str>> = lines.lines().map(|line| line.split('\t').collect()).collect();
    let [miss, hit] = &lines[..] else { panic!("two lines: {lines:?}") };
    assert_eq!((miss[1], miss[2]), ("MISS", page.as_str()));
    assert_eq!((hit[1], hit[2]), ("HIT", page.as_str()));
    assert!(miss[0].parse::<u64>().unwrap() > 1_500_000_000);
}
