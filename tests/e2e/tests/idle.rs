//! The memory of ten thousand idle connections is bounded, and freed when they close.

use e2e::{Origin, Page, Program, Wire, wait_for_metric};

const CONNECTIONS: u64 = 10_000;
/// Two rounds: the second must not add to what the first has left.
const ROUNDS: usize = 2;
/// The API's resident memory while they are open, in KiB.
const WHILE_OPEN: u64 = 200 * 1024;
/// The growth that may remain afterwards, in KiB: the allocator keeps some small blocks.
const KEPT: u64 = 32 * 1024;

#[tokio::test]
async fn ten_thousand_idle_connections_take_less_than_200_mib_and_free_it() {
    // A server uses three quarters of its file descriptors for connections.
    let connections = CONNECTIONS.min(e2e::raise_open_files() / 4 * 3);
    let env =
        [("LINKEXTRACTOR_API_LIMITS__HEADER_TIMEOUT", "10m"), ("LINKEXTRACTOR_API_LOG__ACCESS", "false")];
    let api = e2e::api(&env).await;
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/x>x</a>".repeat(10_000)));
    for _ in 0..50 {
        idle_connection(&api, &format!("/api/{page}")).await;
    }
    wait_for_metric(&api, "linkextractor_http_connections", |open| open == 0).await;
    let before = api.resident();
    for round in 1..=ROUNDS {
        let mut idle = Vec::new();
        for _ in 0..connections {
            idle.push(idle_connection(&api, "/").await);
        }
        wait_for_metric(&api, "linkextractor_http_connections", |open| open == connections).await;
        let open = api.resident();
        drop(idle);
        wait_for_metric(&api, "linkextractor_http_connections", |open| open == 0).await;
        let after = api.resident();
        println!("{connections} in round {round}: KiB before, while open, after: {before}, {open}, {after}");
        assert!(open < WHILE_OPEN, "{open} KiB with {connections} idle connections");
        assert!(after < before + KEPT, "{before} KiB before, {after} KiB after round {round}");
    }
}

/// A connection that has had one response and is kept open.
async fn idle_connection(api: &Program, target: &str) -> Wire {
    let mut wire = Wire::connect(api.address("service")).await;
    wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!(wire.answer().await.expect("an answer").status, 200);
    wire
}
