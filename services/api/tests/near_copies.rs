//! What was read from Redis is at hand in the process, and gone when it changes in Redis.

mod support;

use e2e::{Origin, Page, RedisServer, within};
use support::{Service, is_hit, settings_with};

#[tokio::test]
async fn a_page_that_was_read_needs_no_way_to_redis() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let redis = RedisServer::start().await;
    let api = Service::with(settings_with(&redis)).await;
    api.get(&page).await;
    // The first reads may cross with what Redis tells of the write, and are then not kept.
    for _ in 0..5 {
        within("a hit", async { while !is_hit(&api.get(&page).await) {} }).await;
    }
    redis.freeze();
    assert!(is_hit(&api.get(&page).await), "at hand");
    redis.thaw();
}

#[tokio::test]
async fn what_another_replica_stores_is_seen() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>old</a>"));
    let redis = RedisServer::start().await;
    let (one, other) =
        (Service::with(settings_with(&redis)).await, Service::with(settings_with(&redis)).await);
    one.get(&page).await;
    assert!(is_hit(&one.get(&page).await));
    assert!(is_hit(&one.get(&page).await));
    origin.page("/", Page::html("<a href=x>new</a>"));
    other.get_with(&page, "cache-control", "no-cache").await;
    within("the change to be told", async {
        loop {
            let answer = one.get(&page).await;
            assert!(is_hit(&answer));
            if answer.json()[0]["text"] == "new" {
                break;
            }
        }
    })
    .await;
    assert_eq!(origin.requests(), 2);
}

#[tokio::test]
async fn nothing_is_at_hand_when_redis_is_gone() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let mut redis = RedisServer::start().await;
    let api = Service::with(settings_with(&redis)).await;
    api.get(&page).await;
    assert!(is_hit(&api.get(&page).await));
    redis.kill().await;
    within("the end to be noticed", async { while is_hit(&api.get(&page).await) {} }).await;
    redis.restart().await;
    within("Redis to be used again", async { while !is_hit(&api.get(&page).await) {} }).await;
}
