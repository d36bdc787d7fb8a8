//! HTTP/2 without TLS, and its own ways to overload a server.

#![expect(clippy::unwrap_used, reason = "tests may, helpers of tests included")]

mod common;

use common::{
    Client, NEVER, Server,
    frames::{PREFACE, frame, headers},
    status, timed, within,
};
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::time::Duration;
use tokio::{io::AsyncReadExt, net::TcpStream};

type Requests = hyper::client::conn::http2::SendRequest<kit::Body>;

async fn connect(server: &Server) -> Requests {
    let stream = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let (requests, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    requests
}

fn request(path: &str) -> http::Request<kit::Body> {
    http::Request::get(format!("http://test{path}")).body(kit::empty()).unwrap()
}

#[tokio::test]
async fn many_requests_at_once_on_one_http2_connection_are_answered() {
    let server = Server::start().await;
    let requests = connect(&server).await;
    let answers = (0..50).map(|_| {
        let mut requests = requests.clone();
        async move {
            let answer = within(requests.send_request(request("/slow?300"))).await.unwrap();
            assert_eq!(answer.status(), 200);
            assert!(answer.headers().contains_key("x-request-id"));
            within(answer.into_body().collect()).await.unwrap().to_bytes()
        }
    });
    for body in futures_util::future::join_all(answers).await {
        assert_eq!(body, "at last\n");
    }
}

#[tokio::test]
async fn a_request_that_its_client_gives_up_is_counted_with_its_route() {
    let server = Server::start().await;
    let mut requests = connect(&server).await;
    let answer = tokio::spawn(async move { requests.send_request(request("/slow?60000")).await });
    server.in_flight(1).await;
    answer.abort();
    server.metric(r#"linkextractor_http_requests_total{method="GET",route="/slow",status="0"} 1"#).await;
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    let server = Server::start().await;
    let answer = within(connect(&server).await.send_request(request("/large?5000000"))).await.unwrap();
    assert_eq!(within(answer.into_body().collect()).await.unwrap().to_bytes().len(), 5_000_000);
}

#[tokio::test]
async fn an_http2_head_response_keeps_the_length() {
    let server = Server::start().await;
    let mut head = request("/");
    *head.method_mut() = http::Method::HEAD;
    let answer = within(connect(&server).await.send_request(head)).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "6");
    assert!(within(answer.into_body().collect()).await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn a_head_response_has_no_length_where_gets_200_has_none() {
    let server = Server::start().await;
    for path in ["/status?204", "/status?304", "/pieces?2"] {
        for method in [http::Method::HEAD, http::Method::GET] {
            let mut request = request(path);
            *request.method_mut() = method.clone();
            let answer = within(connect(&server).await.send_request(request)).await.unwrap();
            assert_eq!(answer.headers().get("content-length"), None, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_request_in_flight_is_answered_after_goaway() {
    let mut server = Server::start().await;
    let mut requests = connect(&server).await;
    let (rest, comes) = tokio::sync::oneshot::channel::<&[u8]>();
    let body = stream::once(async { Ok::<_, kit::BoxError>(Frame::data(comes.await?.into())) });
    let held = http::Request::post("http://test/echo").body(kit::boxed(StreamBody::new(body))).unwrap();
    let answer = tokio::spawn(requests.send_request(held));
    server.in_flight(1).await;
    server.stop();
    server.stopping().await;
    rest.send(b"the rest").unwrap();
    let answer = within(answer).await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(within(answer.into_body().collect()).await.unwrap().to_bytes(), "the rest");
    server.stopped().await;
}

#[tokio::test]
async fn a_header_list_over_16_kib_is_431() {
    let server = Server::start().await;
    let mut large = request("/");
    large.headers_mut().insert("x", "a".repeat(17 * 1024).parse().unwrap());
    let answer = within(connect(&server).await.send_request(large)).await;
    // Either the status, or the client keeps to the limit in SETTINGS.
    assert!(answer.as_ref().is_err() || answer.as_ref().unwrap().status() == 431, "{answer:?}");
    assert_eq!(status(&server.get("/").await), 200);
}

#[tokio::test]
async fn floods_end_their_connection_and_nothing_else() {
    let server = Server::start().await;
    let rapid_reset: Vec<u8> = (0..20_000)
        .flat_map(|n| [headers(2 * n + 1), frame(3, 0, 2 * n + 1, &[0, 0, 0, 8])].concat())
        .collect();
    let mut continuations = frame(1, 0b1, 1, &[0x82, 0x84, 0x86, 0x41, 1, b'a']);
    let field = [&[0x40, 1, b'x', 0x7f, 0x81, 0x1f][..], &[b'y'; 4096]].concat();
    for _ in 0..200 {
        continuations.extend(frame(9, 0, 1, &field));
    }
    let zero_length: Vec<u8> = (0..50_000).flat_map(|_| frame(9, 0, 1, &[])).collect();
    let empty = [frame(1, 0b1, 1, &[0x82]), zero_length].concat();
    let garbage = frame(0xff, 0xff, 0x7fff_ffff, &[0; 9000]);
    let pings = frame(6, 0, 0, &[7; 8]).repeat(20_000);
    let settings = frame(4, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]).repeat(20_000);
    for flood in [rapid_reset, continuations, empty, garbage, pings, settings] {
        let mut client = server.connect().await;
        client.send(PREFACE).await;
        client.send(flood).await;
        client.send(frame(6, 0, 3, &[0; 8])).await; // PING on a stream: an error in any case
        client.rest().await;
        assert_eq!(status(&server.get("/").await), 200);
    }
}

#[tokio::test]
async fn no_more_than_100_streams_are_open_at_once() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send(PREFACE).await;
    // The server's SETTINGS say so.
    let mut head = [0; 9];
    within(client.0.read_exact(&mut head)).await.unwrap();
    assert_eq!(head[3], 4, "SETTINGS come first");
    let mut settings = vec![0; usize::from(head[2])];
    within(client.0.read_exact(&mut settings)).await.unwrap();
    let streams = settings.chunks(6).find(|setting| setting[1] == 3).unwrap();
    assert_eq!(streams[2..], 100_u32.to_be_bytes());
}

const STALL: Duration = Duration::from_millis(500);

/// Wants answers taken in time.
async fn with_stall_timeout(stall_timeout: Duration) -> Server {
    Server::with(kit::Limits { header_timeout: NEVER, stall_timeout, ..kit::Limits::default() }).await
}

/// A client with two answers on their way, and no window for either: one that ends with its first frame, and one that
/// waits for the client in the middle.
async fn without_window() -> (Server, Client) {
    let server = with_stall_timeout(STALL).await;
    let mut client = server.connect().await;
    client.send(PREFACE).await;
    client.send(frame(4, 0, 0, &[0, 4, 0, 0, 0, 0])).await; // SETTINGS_INITIAL_WINDOW_SIZE = 0
    client.send(headers(1)).await;
    let path = b"/large?100000000";
    let large = [&[0x82, 0x86, 0x41, 1, b'a', 0x04, 16][..], path].concat();
    client.send(frame(1, 0b101, 3, &large)).await;
    (server, client)
}

#[tokio::test]
async fn a_client_that_opens_no_window_is_disconnected() {
    let (server, mut client) = without_window().await;
    client.rest().await;
    server.metric("linkextractor_http_connections 0").await;
}

#[tokio::test]
async fn a_client_that_opens_no_window_and_sends_pings_is_disconnected() {
    let (server, mut client) = without_window().await;
    client.send(frame(4, 1, 0, &[])).await; // SETTINGS, acknowledged
    client.insist(&frame(6, 0, 0, &[7; 8]).repeat(300), STALL / 8).await;
    server.metric("linkextractor_http_connections 0").await;
}

#[tokio::test]
async fn a_slow_reader_that_makes_progress_gets_the_whole_response() {
    // A machine that stalls for so long makes the client slower than it is.
    let limit = STALL * 16;
    let server = with_stall_timeout(limit).await;
    let answer = within(connect(&server).await.send_request(request("/large?3000000"))).await.unwrap();
    let (mut body, mut taken) = (answer.into_body(), 0);
    let reading = timed(within(async {
        while let Some(frame) = body.frame().await {
            taken += frame.unwrap().into_data().unwrap().len();
            tokio::time::sleep(limit / 150).await;
        }
    }));
    let took = reading.await;
    assert!(taken == 3_000_000 && took.clock > limit, "{taken} bytes in {took:?}");
}
