//! The cache: in the process, and in Redis across processes and restarts; and the extraction log.

use e2e::{Client, Origin, Page, Program, RedisServer, within};
use std::fs;

async fn api(redis: Option<&RedisServer>, log: Option<&str>) -> Program {
    let url = redis.map(RedisServer::url);
    let mut env = Vec::new();
    env.extend(url.as_deref().map(|url| ("REDIS_URL", url)));
    env.extend(log.map(|log| ("LINKEXTRACTOR_API_EXTRACTION_LOG", log)));
    e2e::api(&env).await
}

/// Requests `page` from `api`; whether the response came from the cache.
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
async fn without_redis_the_second_request_is_a_hit() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/there>there</a>"));
    let api = api(None, None).await;
    assert!(!hit(&api, &page).await);
    assert!(hit(&api, &page).await);
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn an_entry_in_redis_is_used_by_other_processes_and_after_a_restart() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/there>there</a>"));
    let redis = RedisServer::start().await;

    let mut first = api(Some(&redis), None).await;
    assert!(!hit(&first, &page).await);
    let mut misses = 1;
    // A look-up that takes too long on a busy machine is a miss: then the next process is asked.
    for reason in ["a hit in another process", "a hit after a restart"] {
        first.terminate();
        assert_eq!(first.end().await, Some(0));
        first = within(reason, async {
            loop {
                let new = api(Some(&redis), None).await;
                if hit(&new, &page).await {
                    return new;
                }
                misses += 1;
            }
        })
        .await;
    }
    assert_eq!(origin.requests(), misses, "a hit fetches nothing");
}

#[tokio::test]
async fn requests_succeed_without_redis_and_it_is_used_again_once_it_is_back() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/there>there</a>"));
    let mut redis = RedisServer::start().await;
    let api = api(Some(&redis), None).await;
    assert!(!hit(&api, &page).await);
    redis.kill().await;
    for _ in 0..10 {
        assert!(hit(&api, &page).await, "from the local tier");
    }
    redis.restart().await;
    let other = self::api(Some(&redis), None).await;
    within("the copy to be written back", async {
        while !(hit(&api, &page).await && hit(&other, &page).await) {}
    })
    .await;
}

#[tokio::test]
async fn requests_succeed_while_redis_does_not_answer() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/there>there</a>"));
    let redis = RedisServer::start().await;
    let api = api(Some(&redis), None).await;
    assert!(!hit(&api, &page).await);
    redis.freeze();
    let new = origin.page("/new", Page::html("<a href=/there>there</a>"));
    assert!(!hit(&api, &new).await);
    for page in [&page, &new] {
        assert!(hit(&api, page).await, "from the local tier");
    }
    redis.thaw();
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
