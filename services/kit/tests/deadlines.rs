//! A client that lets its turn pass is let go, whatever it was doing, and others do not notice.

mod common;

use common::{Server, get, get_kept, status, within};
use kit::Limits;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

const HEADER: Duration = Duration::from_millis(400);

async fn impatient() -> Server {
    Server::with(Limits { header_timeout: HEADER, stall_timeout: HEADER, ..Limits::default() }).await
}

/// How long after `begun` the server closes the connection.
async fn closed(client: &mut common::Client, begun: Instant) -> Duration {
    client.rest().await;
    begun.elapsed()
}

#[track_caller]
fn assert_in_time(took: Duration) {
    assert!(took > HEADER.mul_f32(0.9), "closed too early, after {took:?}");
    assert!(took < HEADER * 5, "closed too late, after {took:?}");
}

#[tokio::test]
async fn nothing_or_half_a_preface_or_half_a_header_is_not_waited_for() {
    let server = impatient().await;
    for sent in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let begun = Instant::now();
        let mut client = server.connect().await;
        client.send(sent).await;
        assert_in_time(closed(&mut client, begun).await);
    }
}

#[tokio::test]
async fn an_http2_client_that_opens_no_stream_is_not_waited_for() {
    let server = impatient().await;
    let begun = Instant::now();
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    let took = closed(&mut client, begun).await;
    assert!(took > HEADER.mul_f32(0.9) && took < HEADER * 5 + Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn an_http2_client_that_only_pings_is_not_waited_for() {
    let server = impatient().await;
    let begun = Instant::now();
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]).await;
    // The answers to so many are more than what counts as a move.
    let pings = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8].repeat(300);
    client.insist(&pings, HEADER / 8).await;
    let took = begun.elapsed();
    assert!(took > HEADER.mul_f32(0.9) && took < HEADER * 5 + Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_header_that_drips_has_one_deadline_in_all() {
    let server = impatient().await;
    let begun = Instant::now();
    let mut client = server.connect().await;
    let mut ticks = tokio::time::interval(HEADER / 8);
    let mut byte = [0];
    loop {
        ticks.tick().await;
        client.send("X").await;
        if let Ok(Ok(0) | Err(_)) = tokio::time::timeout(HEADER / 100, client.0.read(&mut byte)).await {
            break;
        }
        assert!(begun.elapsed() < HEADER * 5, "still open");
    }
    assert_in_time(begun.elapsed());
}

#[tokio::test]
async fn a_kept_connection_has_the_same_time_from_its_last_answer() {
    let server = impatient().await;
    let mut client = server.connect().await;
    client.send(get_kept("/slow?600")).await;
    client.until("at last\n").await;
    let begun = Instant::now();
    assert_in_time(closed(&mut client, begun).await);
}

#[tokio::test]
async fn work_is_no_silence() {
    let server = impatient().await;
    assert_eq!(status(&server.get("/slow?1000").await), 200);
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_let_go_and_its_answer_with_it() {
    let server = impatient().await;
    let mut client = server.connect().await;
    client.send(get("/large?100000000")).await;
    client.until("\r\n\r\n").await;
    // It is gone when the admin listener counts no connection, and only it held one.
    within(async {
        while !server.ask_admin("/metrics").await.contains("\nhttp_connections 0\n") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(client.rest().await.len() < 100_000_000);
}

#[tokio::test]
async fn a_reader_that_is_only_slow_gets_everything() {
    let server = impatient().await;
    let mut client = server.connect().await;
    client.send(get("/large?3000000")).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let (mut taken, mut buffer) = (0, vec![0; 64 * 1024]);
    loop {
        ticks.tick().await;
        match within(client.0.read(&mut buffer)).await.unwrap() {
            0 => break,
            length => taken += length,
        }
    }
    assert!(taken > 3_000_000, "{taken}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = impatient().await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").await;
    let answer = client.rest().await;
    assert_eq!(status(&answer), 400, "{answer}");
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
