//! Bounds: who is over one waits in the kernel, or hears it at once.

mod common;

use common::{Server, assert_problem, field, get, get_kept, status};
use kit::Limits;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_connection_over_the_limit_waits_and_is_served_in_its_turn() {
    let server = Server::with(Limits { connections: 2, ..Limits::default() }).await;
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for client in [&mut one, &mut two] {
        client.send(get_kept("/")).await;
        client.until("hello\n").await;
    }
    // The kernel accepts it; the server does not.
    let mut third = server.connect().await;
    third.send(get("/")).await;
    let waited = tokio::time::timeout(Duration::from_millis(300), third.0.readable()).await;
    assert!(waited.is_err(), "the third was answered while two had the places");
    drop(one);
    assert_eq!(status(&third.rest().await), 200);
}

#[tokio::test]
async fn a_request_over_the_limit_is_told_so_at_once() {
    let server = Server::with(Limits { requests: 1, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.send(get("/slow?1500")).await;
    // It is in work when the figures say so.
    while !server.ask_admin("/metrics").await.contains("\nhttp_requests_in_flight 1\n") {}
    let begun = Instant::now();
    let answer = server.get("/").await;
    assert_problem(&answer, 503, "overloaded");
    assert_eq!(field(&answer, "retry-after"), Some("1"));
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(status(&first.rest().await), 200);
    assert_eq!(status(&server.get("/").await), 200);
}
