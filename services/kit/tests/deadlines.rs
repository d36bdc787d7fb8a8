//! A client that lets its turn pass is let go, whatever it was doing, and others do not notice.

mod common;

use common::{NEVER, Server, Took, assert_problem, get, get_kept, status, timed, within};
use kit::Limits;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// The time limit that is tested; no other one comes to pass.
const LIMIT: Duration = Duration::from_millis(400);
/// What a closing connection is given besides.
const GOODBYE: Duration = Duration::from_secs(1);

/// Wants headers in time.
async fn impatient() -> Server {
    Server::with(Limits { header_timeout: LIMIT, stall_timeout: NEVER, ..Limits::default() }).await
}

/// Wants answers taken, and bodies sent, in time.
async fn impatient_in_the_middle(limit: Duration) -> Server {
    Server::with(Limits { header_timeout: NEVER, stall_timeout: limit, ..Limits::default() }).await
}

#[track_caller]
fn assert_in_time(took: Took) {
    assert!(took.clock > LIMIT.mul_f32(0.9), "closed too early, after {took:?}");
    assert!(took.awake < LIMIT * 5, "closed too late, after {took:?}");
}

#[tokio::test]
async fn nothing_or_half_a_preface_or_half_a_header_is_not_waited_for() {
    let server = impatient().await;
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
async fn an_http2_client_that_opens_no_stream_is_not_waited_for() {
    let server = impatient().await;
    let idle = timed(async {
        let mut client = server.connect().await;
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        client.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
        client.rest().await;
    });
    let took = idle.await;
    assert!(took.clock > LIMIT.mul_f32(0.9) && took.awake < LIMIT * 5 + GOODBYE, "{took:?}");
}

#[tokio::test]
async fn an_http2_client_that_only_pings_is_not_waited_for() {
    let server = impatient().await;
    let pinging = timed(async {
        let mut client = server.connect().await;
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        client.send([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]).await;
        // The answers to so many are more than what counts as a move.
        let pings = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8].repeat(300);
        client.insist(&pings, LIMIT / 8).await;
    });
    let took = pinging.await;
    assert!(took.clock > LIMIT.mul_f32(0.9) && took.awake < LIMIT * 5 + GOODBYE, "{took:?}");
}

#[tokio::test]
async fn a_header_that_drips_has_one_deadline_in_all() {
    let server = impatient().await;
    let dripping = timed(async {
        let mut client = server.connect().await;
        client.insist(b"X", LIMIT / 8).await;
    });
    assert_in_time(dripping.await);
}

#[tokio::test]
async fn a_kept_connection_has_the_same_time_from_its_last_answer() {
    let server = impatient().await;
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
async fn work_is_no_silence() {
    let limits = Limits { header_timeout: LIMIT, stall_timeout: LIMIT, ..Limits::default() };
    let server = Server::with(limits).await;
    assert_eq!(status(&server.get("/slow?1000").await), 200);
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_let_go_and_its_answer_with_it() {
    let server = impatient_in_the_middle(LIMIT).await;
    let mut client = server.connect().await;
    client.send(get("/large?100000000")).await;
    client.until("\r\n\r\n").await;
    // It is gone when the admin listener counts no connection, and only it held one.
    server.figure("http_connections 0").await;
    assert!(client.rest().await.len() < 100_000_000);
}

#[tokio::test]
async fn a_reader_that_is_only_slow_gets_everything() {
    // A machine that stalls for so long makes the client slower than it is.
    let limit = Duration::from_secs(8);
    let server = impatient_in_the_middle(limit).await;
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
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = impatient_in_the_middle(NEVER).await;
    let mut client = server.connect().await;
    client.send("POST /echo?400 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").await;
    assert_problem(&client.rest().await, 408, "request-timeout");
}

#[tokio::test]
async fn a_thousand_silent_clients_disturb_nobody() {
    let server = Server::start().await;
    let mut silent = Vec::new();
    for _ in 0..1000 {
        silent.push(server.connect().await);
    }
    for _ in 0..100 {
        assert_eq!(status(&server.get("/").await), 200);
    }
}
