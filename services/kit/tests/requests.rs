//! Requests as HTTP says: hosts, versions, methods, pipelines.

mod common;

use common::{Server, assert_problem, field, get_kept, status};

#[tokio::test]
async fn an_http_1_1_request_must_name_one_host() {
    let server = Server::start().await;
    for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: a/b\r\n", "Host: u@a\r\n"] {
        let answer = server.exchange(format!("GET / HTTP/1.1\r\n{hosts}\r\n")).await;
        assert_problem(&answer, 400, "bad-request");
        assert_eq!(field(&answer, "connection"), Some("close"));
    }
}

#[tokio::test]
async fn http_1_0_needs_no_host_and_ends_with_its_answer() {
    let server = Server::start().await;
    let answer = server.exchange("GET / HTTP/1.0\r\n\r\n").await;
    assert_eq!(status(&answer), 200);
    assert!(answer.ends_with("hello\n"), "{answer}");
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_gets_its_response() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send(get_kept("/slow")).await;
    client.0.shutdown().await.unwrap();
    assert_eq!(status(&client.rest().await), 200);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = Server::start().await;
    let answer = server.exchange("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&answer), 200);
    assert_eq!(field(&answer, "content-length"), Some("6"));
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn every_method_has_an_answer() {
    let server = Server::start().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "X"] {
        let answer =
            server.exchange(format!("{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        assert_problem(&answer, 405, "method-not-allowed");
        assert_eq!(field(&answer, "allow"), Some("GET, HEAD, OPTIONS"));
    }
    let answer = server.exchange("CONNECT a:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_problem(&answer, 405, "method-not-allowed");
    for target in ["/", "*"] {
        let answer = server
            .exchange(format!("OPTIONS {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
            .await;
        assert_eq!(status(&answer), 204);
        assert_eq!(field(&answer, "allow"), Some("GET, HEAD, OPTIONS"));
    }
}

#[tokio::test]
async fn the_service_finishes_every_response() {
    let server = Server::start().await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n", "a".repeat(9 * 1024));
    for (head, expected) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n", 200),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n", 200),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n", 204),
        ("GET / HTTP/1.1\r\n", 400),
        ("GET /nowhere HTTP/1.1\r\nHost: a\r\n", 404),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n", 405),
        (&long, 414),
        ("GET /panic HTTP/1.1\r\nHost: a\r\n", 500),
    ] {
        let answer = server.exchange(format!("{head}Connection: close\r\n\r\n")).await;
        assert_eq!((status(&answer), field(&answer, "x-finished")), (expected, Some("yes")), "{answer}");
    }
}

#[tokio::test]
async fn a_thousand_pipelined_requests_are_answered_in_order() {
    let server = Server::start().await;
    let ids = |number: usize| format!("GET /id HTTP/1.1\r\nHost: a\r\nX-Request-Id: {number}.\r\n\r\n");
    let mut requests: String = (0..1000).map(ids).collect();
    requests.push_str("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let answer = server.exchange(requests).await;
    let bodies: Vec<&str> =
        answer.split("\r\n\r\n").skip(1).map(|part| part.split("HTTP/").next().unwrap()).collect();
    let expected: Vec<String> = (0..1000).map(|number| format!("{number}.")).collect();
    assert_eq!(bodies[..1000], expected[..]);
}

#[tokio::test]
async fn a_body_is_read_where_a_route_takes_one() {
    let server = Server::start().await;
    let answer = server
        .exchange("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        .await;
    assert!(answer.ends_with("abc"), "{answer}");
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 100"));
    client.send("abc").await;
    assert!(client.rest().await.ends_with("abc"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400_and_one_that_is_too_large_413() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start().await;
    let post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
    for body in ["Transfer-Encoding: chunked\r\n\r\n3\r\nabcno chunk", "Content-Length: 3\r\n\r\nab"] {
        let mut client = server.connect().await;
        client.send(format!("{post}{body}")).await;
        client.0.shutdown().await.unwrap();
        assert_problem(&client.rest().await, 400, "bad-request");
    }
    // Nothing of it has to come for that.
    let announced = format!("{post}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", 1024 * 1024 + 1);
    assert_problem(&server.exchange(announced).await, 413, "content-too-large");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(17);
    let chunked = format!("{post}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n");
    assert_problem(&server.exchange(chunked).await, 413, "content-too-large");
}

#[tokio::test]
async fn a_request_id_is_accepted_or_made_and_in_every_answer() {
    let server = Server::start().await;
    let with = |id: &str| format!("GET /id HTTP/1.0\r\nX-Request-Id: {id}\r\n\r\n");
    let answer = server.exchange(with("from-the-caller_1")).await;
    assert_eq!(field(&answer, "x-request-id"), Some("from-the-caller_1"));
    assert!(answer.ends_with("\r\n\r\nfrom-the-caller_1"), "{answer}");
    let long = "x".repeat(129);
    for id in ["", "a b", "\u{e9}", &long, "a\r\nX-Request-Id: b"] {
        let answer = server.exchange(with(id)).await;
        let made = field(&answer, "x-request-id").unwrap();
        assert!(!made.is_empty() && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made:?} for {id:?}");
    }
    let (one, two) = (server.get("/nowhere").await, server.get("/nowhere").await);
    assert_problem(&one, 404, "not-found");
    assert_ne!(field(&one, "x-request-id"), field(&two, "x-request-id"));
}

#[tokio::test]
async fn a_panic_is_a_500_for_its_request_alone() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send(get_kept("/panic") + &common::get("/")).await;
    let answers = client.rest().await;
    assert_eq!(status(&answers), 500);
    assert!(answers.contains("\"internal\"") && answers.ends_with("hello\n"), "{answers}");
    assert!(!answers.contains("as asked"), "a cause leaked: {answers}");
    // An answer that has begun can only break off.
    let answer = server.get("/body-panic").await;
    assert!(!answer.contains("as asked"), "{answer}");
    assert_eq!(status(&server.get("/").await), 200);
}

#[tokio::test]
async fn a_head_response_has_a_length_only_where_gets_200_has_one() {
    let server = Server::start().await;
    for (path, length) in [
        ("/", Some("6")),
        ("/status?200", Some("0")),
        ("/status?204", None),
        ("/status?304", None),
        ("/pieces?2", None),
    ] {
        for method in ["HEAD", "GET"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            let answer = server.exchange(request).await;
            assert_eq!(field(&answer, "content-length"), length, "{method} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_connection_with_a_chunked_body_that_was_read_ends_regularly() {
    let server = Server::start().await;
    for close in ["Connection: close\r\n", ""] {
        let mut client = server.connect().await;
        let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\n{close}Transfer-Encoding: chunked\r\n\r\n");
        client.send(head + "3\r\nabc\r\n0\r\n\r\n").await;
        let answer = client.rest().await;
        assert_eq!((status(&answer), field(&answer, "connection")), (200, Some("close")), "{answer}");
        // The client keeps its side open: the server does not wait for it.
        server.metric("linkextractor_http_connections 0").await;
    }
    server.metric(r#"linkextractor_http_connections_closed_total{reason="regular"} 2"#).await;
}
