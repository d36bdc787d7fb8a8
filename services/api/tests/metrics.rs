//! The metrics say how the cache served each answer, and what its fetches went through.

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

mod support;

use e2e::{Origin, Page, RedisServer, TIMEOUT, within};
use fetch::CauseKind;
use http::StatusCode;
use kit::Admin;
use linkextractor_api::ApiSettings;
use std::{sync::Arc, time::Duration};
use support::{Service, cache_status, is_hit, settings, settings_with};

fn with_admin(settings: ApiSettings) -> ApiSettings {
    ApiSettings { admin: Admin::at(Some(([127, 0, 0, 1], 0).into())), ..settings }
}

fn page() -> Page {
    Page::html("<a href=x>x</a>").header("etag", "\"1\"")
}

/// The value of the series `name`, which is there.
async fn value(api: &Service, name: &str) -> f64 {
    let metrics = api.admin("/metrics").await;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
}

/// How often the cache has served an answer in this way.
async fn answers(api: &Service, cache: &str) -> f64 {
    value(api, &format!("linkextractor_cache_answers_total{{cache=\"{cache}\"}}")).await
}

#[tokio::test]
async fn answers_are_counted_by_how_the_cache_served_them() {
    let origin = Origin::start().await;
    let url = origin.page("/", page());
    let redis = RedisServer::start().await;
    let replica = || {
        let mut settings = with_admin(settings_with(&redis));
        // On a busy machine even a healthy Redis may answer late.
        settings.redis.timeout = TIMEOUT;
        Service::with(settings)
    };
    let (one, other) = (Arc::new(replica().await), replica().await);
    origin.hold();
    let mut requests: Vec<_> = Vec::new();
    for _ in 0..3 {
        let (api, url) = (Arc::clone(&one), url.clone());
        requests.push(tokio::spawn(async move { api.get(&url).await }));
    }
    // The first waits for the origin, the others for the first.
    within("three requests", async {
        while value(&one, "linkextractor_http_requests_waiting").await < 2.0 {}
    })
    .await;
    // It may wait for Redis before.
    within("its job", async { while value(&one, "linkextractor_fetch_jobs").await < 1.0 {} }).await;
    assert_eq!(value(&one, "linkextractor_fetch_jobs").await, 1.0);
    origin.release();
    for request in requests {
        assert_eq!(request.await.unwrap().status, 200);
    }
    one.get(&url).await;
    assert!(cache_status(&other.get(&url).await).ends_with("detail=redis"));
    origin.page("/", Page::html("<a href=y>y</a>"));
    other.get_with(&url, "cache-control", "no-cache").await;
    for (api, cache, expected) in [
        (&*one, "miss", 1.0),
        (&*one, "collapsed", 2.0),
        (&*one, "local", 1.0),
        (&other, "redis", 1.0),
        (&other, "bypassed", 1.0),
    ] {
        assert_eq!(answers(api, cache).await, expected, "{cache}");
    }
}

#[tokio::test]
async fn expired_and_renewed_answers_are_counted_as_such() {
    let origin = Origin::start().await;
    let url = origin.page("/", page());
    let mut settings = with_admin(settings());
    settings.cache.ttl = Duration::from_secs(1);
    settings.cache.stale_while_revalidate = Duration::ZERO;
    let api = Service::with(settings).await;
    api.get(&url).await;
    let expire = async || within("it to expire", async { while is_hit(&api.get(&url).await) {} }).await;
    expire().await;
    assert_eq!((answers(&api, "renewed").await, answers(&api, "stale").await), (1.0, 0.0));
    origin.page("/", Page::new(StatusCode::INTERNAL_SERVER_ERROR, ""));
    expire().await;
    assert_eq!((answers(&api, "renewed").await, answers(&api, "stale").await), (1.0, 1.0));
}

#[tokio::test]
async fn a_fetch_is_counted_with_its_outcome_and_its_phases() {
    let origin = Origin::start().await;
    let (good, gone) = (origin.page("/", page()), origin.page("/gone", Page::new(StatusCode::GONE, "")));
    let api = Service::with(with_admin(settings())).await;
    for url in [&good, &gone] {
        api.get(url).await;
    }
    for labels in [
        r#"code="ok",phase="extraction",cause="none""#,
        r#"code="upstream-status",phase="first_byte",cause="none""#,
    ] {
        assert_eq!(value(&api, &format!("linkextractor_fetches_total{{{labels}}}")).await, 1.0);
    }
    let mut phases = 0.0;
    for (phase, count) in [
        ("queue", 2.0),
        ("dns", 0.0),
        ("connect", 1.0),
        ("tls", 0.0),
        ("first_byte", 2.0),
        ("body", 1.0),
        ("extraction", 1.0),
    ] {
        let series = |part| format!("linkextractor_fetch_phase_duration_seconds_{part}{{phase=\"{phase}\"}}");
        let found = value(&api, &series("count")).await;
        // The second uses the connection of the first; a failure has no body that is read.
        assert!(found == count || (phase == "body" && found <= 2.0), "{phase}: {found}");
        phases += value(&api, &series("sum")).await;
    }
    let whole = value(&api, "linkextractor_fetch_duration_seconds_sum").await;
    assert!((phases - whole).abs() < 0.001, "phases of {phases} s make up {whole} s");
    assert!(value(&api, "linkextractor_fetch_received_bytes_total").await > 50.0);
    assert_eq!(value(&api, "linkextractor_fetch_decoded_bytes_total").await, 15.0);
}

#[test]
fn the_kinds_of_causes_are_those_that_the_documentation_lists() {
    let docs = include_str!("../../../docs/metrics.md");
    let row = docs.lines().find(|line| line.starts_with("| `linkextractor_fetches_total`")).unwrap();
    let listed = row.split("`cause`: `none`, ").nth(1).unwrap().split(" |").next().unwrap();
    let names = CauseKind::ALL.map(|kind| format!("`{}`", kind.name()));
    assert_eq!(listed, names.join(", "));
    let explained = docs.split("## Causes of failures").nth(1).unwrap();
    for name in names {
        assert!(explained.contains(&name), "{name}");
    }
}
