//! Clients that keep their connection waiting are disconnected, and others do not notice.

mod common;

use common::{NEVER, Server, Took, assert_problem, get, get_kept, status, timed, within};
use kit::Limits;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// The time limit that is tested; no other one comes to pass.
const LIMIT: Duration = Duration::from_millis(400);
/// What a closing connection is given besides.
const CLOSE: Duration = Duration::from_secs(1);

async fn with_header_timeout() -> Server {
    Server::with(Limits { header_timeout: LIMIT, stall_timeout: NEVER, ..Limits::default() }).await
}

async fn with_stall_timeout(limit: Duration) -> Server {
    Server::with(Limits { header_timeout: NEVER, stall_timeout: limit, ..Limits::default() }).await
}

#[track_caller]
fn assert_in_time(took: Took) {
    assert!(took.clock > LIMIT.mul_f32(0.9), "closed too early, after {took:?}");
    assert!(took.awake < LIMIT * 5, "closed too late, after {took:?}");
}

#[tokio::test]
async fn a_connection_without_a_complete_header_is_closed_after_the_header_timeout() {
    let server = with_header_timeout().await;
    for sent in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let silent = timed(async {
            let mut client = server.connect().await;
            client.send(sent).await;
            client.rest().await;
        });
        assert_in_time(silent.await);
    }
}

#[tokio::test]
async fn an_http2_connection_without_a_stream_is_closed_after_the_header_timeout() {
    let server = with_header_timeout().await;
    let idle = timed(async {
        let mut client = server.connect().await;
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        client.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
        client.rest().await;
    });
    let took = idle.await;
    assert!(took.clock > LIMIT.mul_f32(0.9) && took.awake < LIMIT * 5 + CLOSE, "{took:?}");
}

#[tokio::test]
async fn an_http2_connection_with_only_pings_is_closed_after_the_header_timeout() {
    let server = with_header_timeout().await;
    let pinging = timed(async {
        let mut client = server.connect().await;
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        client.send([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]).await;
        // The answers to so many are more than what counts as a move.
        let pings = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8].repeat(300);
        client.insist(&pings, LIMIT / 8).await;
    });
    let took = pinging.await;
    assert!(took.clock > LIMIT.mul_f32(0.9) && took.awake < LIMIT * 5 + CLOSE, "{took:?}");
}

#[tokio::test]
async fn a_header_that_arrives_byte_by_byte_has_one_deadline() {
    let server = with_header_timeout().await;
    let dripping = timed(async {
        let mut client = server.connect().await;
        client.insist(b"X", LIMIT / 8).await;
    });
    assert_in_time(dripping.await);
}

#[tokio::test]
async fn the_header_timeout_of_a_kept_connection_begins_with_its_last_response() {
    let server = with_header_timeout().await;
    let mut client = server.connect().await;
    let answered = timed(async {
        client.send(get_kept("/slow?600")).await;
        client.until("at last\n").await;
    });
    let answered = answered.await;
    let Took { clock, awake } = timed(async { drop(client.rest().await) }).await;
    // The answer came after 600 ms at least; when exactly, the server knows.
    let clock = (answered.clock + clock).saturating_sub(Duration::from_millis(600));
    assert_in_time(Took { clock, awake });
}

#[tokio::test]
async fn no_timeout_runs_while_the_service_works() {
    let limits = Limits { header_timeout: LIMIT, stall_timeout: LIMIT, ..Limits::default() };
    let server = Server::with(limits).await;
    assert_eq!(status(&server.get("/slow?1000").await), 200);
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_disconnected() {
    let server = with_stall_timeout(LIMIT).await;
    let mut client = server.connect().await;
    client.send(get("/large?100000000")).await;
    client.until("\r\n\r\n").await;
    // It is gone when the admin listener counts no connection, and only it held one.
    server.metric("linkextractor_http_connections 0").await;
    assert!(client.rest().await.len() < 100_000_000);
}

#[tokio::test]
async fn a_slow_reader_that_makes_progress_gets_the_whole_response() {
    // A machine that stalls for so long makes the client slower than it is.
    let limit = Duration::from_secs(8);
    let server = with_stall_timeout(limit).await;
    let mut client = server.connect().await;
    client.send(get("/large?3000000")).await;
    let (mut taken, mut buffer) = (0, vec![0; 64 * 1024]);
    let reading = timed(within(async {
        while let length @ 1.. = client.0.read(&mut buffer).await.unwrap() {
            taken += length;
            tokio::time::sleep(limit / 40).await;
        }
    }));
    let took = reading.await;
    assert!(taken > 3_000_000 && took.clock > limit, "{taken} bytes in {took:?}");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_gets_408() {
    let server = with_stall_timeout(NEVER).await;
    let mut client = server.connect().await;
    client.send("POST /echo?400 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").await;
    assert_problem(&client.rest().await, 408, "request-timeout");
}

#[tokio::test]
async fn a_thousand_silent_clients_do_not_delay_others() {
    let server = Server::start().await;
    let mut silent = Vec::new();
    for _ in 0..1000 {
        silent.push(server.connect().await);
    }
    for _ in 0..100 {
        assert_eq!(status(&server.get("/").await), 200);
    }
}
