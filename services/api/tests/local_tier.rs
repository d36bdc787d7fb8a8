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
async fn copies_are_used_and_kept_while_redis_is_away_and_written_back_after() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let new = origin.page("/new", Page::html("<a href=x>x</a>"));
    let mut redis = RedisServer::start().await;
    let api = Service::with(settings_with(&redis)).await;
    api.get(&page).await;
    keep(&api, &page).await;
    let fetched = origin.requests();
    redis.kill().await;
    for _ in 0..20 {
        let answer = api.get(&page).await;
        assert!(is_hit(&answer) && cache_status(&answer).ends_with("; detail=local"), "{answer:?}");
    }
    assert_eq!(cache_status(&api.get(&new).await), "fwd=miss", "kept, but not for other replicas");
    assert!(is_hit(&api.get(&new).await));
    redis.restart().await;
    let other = Service::with(settings_with(&redis)).await;
    for page in [&page, &new] {
        within("the copy to be written back", async {
            while !is_hit(&api.get(page).await)
                || other.get_with(page, "cache-control", "only-if-cached").await.status != 200
            {}
        })
        .await;
    }
    assert_eq!(origin.requests(), fetched + 1);
}

#[tokio::test]
async fn what_is_deleted_in_redis_is_gone_everywhere() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let (one, other) =
        (Service::with(settings_with(&redis)).await, Service::with(settings_with(&redis)).await);
    for (api, command) in [(&one, "FLUSHALL"), (&other, "FLUSHDB")] {
        api.get(&page).await;
        for api in [&one, &other] {
            keep(api, &page).await;
        }
        let client = redis::Client::open(redis.url()).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
        redis::cmd(command).exec_async(&mut connection).await.expect("it flushes");
        for api in [&one, &other] {
            within("the copy to go", async {
                while api.get_with(&page, "cache-control", "only-if-cached").await.status != 504 {}
            })
            .await;
        }
    }
}

/// Returns when a copy of `page` is kept: reads may be too slow, or race with the report of the write.
async fn keep(api: &Service, page: &str) {
    for _ in 0..5 {
        within("a hit", async { while !is_hit(&api.get(page).await) {} }).await;
    }
}
