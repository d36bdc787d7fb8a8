//! Requests are answered in time whatever is wrong with Redis.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use e2e::{Origin, Page, RedisServer, within};
use kit::Secret;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{Service, cache_status, is_hit, settings, settings_with};
use tokio::task::JoinSet;

struct Stage {
    origin: Origin,
    page: String,
    redis: RedisServer,
    api: Service,
}

impl Stage {
    async fn set() -> Self {
        let origin = Origin::start().await;
        let page = origin.page("/", Page::html("<a href=x>x</a>"));
        let redis = RedisServer::start().await;
        let api = Service::with(settings_with(&redis)).await;
        let stage = Self { origin, page, redis, api };
        stage.assert_stores(&stage.page).await;
        stage
    }

    /// Returns when a result is stored: on a busy machine even a healthy Redis may answer too late.
    async fn assert_stores(&self, page: &str) {
        let store = async || self.api.get_with(page, "cache-control", "no-cache").await;
        within("the page to be stored", async {
            while cache_status(&store().await) != "fwd=request; stored" {}
        })
        .await;
    }

    async fn assert_hits(&self) {
        within("a hit", async { while !self.hit().await {} }).await;
    }

    async fn hit(&self) -> bool {
        is_hit(&self.api.get(&self.page).await)
    }

    async fn value(&self, key: &str) -> String {
        let client = redis::Client::open(self.redis.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd("GET").arg(key).query_async(&mut connection).await.unwrap()
    }

    async fn command(&self, command: &[&str]) {
        let client = redis::Client::open(self.redis.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut built = redis::cmd(command[0]);
        built.arg(&command[1..]);
        built.exec_async(&mut connection).await.unwrap();
    }

    /// Redis is used again within 5 s.
    async fn assert_recovers(&self) {
        let back = Instant::now();
        self.assert_stores(&self.page).await;
        assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    }
}

#[tokio::test]
async fn requests_are_answered_while_redis_is_down() {
    let mut stage = Stage::set().await;
    stage.redis.kill().await;
    for number in 0..20 {
        assert!(stage.hit().await);
        let page = stage.origin.page(&format!("/{number}"), Page::html("<a href=x>x</a>"));
        assert_eq!(cache_status(&stage.api.get(&page).await), "fwd=miss");
    }
    stage.redis.restart().await;
    stage.assert_recovers().await;
}

#[tokio::test]
async fn a_frozen_redis_adds_less_than_50_ms() {
    let stage = Stage::set().await;
    let undisturbed = Instant::now();
    stage.api.get_with(&stage.page, "cache-control", "no-cache").await;
    let undisturbed = undisturbed.elapsed();
    stage.redis.freeze();
    // The first two requests wait for Redis. A busy machine may delay one of them, so the faster one counts.
    let mut shortest = Duration::MAX;
    for number in 0..2 {
        let page = stage.origin.page(&format!("/{number}"), Page::html("<a href=x>x</a>"));
        let start = Instant::now();
        assert_eq!(cache_status(&stage.api.get(&page).await), "fwd=miss");
        shortest = shortest.min(start.elapsed());
    }
    assert!(shortest < undisturbed + Duration::from_millis(50), "{shortest:?} after {undisturbed:?}");
    stage.redis.thaw();
    stage.assert_recovers().await;
}

#[tokio::test]
async fn many_requests_are_answered_while_redis_is_frozen() {
    let stage = Stage::set().await;
    stage.redis.freeze();
    let api = Arc::new(stage.api);
    let mut requests = JoinSet::new();
    for number in 0..100 {
        let page = stage.origin.page(&format!("/{}", number / 2), Page::html("<a href=x>x</a>"));
        let api = Arc::clone(&api);
        requests.spawn(async move { api.get(&page).await.status });
    }
    while let Some(status) = requests.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    stage.redis.thaw();
}

#[tokio::test]
async fn a_full_redis_still_answers_hits() {
    let stage = Stage::set().await;
    stage.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    stage.assert_hits().await;
    let other = stage.origin.page("/other", Page::html("<a href=x>x</a>"));
    assert_eq!(cache_status(&stage.api.get(&other).await), "fwd=miss");
    stage.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    stage.assert_stores(&other).await;
}

#[tokio::test]
async fn a_read_only_redis_still_answers_hits() {
    let stage = Stage::set().await;
    stage.command(&["REPLICAOF", "127.0.0.1", "1"]).await;
    stage.assert_hits().await;
    let other = stage.origin.page("/other", Page::html("<a href=x>x</a>"));
    assert_eq!(cache_status(&stage.api.get(&other).await), "fwd=miss");
    stage.command(&["REPLICAOF", "NO", "ONE"]).await;
    stage.assert_stores(&other).await;
}

#[tokio::test]
async fn unexpected_values_in_redis_count_as_misses() {
    let stage = Stage::set().await;
    let key = format!("linkextractor:3:{}", stage.page);
    let stored = stage.value(&key).await;
    let (head, links) = stored.split_once('\n').unwrap();
    // The right hash of something that is no list of links.
    let hash = xxhash_rust::xxh3::xxh3_64(links.as_bytes()).to_string();
    assert!(head.contains(&hash));
    let no_json = head.replace(&hash, &xxhash_rust::xxh3::xxh3_64(b"nonsense").to_string());
    for value in ["", "nonsense", head, &format!("{head}\n[]"), &format!("{no_json}\nnonsense")] {
        stage.command(&["SET", &key, value]).await;
        assert!(!stage.hit().await, "{value}");
    }
    stage.command(&["DEL", &key]).await;
    stage.command(&["LPUSH", &key, "a list"]).await;
    within("a miss", async { while stage.hit().await {} }).await;
}

#[tokio::test]
async fn a_value_that_is_too_large_is_not_read_to_its_end() {
    let stage = Stage::set().await;
    let key = format!("linkextractor:3:{}", stage.page);
    // 64 MiB: reading all of it would delay all other requests.
    let set = redis::cmd("SETRANGE").arg(&key).arg(64 * 1024 * 1024).arg("x").take();
    stage.redis.command(&set).await;
    within("the change to be reported", async { while stage.hit().await {} }).await;
    stage.assert_stores(&stage.page).await;
    let lasting = stage.origin.page("/lasting", Page::html("<a href=x>x</a>"));
    stage.assert_stores(&lasting).await;
}

#[tokio::test]
async fn a_lifetime_in_redis_that_is_too_long_is_cut() {
    let stage = Stage::set().await;
    let key = format!("linkextractor:3:{}", stage.page);
    let stored = stage.value(&key).await;
    let (head, links) = stored.split_once('\n').unwrap();
    let mut head: serde_json::Value = serde_json::from_str(head).unwrap();
    head["page"]["lifetime"] = 9_999_999_999_u64.into();
    head["page"]["created"] = 99_999_999_999_999_u64.into();
    stage.command(&["SET", &key, &format!("{head}\n{links}")]).await;
    let ttl = async || {
        let answer = stage.api.get(&stage.page).await;
        let ttl = cache_status(&answer).split(['=', ';']).nth(2).and_then(|ttl| ttl.parse::<i64>().ok());
        ttl.expect("a hit")
    };
    // The lifetime is 54 to 66 minutes; this one is cut to the longest.
    within("the value of Redis", async { while ttl().await != 3_961 {} }).await;
}

#[tokio::test]
async fn unexpected_leases_in_redis_do_not_block_fetches() {
    let stage = Stage::set().await;
    // Not written by us: they never expire, or only after a day.
    for command in [&["SET"][..], &["LPUSH"], &["SETEX", "86400"]] {
        let page = stage.origin.page(&format!("/{}", command[0]), Page::html("<a href=x>x</a>"));
        let lease = format!("linkextractor:lease:{{linkextractor:3:{page}}}");
        let (name, rest) = command.split_first().unwrap();
        let command: Vec<&str> =
            [*name, &lease].into_iter().chain(rest.iter().copied()).chain(["x"]).collect();
        stage.command(&command).await;
        assert_eq!(stage.api.get(&page).await.status, 200, "{command:?}");
    }
}

#[tokio::test]
async fn requests_are_answered_if_redis_was_never_reachable() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let mut settings = settings();
    settings.redis_url = Some(Secret::from("redis+unix:///nowhere/redis.sock".to_owned()));
    let api = Service::with(settings).await;
    assert_eq!(cache_status(&api.get(&page).await), "fwd=miss");
}
