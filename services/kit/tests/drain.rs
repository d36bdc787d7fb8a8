//! Stopping loses nothing that was in flight.

mod common;

use common::{HELD, NEVER, REST, Server, TEST_TIMEOUT, field, get, get_kept, json, status, timed, within};
use kit::Limits;
use std::time::{Duration, Instant};

#[tokio::test]
async fn five_hundred_requests_in_flight_are_all_answered() {
    let mut server = Server::with(Limits { grace: TEST_TIMEOUT, per_client: 1.0, ..Limits::default() }).await;
    let mut clients = Vec::new();
    for _ in 0..500 {
        let mut client = server.connect().await;
        client.send(HELD).await;
        clients.push(client);
    }
    server.in_flight(500).await;
    server.stop();
    server.stopping().await;
    for mut client in clients {
        client.send(REST).await;
        assert_eq!(status(&client.rest().await), 200);
    }
    server.stopped().await;
}

#[tokio::test]
async fn connections_in_the_kernels_queue_are_served() {
    use std::io::{Read, Write};
    let mut server = Server::start().await;
    // Blocking calls on the one thread: the server cannot run in between, so it has accepted none of them.
    let mut clients: Vec<std::net::TcpStream> = (0..300)
        .map(|_| {
            let mut client = std::net::TcpStream::connect(server.address).unwrap();
            client.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
            client.write_all(get("/").as_bytes()).unwrap();
            client
        })
        .collect();
    server.stop();
    server.stopped().await;
    for client in &mut clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(status(&answer), 200);
    }
}

#[tokio::test]
async fn a_request_on_its_way_on_a_kept_connection_is_answered_with_connection_close() {
    let answer = within(async {
        loop {
            let mut server = Server::start().await;
            let mut client = server.connect().await;
            client.send(get_kept("/")).await;
            client.until("hello\n").await;
            let stopped = Instant::now();
            server.stop();
            server.stopping().await;
            client.send(get_kept("/")).await;
            let sent = stopped.elapsed();
            let answer = client.rest().await;
            server.stopped().await;
            // Half a second it waits; when this machine took longer, that shows nothing.
            if !answer.is_empty() || sent < Duration::from_millis(450) {
                return answer;
            }
        }
    })
    .await;
    assert_eq!(status(&answer), 200);
    assert_eq!(field(&answer, "connection"), Some("close"));
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_drain() {
    let mut server = Server::start().await;
    let mut kept = server.connect().await;
    kept.send(get_kept("/")).await;
    kept.until("hello\n").await;
    let _silent = server.connect().await;
    server.stop();
    let took = timed(server.stopped()).await;
    assert!(took.awake < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn a_request_that_is_not_ready_when_the_grace_ends_gets_503() {
    let mut server = Server::with(Limits { grace: Duration::from_millis(300), ..Limits::default() }).await;
    let mut client = server.connect().await;
    client.send(HELD).await;
    server.in_flight(1).await;
    server.stop();
    let took = timed(server.stopped()).await;
    assert!(took.awake < Duration::from_secs(3), "{took:?}");
    let answer = client.rest().await;
    assert_eq!(status(&answer), 503);
    assert_eq!(field(&answer, "retry-after"), Some("1"));
}

#[tokio::test]
async fn during_the_delay_requests_are_served_and_ready_is_503() {
    let mut server = Server::with(Limits { delay: NEVER, ..Limits::default() }).await;
    assert_eq!(status(&server.ask_admin("/ready").await), 200);
    server.stop();
    let answer = server.stopping().await;
    assert_eq!(status(&answer), 503);
    assert_eq!(json(&answer)["reason"], "stopping");
    assert_eq!(status(&server.get("/").await), 200);
    assert_eq!(status(&server.ask_admin("/live").await), 200);
}

#[tokio::test]
async fn the_server_stops_after_the_delay() {
    let delay = Duration::from_millis(400);
    let mut server = Server::with(Limits { delay, ..Limits::default() }).await;
    server.stop();
    let took = timed(server.stopped()).await;
    assert!(took.clock >= delay && took.awake < delay * 5, "{took:?}");
}
