//! Malformed and ambiguous requests are refused, and what follows them on the connection is not read as a request.

mod common;

use common::{Server, assert_problem, field, status, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

/// A request with these lines after the first, and a second one behind it that must not be answered.
fn smuggled(lines: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[tokio::test]
async fn a_body_with_two_lengths_is_refused_and_nothing_is_smuggled() {
    let server = Server::start().await;
    for lines in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "transfer-encoding: chunked\r\nCONTENT-LENGTH: 0",
    ] {
        let answer = server.exchange(smuggled(lines)).await;
        assert_problem(&answer, 400, "bad-request");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_body_does_not_count_as_the_next_header() {
    let server = Server::start().await;
    let fields = "POST /echo HTTP/1.1\r\nHost: a\r\n";
    // As one sender's length behind a proxy would spoil another's request.
    for first in ["Content-Length: 3\n", "\r\n\r\n"] {
        let length = first.len();
        let first = format!("{fields}Content-Length: {length}\r\n\r\n{first}");
        let answers = server
            .exchange(format!(
                "{first}{fields}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ))
            .await;
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
        let answers =
            server.exchange(first + &smuggled("Content-Length: 4\r\nTransfer-Encoding: chunked")).await;
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
        assert_eq!(answers.matches("HTTP/1.1 400").count(), 1, "{answers}");
    }
}

#[tokio::test]
async fn lengths_and_codings_that_say_nothing_clear_are_refused() {
    let server = Server::start().await;
    for lines in [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 4",
        "Content-Length: +4",
        "Content-Length: -4",
        "Content-Length: 0x4",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
    ] {
        let answer = server.exchange(smuggled(lines)).await;
        assert_eq!(status(&answer), 400, "{lines}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{lines}: {answer}");
    }
}

#[tokio::test]
async fn lines_that_are_no_header_are_refused() {
    let server = Server::start().await;
    for line in ["X : a", "X: a\r\n b", "X: a\0b", "X: a\x01b", "X: a\rb", ": a", "X"] {
        let answer = server.exchange(format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n")).await;
        assert_eq!(status(&answer), 400, "{line:?}: {answer}");
    }
}

#[tokio::test]
async fn first_lines_that_are_no_request_are_refused() {
    let server = Server::start().await;
    for line in [
        "GET /\0 HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /<a> HTTP/1.1",
        "G(T / HTTP/1.1",
        "GET / HTTP/3.0",
        "GET /",
        "GET foo HTTP/1.1",
        "GET * HTTP/1.1",
        "\u{16}\u{3}\u{1}",
    ] {
        let answer = server.exchange(format!("{line}\r\nHost: a\r\n\r\n")).await;
        assert_eq!(status(&answer), 400, "{line:?}: {answer}");
    }
}

#[tokio::test]
async fn a_header_that_is_too_large_is_refused_even_if_the_client_goes_on_sending() {
    let server = Server::start().await;
    for length in [17 * 1024, 100 * 1024, 1024 * 1024] {
        let long = "a".repeat(length);
        let answer = unhurt(&server, &format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n")).await;
        assert_eq!(status(&answer), 431, "a header of {length} bytes: {answer}");
        let answer = unhurt(&server, &format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(status(&answer), 431, "a target of {length} bytes: {answer}");
    }
    let fields = "X: a\r\n".repeat(10_000);
    assert_eq!(status(&unhurt(&server, &format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await), 431);
}

/// The answer to `request`, for a client that sends all of it first, and takes a reset for a failure.
async fn unhurt(server: &Server, request: &str) -> String {
    let socket = TcpSocket::new_v4().expect("a socket");
    // Else the kernel takes all of it, whatever the server does.
    socket.set_send_buffer_size(16 * 1024).expect("a small buffer");
    let mut client = socket.connect(server.address).await.expect("a connection");
    within(client.write_all(request.as_bytes())).await.expect("the server must let it finish");
    let mut answer = String::new();
    within(client.read_to_string(&mut answer)).await.expect("the server must not reset the connection");
    answer
}

#[tokio::test]
async fn a_target_may_have_8_kib() {
    let server = Server::start().await;
    let longest = format!("/?{}", "a".repeat(8 * 1024 - 2));
    assert_eq!(status(&server.get(&longest).await), 200);
    assert_problem(&server.get(&format!("{longest}a")).await, 414, "url-too-long");
}

#[tokio::test]
async fn a_header_may_have_nearly_16_kib() {
    let server = Server::start().await;
    let long = "a".repeat(15 * 1024);
    let answer = server.exchange(format!("GET / HTTP/1.0\r\nX: {long}\r\n\r\n")).await;
    assert_eq!(status(&answer), 200, "{answer}");
}

#[tokio::test]
async fn a_request_whose_body_no_route_reads_is_answered_at_once() {
    let server = Server::start().await;
    let answer = server.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 400\r\n\r\nab").await;
    assert_problem(&answer, 405, "method-not-allowed");
    assert_eq!(field(&answer, "allow"), Some("GET, HEAD, OPTIONS"));
    let body = "a".repeat(2 * 1024 * 1024);
    let length = body.len();
    let request = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}");
    let answer = unhurt(&server, &request).await;
    assert_problem(&answer, 405, "method-not-allowed");
}
