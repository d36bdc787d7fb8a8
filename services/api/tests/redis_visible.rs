//! What an operator sees of Redis: the true reason why it is away, metrics, and the rights that it needs.

mod support;

use e2e::{Origin, Page, RedisServer, within};
use kit::{Admin, Secret};
use linkextractor_api::ApiSettings;
use redis::cmd;
use std::net::SocketAddr;
use support::{Service, cache_status, settings};

fn settings_at(url: String) -> ApiSettings {
    let mut settings = settings();
    settings.admin = Admin::at(Some(SocketAddr::from(([127, 0, 0, 1], 0))));
    settings.redis_url = Some(Secret::from(url));
    settings
}

async fn assert_stores(api: &Service, page: &str) {
    let ask = async || api.get_with(page, "cache-control", "no-cache").await;
    within("the page to be stored", async { while cache_status(&ask().await) != "fwd=request; stored" {} })
        .await;
}

async fn assert_metric(api: &Service, line: &str) {
    within(line, async { while !api.admin("/metrics").await.contains(line) {} }).await;
}

#[tokio::test]
async fn the_reason_why_redis_is_away_is_the_true_one() {
    let locked = RedisServer::start_with(&["--requirepass", "secret"]).await;
    let (no_login, wrong) = (locked.url(), format!("{}?pass=wrong", locked.url()));
    for (url, reason) in [
        (wrong.as_str(), "WRONGPASS"),
        (no_login.as_str(), "NOAUTH"),
        ("redis+unix:///nowhere/redis.sock", "No such file"),
        ("redis://127.0.0.1:1", "refused"),
        // The kernel has no TCP route to a multicast address, wherever it runs.
        ("redis://224.0.0.1", "Network is unreachable"),
        ("redis://nowhere.invalid", "failed to lookup address"),
        ("redis+sentinel://127.0.0.1:1/main", "refused"),
        ("redis://127.0.0.1:1,redis://127.0.0.1:2", "127.0.0.1:1: Connection refused"),
    ] {
        let api = Service::with(settings_at(url.to_owned())).await;
        let ready = api.admin("/ready").await;
        assert!(ready.contains(reason) && !ready.contains("secret"), "{url}: {ready}");
        assert_metric(&api, "linkextractor_redis_up 0").await;
    }
}

#[tokio::test]
async fn writes_take_a_share_of_the_memory() {
    let mut settings = settings_at("redis://127.0.0.1:1".to_owned());
    // 288 MiB more than the cache and fetching take.
    settings.cache.memory = bytesize::ByteSize::mib(64);
    settings.fetch.memory = bytesize::ByteSize::mib(160);
    settings.limits.memory = bytesize::ByteSize::mib(512);
    let api = Service::with(settings).await;
    let share = 18 * 1024 * 1024;
    assert_metric(&api, &format!("linkextractor_memory_limit_bytes{{budget=\"redis_writes\"}} {share}"))
        .await;
}

#[tokio::test]
async fn the_documented_rights_are_enough() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let nix = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nix/settings.nix");
    let docs = std::fs::read_to_string(docs).unwrap();
    let rule = docs.lines().find_map(|line| line.strip_prefix("user linkextractor on >PASSWORD ")).unwrap();
    assert!(std::fs::read_to_string(nix).unwrap().contains(&format!("acl = \"{rule}\";")));
    let redis = RedisServer::start().await;
    let mut user = cmd("ACL");
    user.arg("SETUSER")
        .arg("linkextractor")
        .arg("on")
        .arg(">secret")
        .arg(rule.split(' ').collect::<Vec<_>>());
    redis.command(&user).await;
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let url = format!("{}?user=linkextractor&pass=secret&db=1", redis.url());
    let (one, other) = (Service::with(settings_at(url.clone())).await, Service::with(settings_at(url)).await);
    assert_stores(&one, &page).await;
    let hit = async || other.get_with(&page, "cache-control", "only-if-cached").await.status == 200;
    within("a hit", async { while !hit().await {} }).await;
    // The copy is verified: changes are reported.
    redis.freeze();
    assert!(hit().await);
    redis.thaw();
    for api in [&one, &other] {
        assert!(
            api.admin("/ready").await.contains(r#""redis":{"ready":true}"#),
            "{}",
            api.admin("/ready").await
        );
        for command in ["get", "claim", "set", "del"] {
            let labels = format!(r#"{{command="{command}",result="refused"}} 0"#);
            assert_metric(api, &format!("linkextractor_redis_commands_total{labels}")).await;
        }
    }
    let log = redis.command(cmd("ACL").arg("LOG")).await;
    assert_eq!(log, redis::Value::Array(vec![]), "something was denied");
}

#[tokio::test]
async fn commands_lost_connections_and_failed_writes_are_counted() {
    let mut redis = RedisServer::start().await;
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let api = Service::with(settings_at(redis.url())).await;
    assert_stores(&api, &page).await;
    for line in [
        "linkextractor_redis_up 1",
        "linkextractor_redis_connections 1",
        "linkextractor_redis_connections_lost_total 0",
        r#"linkextractor_redis_command_duration_seconds_count{command="claim"}"#,
        r#"linkextractor_redis_commands_total{command="set",result="ok"} 1"#,
    ] {
        assert_metric(&api, line).await;
    }
    redis.command(cmd("CONFIG").arg("SET").arg("maxmemory").arg(1)).await;
    let other = origin.page("/other", Page::html("<a href=x>x</a>"));
    api.get(&other).await;
    assert_metric(&api, r#"linkextractor_redis_commands_total{command="set",result="refused"} 1"#).await;
    assert_metric(&api, "linkextractor_redis_failed_writes_total 1").await;
    redis.kill().await;
    assert_metric(&api, "linkextractor_redis_connections_lost_total 1").await;
    assert_metric(&api, "linkextractor_redis_up 0").await;
    redis.restart().await;
    assert_metric(&api, "linkextractor_redis_up 1").await;
}
