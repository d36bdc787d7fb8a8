//! Expired results: used at once while the page is fetched again, used if it cannot be fetched, renewed by a 304.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use e2e::{Answer, Origin, Page, RedisServer, within};
use http::StatusCode;
use linkextractor_api::ApiSettings;
use std::time::Duration;
use support::{Service, assert_code, cache_status, is_hit, settings, settings_with};

const STALE_IF_ERROR: &str = "fwd=stale; detail=stale-if-error";

fn page(text: &str) -> Page {
    Page::html(format!("<a href=x>{text}</a>"))
}

fn text(answer: &Answer) -> String {
    answer.json()[0]["text"].as_str().unwrap().to_owned()
}

/// Results are fresh for a second, and expired ones are used for `stale_while_revalidate`.
fn short(mut settings: ApiSettings, stale_while_revalidate: Duration) -> ApiSettings {
    settings.cache.ttl = Duration::from_secs(1);
    settings.cache.stale_while_revalidate = stale_while_revalidate;
    settings
}

fn is_stale_hit(answer: &Answer) -> bool {
    is_hit(answer) && cache_status(answer).starts_with("hit; ttl=-")
}

/// The first answer that is no fresh hit.
async fn expired(api: &Service, page: &str) -> Answer {
    within("the result to expire", async {
        loop {
            let answer = api.get(page).await;
            if !cache_status(&answer).starts_with("hit; ttl=") {
                return answer;
            }
        }
    })
    .await
}

#[tokio::test]
async fn an_expired_result_is_used_while_one_fetch_runs_in_the_background() {
    let origin = Origin::start().await;
    let url = origin.page("/", page("old"));
    let api = Service::with(short(settings(), Duration::from_mins(1))).await;
    api.get(&url).await;
    origin.page("/", page("new"));
    origin.hold();
    within("the result to expire", async { while !is_stale_hit(&api.get(&url).await) {} }).await;
    for _ in 0..10 {
        let answer = api.get(&url).await;
        assert!(is_stale_hit(&answer) && text(&answer) == "old", "{answer:?}");
    }
    origin.wait_for_requests(2).await;
    origin.release();
    within("the new result", async { while text(&api.get(&url).await) != "new" {} }).await;
    assert_eq!(origin.requests(), 2);
}

#[tokio::test]
async fn replicas_share_the_fetch_in_the_background() {
    let origin = Origin::start().await;
    let redis = RedisServer::start().await;
    let settings = || short(settings_with(&redis), Duration::from_mins(1));
    let (one, other) = (Service::with(settings()).await, Service::with(settings()).await);
    // On a busy machine even a healthy Redis may answer too late.
    within("one fetch for both", async {
        for number in 0.. {
            let url = origin.page(&format!("/{number}"), page("old"));
            origin.release();
            one.get(&url).await;
            within("a hit", async { while !is_hit(&other.get(&url).await) {} }).await;
            origin.page(&format!("/{number}"), page("new"));
            let before = origin.requests();
            origin.hold();
            for api in [&one, &other] {
                within("the result to expire", async { while !is_stale_hit(&api.get(&url).await) {} }).await;
            }
            origin.wait_for_requests(before + 1).await;
            origin.release();
            for api in [&one, &other] {
                within("the new result", async { while text(&api.get(&url).await) != "new" {} }).await;
            }
            if origin.requests() == before + 1 {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn only_if_cached_takes_an_expired_result_and_fetches_nothing() {
    let origin = Origin::start().await;
    let url = origin.page("/", page("old"));
    let api = Service::with(short(settings(), Duration::from_mins(1))).await;
    api.get(&url).await;
    let cached = async || api.get_with(&url, "cache-control", "only-if-cached").await;
    within("the result to expire", async { while !is_stale_hit(&cached().await) {} }).await;
    assert_eq!(origin.requests(), 1);
    let fresh = api.get_with(&url, "cache-control", "max-age=3600").await;
    assert_eq!(cache_status(&fresh), "fwd=stale; stored", "max-age turns stale answers off");
}

#[tokio::test]
async fn an_expired_result_is_used_if_the_page_cannot_be_fetched() {
    let origin = Origin::start().await;
    let url = origin.page("/", page("old"));
    let api = Service::with(short(settings(), Duration::ZERO)).await;
    api.get(&url).await;
    origin.page("/", Page::new(StatusCode::BAD_GATEWAY, ""));
    let answer = expired(&api, &url).await;
    assert_eq!((cache_status(&answer), text(&answer).as_str()), (STALE_IF_ERROR, "old"));
    let tried = origin.requests();
    for _ in 0..10 {
        assert_eq!(cache_status(&api.get(&url).await), STALE_IF_ERROR);
    }
    assert_eq!(origin.requests(), tried, "not tried again for cache.negative_ttl");
    assert_code(&api.get_with(&url, "cache-control", "only-if-cached").await, 504, "not-cached");
    assert_code(&api.get_with(&url, "cache-control", "max-age=60").await, 502, "upstream-status");
    assert_code(&api.get_with(&url, "cache-control", "no-cache").await, 502, "upstream-status");
    assert_eq!(cache_status(&api.get(&url).await), STALE_IF_ERROR, "the entry stays");
}

#[tokio::test]
async fn a_failure_that_is_the_new_state_of_the_page_replaces_an_expired_result() {
    let origin = Origin::start().await;
    let url = origin.page("/", page("old"));
    let api = Service::with(short(settings(), Duration::ZERO)).await;
    api.get(&url).await;
    origin.page("/", Page::new(StatusCode::NOT_FOUND, ""));
    let answer = expired(&api, &url).await;
    assert_code(&answer, 502, "upstream-status");
    assert_eq!(cache_status(&answer), "fwd=stale; stored");
    assert!(cache_status(&api.get(&url).await).starts_with("hit; ttl="), "the failure");
    origin.page("/", Page::new(StatusCode::BAD_GATEWAY, ""));
    assert_code(&api.get_with(&url, "cache-control", "no-cache").await, 502, "upstream-status");
    assert_code(&api.get(&url).await, 502, "upstream-status");
}

#[tokio::test]
async fn a_failure_that_is_not_kept_drops_an_expired_result() {
    let origin = Origin::start().await;
    let redis = RedisServer::start().await;
    let settings = || short(settings_with(&redis), Duration::ZERO);
    let (api, other) = (Service::with(settings()).await, Service::with(settings()).await);
    // On a busy machine even a healthy Redis may answer too late.
    within("the result to be dropped everywhere", async {
        for number in 0.. {
            let path = format!("/{number}");
            let url = origin.page(&path, page("old"));
            api.get(&url).await;
            let moved = Page::new(StatusCode::FOUND, "").header("location", "http://10.0.0.1/");
            origin.page(&path, moved);
            let answer = expired(&api, &url).await;
            assert_code(&answer, 403, "blocked-destination");
            assert_eq!(cache_status(&answer), "fwd=stale");
            let down = Page::new(StatusCode::SERVICE_UNAVAILABLE, "");
            origin.page(&path, down);
            let answers = [api.get(&url).await, other.get(&url).await];
            if answers.iter().all(|answer| answer.status == 502) {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_forced_fetch_that_fails_leaves_the_result_of_others() {
    let origin = Origin::start().await;
    let url = origin.page("/", page("good"));
    let redis = RedisServer::start().await;
    for api in [Service::start().await, Service::with(settings_with(&redis)).await] {
        origin.page("/", page("good"));
        api.get(&url).await;
        for status in [StatusCode::NOT_FOUND, StatusCode::BAD_GATEWAY] {
            origin.page("/", Page::new(status, ""));
            assert_code(&api.get_with(&url, "cache-control", "no-cache").await, 502, "upstream-status");
            assert_code(&api.get_with(&url, "cache-control", "max-age=0").await, 502, "upstream-status");
            let answer = api.get(&url).await;
            assert!(is_hit(&answer) && text(&answer) == "good", "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_304_of_the_origin_renews_an_expired_result() {
    let origin = Origin::start().await;
    let url = origin.page("/", page("same").header("etag", "W/\"1\""));
    let api = Service::with(short(settings(), Duration::ZERO)).await;
    let first = api.get(&url).await;
    let renewed = expired(&api, &url).await;
    assert_eq!(cache_status(&renewed), "fwd=stale; stored; detail=renewed");
    assert_eq!((renewed.header("age"), &renewed.body), ("0", &first.body));
    assert_eq!(renewed.header("etag"), first.header("etag"));
    assert_eq!((origin.requests(), origin.not_modified()), (2, 1));
    let forced = api.get_with(&url, "cache-control", "no-cache").await;
    assert_eq!(cache_status(&forced), "fwd=request; stored; detail=renewed");
    origin.page("/", page("changed").header("etag", "W/\"2\""));
    assert_eq!(text(&api.get_with(&url, "cache-control", "no-cache").await), "changed");
}
