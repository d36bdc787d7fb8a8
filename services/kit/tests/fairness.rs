//! One client can hold a share of what all compete for.

mod common;

use common::{Client, HELD, NEVER, REST, Server, assert_problem, get, status};
use kit::Limits;

/// A request that is in work for as long as the test runs.
const SLOW: &str = "/slow?3600000";
/// A request that waits for another one as long.
const WAITING: &str = "/waiting?3600000";

/// No permit becomes free by a timeout.
async fn server(requests: usize, per_client: f64) -> Server {
    let limits =
        Limits { requests, per_client, header_timeout: NEVER, stall_timeout: NEVER, ..Limits::default() };
    // As a client, it only looks at the metrics.
    Server::trusting(&["127.0.0.9"], limits).await
}

/// `count` requests from 127.0.0.`host`, which are in work when this returns.
async fn in_work(server: &Server, host: u8, path: &str, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = server.connect_from(host).await;
        client.send(get(path)).await;
        clients.push(client);
    }
    clients
}

/// The answer to GET `path` from 127.0.0.`host`.
async fn answer(server: &Server, host: u8, path: &str) -> String {
    let mut client = server.connect_from(host).await;
    client.send(get(path)).await;
    client.rest().await
}

#[tokio::test]
async fn a_client_holds_at_most_its_share_of_the_requests_in_work() {
    let server = server(8, 0.5).await;
    let _held = in_work(&server, 2, SLOW, 4).await;
    server.in_flight(4).await;
    assert_problem(&answer(&server, 2, "/").await, 503, "overloaded");
    let _other = in_work(&server, 3, SLOW, 3).await;
    server.in_flight(7).await;
    assert_eq!(status(&answer(&server, 3, "/").await), 200);
    assert_eq!(status(&answer(&server, 4, "/").await), 200);
}

#[tokio::test]
async fn a_share_is_free_again_when_its_requests_are_over() {
    let server = server(2, 0.5).await;
    let mut held = server.connect_from(2).await;
    held.send(HELD).await;
    server.in_flight(1).await;
    assert_problem(&answer(&server, 2, "/").await, 503, "overloaded");
    held.send(REST).await;
    assert_eq!(status(&held.rest().await), 200);
    assert_eq!(status(&answer(&server, 2, "/").await), 200);
}

#[tokio::test]
async fn a_share_of_one_is_no_limit() {
    let server = server(4, 1.0).await;
    let _held = in_work(&server, 2, SLOW, 3).await;
    server.in_flight(3).await;
    assert_eq!(status(&answer(&server, 2, "/").await), 200);
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_have_a_share_each() {
    let server = server(4, 0.5).await;
    let through_proxy = async |client: &str, path: &str| {
        let mut proxy = server.connect_from(9).await;
        proxy
            .send(format!(
                "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: {client}\r\n\r\n"
            ))
            .await;
        proxy
    };
    let _held = [through_proxy("2001:db8::1", SLOW).await, through_proxy("2001:db8::2", SLOW).await];
    server.in_flight(2).await;
    // Another address of the same network.
    assert_problem(&through_proxy("2001:db8::3", "/").await.rest().await, 503, "overloaded");
    assert_eq!(status(&through_proxy("2001:db8:0:1::1", "/").await.rest().await), 200);
    // An address that the client itself claims is not believed.
    assert_eq!(status(&through_proxy("2001:db8::1, 192.0.2.1", "/").await.rest().await), 200);
    assert_problem(&through_proxy("192.0.2.1, 2001:db8::1", "/").await.rest().await, 503, "overloaded");
}

#[tokio::test]
async fn a_client_holds_at_most_its_share_of_the_uploads() {
    // Two bodies at once.
    let server = server(4, 0.5).await;
    let mut held = server.connect_from(2).await;
    held.send(HELD).await;
    server.in_flight(1).await;
    let mut second = server.connect_from(2).await;
    second.send(HELD).await;
    assert_problem(&second.rest().await, 503, "overloaded");
    let mut other = server.connect_from(3).await;
    other.send(format!("{HELD}{REST}")).await;
    assert_eq!(status(&other.rest().await), 200);
}

#[tokio::test]
async fn requests_that_wait_for_another_do_not_count_until_as_many_wait_as_may_be_in_work() {
    let server = server(4, 0.5).await;
    let _waiting = in_work(&server, 2, WAITING, 4).await;
    server.in_flight(4).await;
    assert_eq!(status(&answer(&server, 2, "/").await), 200);
    // One client cannot take more than its share beyond that.
    let _more = in_work(&server, 2, WAITING, 2).await;
    server.in_flight(6).await;
    assert_problem(&answer(&server, 2, "/").await, 503, "overloaded");
    assert_eq!(status(&answer(&server, 3, "/").await), 200);
}

#[tokio::test]
async fn streams_that_go_on_after_a_pause_get_no_more_than_their_client_s_share() {
    let server = server(4, 0.5).await;
    // Responses that begin at once, and whose source then has nothing.
    let begin = async |host| {
        let mut client = server.connect_from(host).await;
        let chunked = "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
        client.send(chunked).await;
        client
    };
    let mut first = begin(2).await;
    first.until("\r\none\r\n").await;
    let _held = in_work(&server, 2, SLOW, 1).await;
    server.in_flight(2).await;
    assert_problem(&answer(&server, 2, "/").await, 503, "overloaded");
    assert_eq!(status(&answer(&server, 3, "/").await), 200);
    first.send("0\r\n\r\n").await;
    first.until("0\r\n\r\n").await;
    assert_eq!(status(&answer(&server, 2, "/").await), 200);
}
