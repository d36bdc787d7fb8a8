//! Idle connections are kept for the next request, however it arrives.

mod common;

use common::{Client, Server, get, get_kept, status};
use std::time::Duration;

/// Between two requests, or two pieces of one.
const PAUSE: Duration = Duration::from_millis(400);

/// A client that has had its first answer.
async fn answered() -> (Server, Client) {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send(get_kept("/")).await;
    client.until("hello\n").await;
    (server, client)
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_the_next_request() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.send(get_kept("/")).await;
        client.until("hello\n").await;
        tokio::time::sleep(PAUSE).await;
    }
    client.send(get("/")).await;
    assert_eq!(status(&client.rest().await), 200);
}

#[tokio::test]
async fn a_header_may_arrive_in_pieces() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    // The first piece comes with the request before it, the last one with the request after it.
    let request =
        get_kept("/echo").replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 6\r\n\r\npieces");
    let (first, rest) = request.split_at(9);
    let (second, third) = rest.split_at(20);
    for piece in [get_kept("/") + first, second.to_owned(), third.to_owned() + &get("/")] {
        client.send(piece).await;
        tokio::time::sleep(PAUSE).await;
    }
    let answers = client.rest().await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3, "{answers}");
    assert!(answers.contains("pieces"), "{answers}");
}

#[tokio::test]
async fn a_header_with_two_lengths_that_arrives_in_pieces_is_refused() {
    let (_server, mut client) = answered().await;
    for piece in
        ["POST / HTTP/1.1\r\nHost: a\r\nContent-", "Length: 3\r\nTransfer-Enc", "oding: chunked\r\n\r\n"]
    {
        client.send(piece).await;
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(status(&client.rest().await), 400);
}

#[tokio::test]
async fn a_connection_cannot_change_from_http_1_to_http_2() {
    let (_server, mut client) = answered().await;
    tokio::time::sleep(PAUSE).await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(client.rest().await, "", "no answer, and no SETTINGS");
}

#[tokio::test]
async fn an_idle_connection_that_its_client_closes_is_closed() {
    let (server, client) = answered().await;
    tokio::time::sleep(PAUSE).await;
    drop(client);
    server.metric("linkextractor_http_connections 0").await;
}

#[tokio::test]
async fn a_slow_response_and_a_large_one_arrive_whole_on_a_kept_connection() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send(get_kept("/slow?500")).await;
    client.until("at last\n").await;
    client.send(get("/large?8000000")).await;
    tokio::time::sleep(PAUSE).await;
    assert!(client.rest().await.len() > 8_000_000);
}
