//! Ten thousand connections that rest cost little, and what they cost is there again when they have left.

use e2e::{Origin, Page, Program, Wire, wait_for_metric};

const CONNECTIONS: u64 = 10_000;
/// Crowds, one after the other: what one has left behind, the next one does not add to.
const CROWDS: usize = 2;
/// KiB that the API may take meanwhile.
const MEANWHILE: u64 = 200 * 1024;
/// KiB that it may take more than before, afterwards: the C library keeps small pieces for the next ones.
const KEPT: u64 = 32 * 1024;

#[tokio::test]
async fn ten_thousand_idle_connections_cost_little_and_less_afterwards() {
    // A server gives three quarters of its open files to clients.
    let connections = CONNECTIONS.min(e2e::raise_open_files() / 4 * 3);
    let env =
        [("LINKEXTRACTOR_API_LIMITS__HEADER_TIMEOUT", "10m"), ("LINKEXTRACTOR_API_LOG__ACCESS", "false")];
    let api = e2e::api(&env).await;
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/x>x</a>".repeat(10_000)));
    for _ in 0..50 {
        rest(&api, &format!("/api/{page}")).await;
    }
    wait_for_metric(&api, "http_connections", |open| open == 0).await;
    let before = api.resident();
    for crowd in 1..=CROWDS {
        let mut idle = Vec::new();
        for _ in 0..connections {
            idle.push(rest(&api, "/").await);
        }
        wait_for_metric(&api, "http_connections", |open| open == connections).await;
        let meanwhile = api.resident();
        drop(idle);
        wait_for_metric(&api, "http_connections", |open| open == 0).await;
        let after = api.resident();
        println!(
            "{connections} in crowd {crowd}: KiB before, meanwhile, after: {before}, {meanwhile}, {after}"
        );
        assert!(meanwhile < MEANWHILE, "{meanwhile} KiB with {connections} idle connections");
        assert!(after < before + KEPT, "{before} KiB before, {after} KiB after crowd {crowd}");
    }
}

/// A connection that has been used and is kept.
async fn rest(api: &Program, target: &str) -> Wire {
    let mut wire = Wire::connect(api.address("service")).await;
    wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!(wire.answer().await.expect("an answer").status, 200);
    wire
}
