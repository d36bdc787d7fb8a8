//! Clients that take nothing lose their responses when others need the memory; those that read keep them.

#![expect(clippy::unwrap_used, reason = "tests may, helpers of tests included")]

mod common;

use common::{Client, NEVER, Server, TEST_TIMEOUT, assert_problem, get, service::SHARED, status, within};
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kit::Limits;
use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpSocket, TcpStream},
    time::{Instant, interval, sleep},
};

const MIB: usize = 1024 * 1024;

/// A server in which a client has stalled after a second.
async fn server(send_queue: usize, per_client: f64) -> Server {
    let limits = Limits {
        per_client,
        header_timeout: NEVER,
        stall_timeout: Duration::from_secs(6),
        ..Limits::default()
    };
    Server::with_send_queue(send_queue as u64, limits).await
}

/// A client that has requested `path` from 127.0.0.`host` and takes no more than a few KiB.
async fn unread(server: &Server, host: u8, path: &str) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(([127, 0, 0, host], 0).into()).unwrap();
    let mut client = Client(socket.connect(server.address).await.unwrap());
    client.send(get(path)).await;
    client.until("\r\n\r\n").await;
    client
}

/// The bytes of a response's body that arrive when it is read at about `rate` bytes a second.
async fn read_slowly(server: &Server, host: u8, path: &str, rate: usize) -> usize {
    let mut client = server.connect_from(host).await;
    client.send(get(path)).await;
    client.until("\r\n\r\n").await;
    let (mut received, mut buffer) = (0, vec![0; 16 * 1024]);
    let start = Instant::now();
    while let Ok(length @ 1..) = within(client.0.read(&mut buffer)).await {
        received += length;
        let due = Duration::from_secs(1) * u32::try_from(received).unwrap() / u32::try_from(rate).unwrap();
        tokio::time::sleep_until(start + due).await;
    }
    received
}

#[tokio::test]
async fn readers_get_all_while_another_requests_much_and_reads_nothing() {
    // Of the same address as the readers, or of another one.
    for host in [2, 3] {
        let server = server(8 * MIB, 0.5).await;
        let over = AtomicBool::new(false);
        let attack = async {
            let (mut clients, mut ticks) = (Vec::new(), interval(Duration::from_millis(30)));
            while !over.load(Relaxed) {
                ticks.tick().await;
                let mut client = server.connect_from(host).await;
                client.send(get(&format!("/large?{}", 3 * MIB))).await;
                clients.push(client);
            }
        };
        let readers = async {
            let readers = (0..12).map(|_| read_slowly(&server, 2, "/shared", MIB));
            let received = futures_util::future::join_all(readers).await;
            over.store(true, Relaxed);
            received
        };
        let (received, ()) = tokio::join!(readers, attack);
        assert_eq!(received, [SHARED; 12]);
    }
}

#[tokio::test]
async fn the_client_that_takes_nothing_is_cut_off_when_others_need_the_memory() {
    let server = server(8 * MIB, 1.0).await;
    let mut slow = unread(&server, 2, &format!("/large?{}", 6 * MIB)).await;
    // It has only begun.
    assert_problem(&server.get(&format!("/large?{}", 6 * MIB)).await, 503, "overloaded");
    assert_eq!(status(&server.get("/").await), 200);
    let answer = within(async {
        loop {
            let answer = server.get(&format!("/large?{}", 6 * MIB)).await;
            if status(&answer) == 200 {
                return answer;
            }
        }
    });
    assert!(answer.await.len() > 6 * MIB);
    server.metric("linkextractor_http_connections_closed_total{reason=\"slow\"} 1").await;
    assert!(slow.rest().await.len() < 6 * MIB);
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_not_cut_off_and_new_responses_are_503() {
    let server = server(5 * MIB, 1.0).await;
    let path = format!("/large?{}", 4 * MIB);
    let over = AtomicBool::new(false);
    let reader = async {
        let received = read_slowly(&server, 2, &path, 2 * MIB).await;
        over.store(true, Relaxed);
        received
    };
    let others = async {
        let mut refused = 0;
        // Until little is left, which is in the kernel's buffers.
        while !over.load(Relaxed) {
            refused += u32::from(status(&server.get(&path).await) == 503);
            sleep(Duration::from_millis(20)).await;
        }
        refused
    };
    let (received, refused) = tokio::join!(reader, others);
    assert_eq!(received, 4 * MIB);
    assert!(refused > 0);
}

#[tokio::test]
async fn a_client_holds_no_more_memory_than_its_share() {
    let server = server(8 * MIB, 0.5).await;
    let path = format!("/large?{}", 3 * MIB);
    let _first = unread(&server, 2, &path).await;
    let mut second = server.connect_from(2).await;
    second.send(get(&path)).await;
    assert_problem(&second.rest().await, 503, "overloaded");
    let _other = unread(&server, 3, &path).await;
}

#[tokio::test]
async fn a_part_of_a_streamed_response_waits_for_memory() {
    let server = server(5 * MIB, 1.0).await;
    let _slow = unread(&server, 2, &format!("/large?{}", 4 * MIB)).await;
    let mut streamed = server.connect_from(3).await;
    streamed.send(get(&format!("/parts?{}", 2 * MIB))).await;
    // It has begun, and goes on when the other has stalled.
    streamed.until("\r\nxxx\r\n").await;
    let rest = streamed.rest().await;
    assert!(rest.len() > 2 * MIB && rest.ends_with("\r\n0\r\n\r\n"), "{}", rest.len());
}

#[tokio::test]
async fn an_http2_stream_that_is_not_read_is_cut_off_and_the_others_of_its_connection_go_on() {
    let server = server(8 * MIB, 1.0).await;
    let stream = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(64 * 1024).initial_connection_window_size(8 * 1024 * 1024);
    let (mut requests, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut ask = async |path: &str| {
        let request = http::Request::get(format!("http://test{path}")).body(kit::empty()).unwrap();
        within(requests.send_request(request)).await.unwrap()
    };
    let unread = ask(&format!("/large?{}", 6 * MIB)).await;
    assert_eq!(unread.status(), 200);
    let path = format!("/large?{}", 5 * MIB);
    let deadline = Instant::now() + TEST_TIMEOUT;
    let whole = loop {
        // The connection is in use all the time.
        let answer = ask(&path).await;
        assert!(Instant::now() < deadline);
        if answer.status() == 200 {
            break answer;
        }
    };
    assert_eq!(within(whole.into_body().collect()).await.unwrap().to_bytes().len(), 5 * MIB);
    assert!(within(unread.into_body().collect()).await.is_err());
    assert_eq!(ask("/").await.status(), 200);
}

#[tokio::test]
async fn small_responses_on_many_http2_streams_that_are_not_read_are_bounded() {
    const STREAMS: usize = 100;
    let server = server(4 * MIB, 1.0).await;
    let connect = async || {
        let stream = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
        let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        // Of each response a byte is taken; the library of the server gets all of it.
        builder.initial_stream_window_size(1);
        let (requests, connection) = builder.handshake(stream).await.unwrap();
        tokio::spawn(connection);
        requests
    };
    let (mut unread, mut statuses) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let mut requests = connect().await;
        for _ in 0..STREAMS {
            let request = http::Request::get("http://test/large?61440").body(kit::empty()).unwrap();
            let response = within(requests.send_request(request)).await.unwrap();
            statuses.push(response.status());
            unread.push(response);
        }
    }
    let answered = statuses.iter().filter(|status| **status == 200).count();
    assert!(answered > 0 && answered * 61440 <= 4 * MIB, "{answered}");
    // A client that reads gets its response once the others have stalled.
    let path = format!("/large?{MIB}");
    within(async { while status(&server.get(&path).await) != 200 {} }).await;
}
