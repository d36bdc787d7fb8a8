//! The local tier: values that were read from Redis are kept in the process until they change in Redis.

mod support;

use e2e::{Origin, Page, RedisServer, within};
use support::{Service, cache_status, is_hit, settings_with};

#[tokio::test]
async fn a_page_that_was_read_before_is_a_hit_without_redis() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let api = Service::with(settings_with(&redis)).await;
    api.get(&page).await;
    keep(&api, &page).await;
    redis.freeze();
    assert!(is_hit(&api.get(&page).await));
    redis.thaw();
}

#[tokio::test]
async fn a_result_that_another_replica_stores_replaces_the_local_one() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>old</a>"));
    let redis = RedisServer::start().await;
    let (one, other) =
        (Service::with(settings_with(&redis)).await, Service::with(settings_with(&redis)).await);
    one.get(&page).await;
    keep(&one, &page).await;
    let before = origin.requests();
    origin.page("/", Page::html("<a href=x>new</a>"));
    // On a busy machine Redis may answer too late for the result to be stored.
    within("the new result to be stored", async {
        let store = async || other.get_with(&page, "cache-control", "no-cache").await;
        while cache_status(&store().await) != "fwd=request; stored" {}
    })
    .await;
    let stored = origin.requests();
    assert!(stored > before);
    within("the new result", async {
        while one.get_with(&page, "cache-control", "only-if-cached").await.json()[0]["text"] != "new" {}
    })
    .await;
    assert_eq!(origin.requests(), stored, "fetched by the other replica only");
}

#[tokio::test]
async fn the_local_tier_is_not_used_while_redis_is_unreachable() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let mut redis = RedisServer::start().await;
    let api = Service::with(settings_with(&redis)).await;
    api.get(&page).await;
    keep(&api, &page).await;
    redis.kill().await;
    within("the lost connection to be noticed", async { while is_hit(&api.get(&page).await) {} }).await;
    redis.restart().await;
    within("Redis to be used again", async { while !is_hit(&api.get(&page).await) {} }).await;
}

/// Returns when a copy of `page` is kept: reads may be too slow, or race with the report of the write.
async fn keep(api: &Service, page: &str) {
    for _ in 0..5 {
        within("a hit", async { while !is_hit(&api.get(page).await) {} }).await;
    }
}
