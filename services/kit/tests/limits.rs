//! Limits: connections over one wait in the kernel, requests get 503 at once.

mod common;

use common::{Client, HELD, NEVER, REST, Server, assert_problem, field, get, get_kept, status};
use kit::Limits;
use std::time::Duration;

#[tokio::test]
async fn a_connection_over_the_limit_waits_and_is_served_later() {
    let server = Server::with(Limits { connections: 2, ..Limits::default() }).await;
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for client in [&mut one, &mut two] {
        client.send(get_kept("/")).await;
        client.until("hello\n").await;
    }
    // The kernel accepts it; the server does not.
    let mut third = server.connect().await;
    third.send(get("/")).await;
    // What it could do for the third, it has done before this.
    one.send(get_kept("/")).await;
    one.until("hello\n").await;
    server.metric("linkextractor_http_connections_accepted_total 2").await;
    let read = third.0.try_read(&mut [0]);
    assert!(read.is_err(), "the third was answered while two held the permits");
    drop(one);
    assert_eq!(status(&third.rest().await), 200);
}

#[tokio::test]
async fn a_request_over_the_limit_gets_503_at_once() {
    let server = with_one_permit().await;
    let mut first = server.connect().await;
    first.send(HELD).await;
    server.in_flight(1).await;
    // The first goes on until it is sent its rest: a request answered before that did not wait for it.
    let answer = server.get("/").await;
    assert_problem(&answer, 503, "overloaded");
    assert_eq!(field(&answer, "retry-after"), Some("1"));
    first.send(REST).await;
    assert_eq!(status(&first.rest().await), 200);
    assert_eq!(status(&server.get("/").await), 200);
}

/// No permit becomes free by a timeout.
fn patient() -> Limits {
    Limits { header_timeout: NEVER, stall_timeout: NEVER, ..Limits::default() }
}

async fn with_one_permit() -> Server {
    Server::with(Limits { requests: 1, ..patient() }).await
}

/// An answer that has begun, and ends when the request's body does.
async fn streaming(server: &Server) -> Client {
    let mut client = server.connect().await;
    client.send("POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n").await;
    client.until("\r\none\r\n").await;
    client
}

#[tokio::test]
async fn a_streamed_response_holds_its_permit_until_its_source_ends() {
    let server = with_one_permit().await;
    let mut client = streaming(&server).await;
    assert_eq!(status(&server.get("/").await), 503);
    client.send("0\r\n\r\n").await;
    client.until("0\r\n\r\n").await;
    assert_eq!(status(&server.get("/").await), 200);
}

#[tokio::test]
async fn a_streamed_response_gives_its_permit_back_when_its_source_fails_or_its_client_leaves() {
    let server = with_one_permit().await;
    let mut broken = streaming(&server).await;
    assert_eq!(status(&server.get("/").await), 503);
    broken.send("no chunk").await;
    broken.rest().await;
    server.answers(200).await;

    let left = streaming(&server).await;
    assert_eq!(status(&server.get("/").await), 503);
    drop(left);
    server.answers(200).await;
}

#[tokio::test]
async fn a_whole_response_holds_no_permit_while_its_client_reads() {
    let server = with_one_permit().await;
    let mut slow = server.connect().await;
    slow.send(get("/large?100000000")).await;
    slow.until("\r\n\r\n").await;
    assert_eq!(status(&server.get("/").await), 200);
}

#[tokio::test]
async fn a_streamed_response_holds_no_permit_while_its_client_does_not_read() {
    let server = with_one_permit().await;
    let mut slow = server.connect().await;
    slow.send(get("/pieces?1000")).await;
    slow.until("\r\n\r\n").await;
    // Until all buffers on its way are full, it holds the permit now and then.
    for _ in 0..100 {
        server.answers(200).await;
    }
    // It goes on where it stopped.
    assert!(slow.rest().await.len() > 1000 * 64 * 1024);
}

#[tokio::test]
async fn requests_with_bodies_cannot_use_up_the_permits_of_those_without() {
    let limits = Limits { requests: 2, per_client: 1.0, ..patient() };
    let server = Server::with(limits).await;
    let mut first = server.connect().await;
    first.send(HELD).await;
    server.in_flight(1).await;
    assert_problem(&server.exchange(HELD).await, 503, "overloaded");
    assert_eq!(status(&server.get("/").await), 200);
    first.send(REST).await;
    assert_eq!(status(&first.rest().await), 200);
    assert_eq!(status(&server.exchange(format!("{HELD}{REST}")).await), 200);
}

#[tokio::test]
async fn a_whole_http2_response_holds_no_permit_before_its_client_opens_a_window() {
    let server = with_one_permit().await;
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    // SETTINGS_INITIAL_WINDOW_SIZE = 0, then GET / for the authority `a`.
    client.send([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await;
    client.send([0, 0, 6, 1, 0b101, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41, 1, b'a']).await;
    server.in_flight(1).await;
    server.answers(200).await;
}

#[tokio::test]
async fn pipelined_requests_behind_unread_responses_hold_no_permit() {
    let server = with_one_permit().await;
    let mut client = server.connect().await;
    client.send(get_kept("/large?60000").repeat(1000)).await;
    client.until("\r\n\r\n").await;
    // Its own requests hold the permit now and then, until all buffers on its way are full.
    for _ in 0..100 {
        server.answers(200).await;
    }
}

#[tokio::test]
async fn the_longest_durations_are_no_error() {
    let longest = Duration::MAX;
    let limits =
        Limits { grace: longest, header_timeout: longest, stall_timeout: longest, ..Limits::default() };
    let mut server = Server::with(limits).await;
    assert_eq!(status(&server.exchange(format!("{HELD}{REST}")).await), 200);
    assert_eq!(status(&server.get("/large?1000000").await), 200);
    server.stop();
    server.stopped().await;
    let mut delayed = Server::with(Limits { delay: longest, ..Limits::default() }).await;
    delayed.stop();
    assert_eq!(status(&delayed.stopping().await), 503);
    assert_eq!(status(&delayed.get("/").await), 200);
}
