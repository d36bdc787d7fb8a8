//! A Redis that is far away, or stalls for a moment, is used all the same.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use e2e::{Origin, Page, Proxy, RedisServer, within};
use kit::Secret;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{Service, cache_status, settings};
use tokio::{task::JoinSet, time::sleep};

struct Stage {
    origin: Origin,
    redis: RedisServer,
    proxy: Proxy,
}

impl Stage {
    async fn at(round_trip: u64) -> Self {
        let redis = RedisServer::start().await;
        let proxy = Proxy::start(redis.socket(), Duration::from_millis(round_trip)).await;
        Self { origin: Origin::start().await, redis, proxy }
    }

    fn page(&self, number: usize) -> String {
        self.origin.page(&format!("/{number}"), Page::html("<a href=x>x</a>"))
    }

    async fn service(&self) -> Arc<Service> {
        let mut settings = settings();
        settings.redis_url = Some(Secret::from(format!("redis://{}", self.proxy.address())));
        Arc::new(Service::with(settings).await)
    }

    async fn values(&self) -> usize {
        let client = redis::Client::open(self.redis.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let keys = redis::cmd("KEYS").arg("linkextractor:3:*").take();
        keys.query_async::<Vec<String>>(&mut connection).await.unwrap().len()
    }

    /// Returns when a new page is stored.
    async fn assert_stores(&self, api: &Service) {
        let mut number = 1_000_000;
        within("a page to be stored", async {
            loop {
                number += 1;
                let page = self.page(number);
                if cache_status(&api.get(&page).await) == "fwd=miss; stored" {
                    break;
                }
            }
        })
        .await;
    }
}

async fn all_of_100_pages_are_stored_and_hit_from_a_second_process(round_trip: u64) {
    let stage = Stage::at(round_trip).await;
    let (one, other) = (stage.service().await, stage.service().await);
    let connections = stage.proxy.connections();
    let pages: Vec<_> = (0..100).map(|number| stage.page(number)).collect();
    let mut stored = 0;
    for page in &pages {
        stored += usize::from(cache_status(&one.get(page).await) == "fwd=miss; stored");
    }
    within("all values", async { while stage.values().await < 100 {} }).await;
    let fetched = stage.origin.requests();
    let mut hits = 0;
    for page in &pages {
        // On a busy machine a read may be late: it is tried again.
        let ask = async || other.get_with(page, "cache-control", "only-if-cached").await;
        within("a hit", async {
            let mut tries = 0;
            loop {
                let answer = ask().await;
                tries += 1;
                if answer.status == 200 {
                    assert!(cache_status(&answer).ends_with("detail=redis"), "{answer:?}");
                    hits += usize::from(tries == 1);
                    break;
                }
            }
        })
        .await;
    }
    assert_eq!(stage.origin.requests(), fetched);
    assert_eq!(stage.proxy.connections(), connections, "a connection was lost");
    assert!(stored > 50 && hits > 50, "{stored} said that they are stored, {hits} were hit at once");
}

#[tokio::test]
async fn a_redis_6_ms_away_is_used() {
    all_of_100_pages_are_stored_and_hit_from_a_second_process(6).await;
}

#[tokio::test]
async fn a_redis_13_ms_away_is_used() {
    all_of_100_pages_are_stored_and_hit_from_a_second_process(13).await;
}

#[tokio::test]
async fn a_redis_20_ms_away_is_used() {
    all_of_100_pages_are_stored_and_hit_from_a_second_process(20).await;
}

#[tokio::test]
async fn a_pause_while_many_requests_wait_ends_no_connection() {
    let stage = Stage::at(0).await;
    let api = stage.service().await;
    stage.assert_stores(&api).await;
    let connections = stage.proxy.connections();
    for round in 0..3 {
        stage.proxy.stall();
        let mut requests = JoinSet::new();
        for number in 0..50 {
            let (api, page) = (Arc::clone(&api), stage.page(round * 50 + number));
            requests.spawn(async move { api.get(&page).await.status });
        }
        sleep(Duration::from_millis(100)).await;
        stage.proxy.resume();
        while let Some(status) = requests.join_next().await {
            assert_eq!(status.unwrap(), 200);
        }
        stage.assert_stores(&api).await;
    }
    assert_eq!(stage.proxy.connections(), connections);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_replaced_once() {
    let stage = Stage::at(0).await;
    let api = stage.service().await;
    stage.assert_stores(&api).await;
    let connections = stage.proxy.connections();
    stage.proxy.cut();
    let cut = Instant::now();
    stage.assert_stores(&api).await;
    assert!(cut.elapsed() < Duration::from_secs(5), "{:?}", cut.elapsed());
    assert_eq!(stage.proxy.connections(), connections + 1);
}

#[tokio::test]
async fn a_master_that_became_a_replica_is_left_for_the_new_one() {
    let stage = Stage::at(0).await;
    let api = stage.service().await;
    stage.assert_stores(&api).await;
    let new = RedisServer::start().await;
    let client = redis::Client::open(stage.redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let demote = redis::cmd("REPLICAOF").arg("127.0.0.1").arg(1).take();
    demote.exec_async(&mut connection).await.unwrap();
    // Its connections stay open; only new ones reach the new master.
    stage.proxy.lead_to(new.socket());
    let moved = Instant::now();
    stage.assert_stores(&api).await;
    assert!(moved.elapsed() < Duration::from_secs(5), "{:?}", moved.elapsed());
}

#[tokio::test]
async fn a_password_that_changes_and_is_set_back_needs_no_restart() {
    let stage = Stage::at(0).await;
    let api = stage.service().await;
    stage.assert_stores(&api).await;
    let client = redis::Client::open(stage.redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for command in ["CONFIG SET requirepass other", "CLIENT KILL TYPE normal SKIPME yes"] {
        let mut words = command.split(' ');
        let mut built = redis::cmd(words.next().unwrap());
        built.arg(words.collect::<Vec<_>>());
        built.exec_async(&mut connection).await.unwrap();
    }
    let page = stage.page(1);
    within("an answer without Redis", async {
        while cache_status(&api.get(&page).await) == "fwd=miss; stored" {}
    })
    .await;
    let reset = redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("").take();
    reset.exec_async(&mut connection).await.unwrap();
    let back = Instant::now();
    stage.assert_stores(&api).await;
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
}
