//! `Cache-Control` of requests, and the cache fields of answers.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use e2e::{Origin, Page};
use http::StatusCode;
use std::time::Duration;
use support::{Service, assert_code, cache_status, is_hit, settings};

fn seconds(text: &str, prefix: &str) -> u64 {
    let at = text.find(prefix).unwrap_or_else(|| panic!("{prefix} in {text}"));
    text[at + prefix.len()..].split([';', ',']).next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_hit_has_its_age_and_lifetime_in_fields() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let api = Service::start().await;
    let miss = api.get(&page).await;
    assert_eq!(cache_status(&miss), "fwd=miss; stored");
    assert!(!miss.header("age").is_empty());
    let hit = api.get(&page).await;
    let life = seconds(hit.header("cache-control"), "max-age=");
    assert!((3240..=3960).contains(&life), "an hour, a tenth more or less: {life}");
    let (age, rest) = (hit.header("age").parse::<u64>().unwrap(), seconds(cache_status(&hit), "hit; ttl="));
    assert!(age <= 30 && (life - age - 1..=life - age).contains(&rest), "{hit:?}");
    assert_eq!(miss.header("cache-control"), hit.header("cache-control"));
    assert_eq!(miss.header("etag"), hit.header("etag"));
}

#[tokio::test]
async fn no_cache_fetches_again_and_stores() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>old</a>"));
    let api = Service::start().await;
    api.get(&page).await;
    origin.page("/", Page::html("<a href=x>new</a>"));
    assert_eq!(api.get(&page).await.json()[0]["text"], "old");
    let forced = api.get_with(&page, "cache-control", "no-cache").await;
    assert_eq!(cache_status(&forced), "fwd=request; stored");
    assert_eq!(forced.json()[0]["text"], "new");
    let hit = api.get(&page).await;
    assert!(is_hit(&hit));
    assert_eq!(hit.json()[0]["text"], "new");
}

#[tokio::test]
async fn max_age_bounds_the_age_of_cached_results() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let api = Service::start().await;
    api.get(&page).await;
    assert!(is_hit(&api.get_with(&page, "cache-control", "max-age=3600").await));
    assert!(!is_hit(&api.get_with(&page, "cache-control", "max-age=0").await));
    assert_eq!(origin.requests(), 2);
}

#[tokio::test]
async fn only_if_cached_never_fetches() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let api = Service::start().await;
    assert_code(&api.get_with(&page, "cache-control", "only-if-cached").await, 504, "not-cached");
    assert_eq!(origin.requests(), 0);
    api.get(&page).await;
    assert!(is_hit(&api.get_with(&page, "cache-control", "only-if-cached").await));
}

#[tokio::test]
async fn failures_that_the_page_caused_are_cached() {
    let origin = Origin::start().await;
    let missing = format!("http://{}/missing", origin.address());
    let api = Service::start().await;
    for expected in ["fwd=miss; stored", "hit; ttl="] {
        let answer = api.get(&missing).await;
        assert_code(&answer, 502, "upstream-status");
        assert_eq!(answer.json()["upstream_status"], 404);
        assert!(cache_status(&answer).starts_with(expected), "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn refusals_by_our_own_policy_are_not_cached() {
    let api = Service::start().await;
    for _ in 0..2 {
        let answer = api.get("http://10.0.0.1/").await;
        assert_code(&answer, 403, "blocked-destination");
        assert_eq!(cache_status(&answer), "fwd=miss");
    }
}

#[tokio::test]
async fn retry_after_of_a_page_is_passed_on_and_no_fetch_happens_before() {
    let origin = Origin::start().await;
    let busy = Page::new(StatusCode::TOO_MANY_REQUESTS, "").header("retry-after", "120");
    let page = origin.page("/busy", busy);
    let api = Service::start().await;
    for _ in 0..2 {
        let answer = api.get(&page).await;
        assert_code(&answer, 503, "upstream-status");
        assert_eq!(answer.json()["upstream_status"], 429);
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((90..=120).contains(&seconds));
    }
    assert_eq!(origin.requests(), 1, "no fetch before Retry-After");
}

#[tokio::test]
async fn with_a_ttl_of_zero_nothing_is_cached() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let mut settings = settings();
    settings.cache.ttl = Duration::ZERO;
    let api = Service::with(settings).await;
    for _ in 0..2 {
        assert_eq!(cache_status(&api.get(&page).await), "fwd=miss");
    }
}
