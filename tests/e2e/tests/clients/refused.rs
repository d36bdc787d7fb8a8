//! What cannot be read, or in two ways: refused, and nothing after it believed.

use super::{
    Server::{Api, Web},
    Servers, assert_own, shown,
};

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_the_connection_closed() {
    let servers = Servers::start().await;
    let long = "a".repeat(1024 * 1024);
    let header = |line: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n");
    let target = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let rows = [
        (header(&format!("X: {long}")), 431),
        (header(&"X: a\r\n".repeat(101)), 431),
        (target(&format!("/{long}")), 431),
        (header("X : a"), 400),
        (header("Host : a"), 400),
        (header("X: a\r\n folded"), 400),
        (header("X: a\0b"), 400),
        (header("X: a\x01b"), 400),
        (header("X: a\x7fb"), 400),
        (header("X: a\rb"), 400),
        (header(": a"), 400),
        (target("/\0"), 400),
        (target("/a b"), 400),
        (target("/<a>"), 400),
        (target(""), 400),
        ("GET /\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/3.0\r\nHost: a\r\n\r\n".to_owned(), 400),
        ("\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n".to_owned(), 400),
        (header("Content-Length: 4\r\nContent-Length: 5"), 400),
        (header("Content-Length: 4, 5"), 400),
        (header("Content-Length: +4"), 400),
        (header("Transfer-Encoding: chunked, gzip"), 400),
        (header("Transfer-Encoding: xchunked"), 400),
    ];
    for (request, status) in rows {
        for server in [Api, Web] {
            let answer = servers.refused(server, request.as_bytes()).await;
            let what = shown(request.as_bytes());
            // hyper itself answers these, with nothing in them.
            assert_eq!((answer.status.as_u16(), answer.body.len()), (status, 0), "{server:?}: {what}");
        }
    }
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_or_names_no_host_is_refused_and_the_connection_closed() {
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
        format!("{first}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
        format!("{first}transfer-encoding: chunked\r\nCONTENT-LENGTH: 0\r\n\r\n0\r\n\r\n"),
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
