//! Ten thousand connections that rest cost little, and nothing when they are gone.

use e2e::{Origin, Page, Program, Wire, figure_until};

const CONNECTIONS: u32 = 10_000;
/// KiB that the API may take meanwhile.
const MEANWHILE: u64 = 200 * 1024;
/// KiB that it may take more than before, afterwards.
const KEPT: u64 = 10 * 1024;

#[tokio::test]
async fn ten_thousand_idle_connections_cost_little_and_nothing_afterwards() {
    let files = e2e::raise_open_files();
    assert!(
        files > 2 * u64::from(CONNECTIONS) - 2000,
        "a limit of {files} open files is too low for this test"
    );
    let env =
        [("LINKEXTRACTOR_API_LIMITS__HEADER_TIMEOUT", "10m"), ("LINKEXTRACTOR_API_LOG__ACCESS", "false")];
    let api = e2e::api(&env).await;
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/x>x</a>".repeat(10_000)));
    for _ in 0..50 {
        rest(&api, &format!("/api/{page}")).await;
    }
    figure_until(&api, "http_connections", |open| open == 0).await;
    let before = api.resident();

    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(rest(&api, "/").await);
    }
    figure_until(&api, "http_connections", |open| open == u64::from(CONNECTIONS)).await;
    let meanwhile = api.resident();

    drop(idle);
    figure_until(&api, "http_connections", |open| open == 0).await;
    let mut after = api.resident();
    // What is given back by a thread of its own may take a moment, and another request.
    for _ in 0..1000 {
        after = after.min(api.resident());
        rest(&api, "/").await;
    }
    println!("KiB before, meanwhile, after: {before}, {meanwhile}, {after}");
    assert!(meanwhile < MEANWHILE, "{meanwhile} KiB with {CONNECTIONS} idle connections");
    assert!(after < before + KEPT, "{before} KiB before, {after} KiB after");
}

/// A connection that has been used and is kept.
async fn rest(api: &Program, target: &str) -> Wire {
    let mut wire = Wire::connect(api.address("service")).await;
    wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!(wire.answer().await.expect("an answer").status, 200);
    wire
}
