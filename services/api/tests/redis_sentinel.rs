//! The master that Sentinels name is used, and the next one after a failover.

mod support;

use e2e::{Origin, Page, RedisSentinels, within};
use kit::Secret;
use std::time::{Duration, Instant};
use support::{Service, cache_status, settings};

async fn assert_stores(api: &Service, page: &str) {
    let ask = async || api.get_with(page, "cache-control", "no-cache").await;
    within("the page to be stored", async { while cache_status(&ask().await) != "fwd=request; stored" {} })
        .await;
}

#[tokio::test]
async fn the_master_is_used_and_the_next_one_after_a_failover() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisSentinels::start().await;
    let mut settings = settings();
    settings.redis_url = Some(Secret::from(redis.url()));
    let api = Service::with(settings).await;
    assert_stores(&api, &page).await;
    assert_eq!(redis.servers[0].values().await, 1);
    redis.servers[0].freeze();
    within("the failover", async {
        while !redis.servers[1].replication().await.contains("role:master") {
            assert_eq!(api.get(&page).await.status, 200);
        }
    })
    .await;
    let failed_over = Instant::now();
    let other = origin.page("/other", Page::html("<a href=x>x</a>"));
    assert_stores(&api, &other).await;
    assert!(failed_over.elapsed() < Duration::from_secs(5), "{:?}", failed_over.elapsed());
}

#[tokio::test]
async fn a_sentinel_that_is_frozen_does_not_keep_the_others_from_being_asked() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisSentinels::start().await;
    redis.freeze_a_sentinel();
    let mut settings = settings();
    settings.redis_url = Some(Secret::from(redis.url()));
    let start = Instant::now();
    let api = Service::with(settings).await;
    assert_stores(&api, &page).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}
