//! Requests that are malformed or ambiguous are refused, and the connection closed.
//!
//! The full tables are in `services/kit/tests/malformed.rs`; here is a row for each kind, on both programs.

use super::{
    Server::{Api, Web},
    Servers, assert_own, shown,
};

#[tokio::test]
async fn malformed_requests_are_refused_and_the_connection_closed() {
    let servers = Servers::start().await;
    let long = "a".repeat(1024 * 1024);
    let header = |line: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n");
    let target = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let rows = [
        (header(&format!("X: {long}")), 431),
        (header(&"X: a\r\n".repeat(101)), 431),
        (target(&format!("/{long}")), 431),
        (header("Host : a"), 400),
        (header("X: a\r\n folded"), 400),
        (header("X: a\x7fb"), 400),
        (target("/a b"), 400),
        (target(""), 400),
        ("GET /\r\n\r\n".to_owned(), 400),
        (header("Content-Length: 4, 5"), 400),
        (header("Transfer-Encoding: chunked, gzip"), 400),
    ];
    for (request, status) in rows {
        for server in [Api, Web] {
            let answer = servers.refused(server, request.as_bytes()).await;
            let what = shown(request.as_bytes());
            // hyper answers these itself, without a body.
            assert_eq!((answer.status.as_u16(), answer.body.len()), (status, 0), "{server:?}: {what}");
        }
    }
}

#[tokio::test]
async fn ambiguous_requests_are_400_in_the_servers_own_form_and_the_connection_closed() {
    let servers = Servers::start().await;
    let first = "POST /api HTTP/1.1\r\nHost: a\r\n";
    let rows = [
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n".to_owned(),
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        format!("{first}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ];
    for request in rows {
        for server in [Api, Web] {
            let answer = servers.refused(server, request.as_bytes()).await;
            let what = format!("{server:?}: {}", shown(request.as_bytes()));
            assert_eq!(answer.status, 400, "{what}");
            assert_eq!(answer.header("connection"), "close", "{what}");
            assert_own(server, &answer, &what);
        }
    }
}
