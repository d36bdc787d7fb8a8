//! The client of a request is its peer, or what trusted proxies report.

mod common;

use common::{Server, body};
use kit::Limits;

/// The client that a server sees which trusts `proxies`, for a request from 127.0.0.`host` with the header `fields`.
async fn client(proxies: &[&str], host: u8, fields: &str) -> String {
    let server = Server::trusting(proxies, Limits::default()).await;
    let mut client = server.connect_from(host).await;
    client.send(format!("GET /client HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n")).await;
    body(&client.rest().await).to_owned()
}

#[tokio::test]
async fn a_client_cannot_claim_another_address() {
    let forged = "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n";
    assert_eq!(client(&[], 2, forged).await, "127.0.0.2");
    assert_eq!(client(&["127.0.0.1", "10.0.0.0/8"], 2, forged).await, "127.0.0.2");
    // Through a proxy that adds what it sees.
    for forged in
        ["X-Forwarded-For: 192.0.2.1, 198.51.100.7\r\n", "Forwarded: for=192.0.2.1, for=198.51.100.7\r\n"]
    {
        assert_eq!(client(&["127.0.0.2"], 2, forged).await, "198.51.100.7");
    }
}

#[tokio::test]
async fn the_first_untrusted_hop_from_the_right_is_the_client() {
    let proxies = ["127.0.0.0/8", "2001:db8::/32", "::ffff:10.0.0.0/104"];
    for (fields, expected) in [
        ("", "127.0.0.2"),
        ("X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
        ("X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\nX-Forwarded-For: 2001:db8::1, 10.1.2.3\r\n", "192.0.2.2"),
        ("Forwarded: for=192.0.2.1, for=\"[2001:db9::1]:80\", for=\"[2001:db8::1]\"\r\n", "2001:db9::1"),
        ("X-Forwarded-For: ::ffff:192.0.2.1\r\n", "192.0.2.1"),
        // All are trusted: the first hop.
        ("X-Forwarded-For: 10.1.2.3, 10.1.2.4\r\n", "10.1.2.3"),
        // What is no address ends the reading.
        ("X-Forwarded-For: 192.0.2.1, unknown, 10.1.2.3\r\n", "10.1.2.3"),
        ("Forwarded: for=192.0.2.1, for=_hidden\r\n", "127.0.0.2"),
    ] {
        assert_eq!(client(&proxies, 2, fields).await, expected, "{fields}");
    }
}

#[tokio::test]
async fn fields_that_disagree_are_not_believed() {
    let both = |one: &str, other: &str| format!("X-Forwarded-For: {one}\r\nForwarded: for={other}\r\n");
    assert_eq!(client(&["127.0.0.2"], 2, &both("192.0.2.1", "192.0.2.2")).await, "127.0.0.2");
    assert_eq!(client(&["127.0.0.2"], 2, &both("192.0.2.1", "192.0.2.1")).await, "192.0.2.1");
}
