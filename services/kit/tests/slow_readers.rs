//! Clients that take nothing lose their responses when others need the memory; those that read keep them.

#![expect(clippy::unwrap_used, reason = "tests may, helpers of tests included")]

mod common;

use common::{Client, NEVER, Server, TEST_TIMEOUT, assert_problem, get, service::SHARED, status, within};
use http_body_util::BodyExt;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kit::Limits;
use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
    time::{Instant, interval, sleep},
};

const MIB: usize = 1024 * 1024;
/// A client that has taken nothing for this long may be cut off.
const STALLED: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(20);

/// A server in which a client has stalled after [`STALLED`].
async fn server(send_queue: usize, per_client: f64) -> Server {
    let limits =
        Limits { per_client, header_timeout: NEVER, stall_timeout: 6 * STALLED, ..Limits::default() };
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
            sleep(TICK).await;
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
    let mut builder = http2::Builder::new(TokioExecutor::new());
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

/// An HTTP/2 client whose streams take `window` bytes before they are read, and its connection.
async fn http2(server: &Server, window: u32) -> (http2::SendRequest<kit::Body>, JoinHandle<()>) {
    let stream = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(window);
    let (requests, connection) = builder.handshake(stream).await.unwrap();
    (requests, tokio::spawn(async { drop(connection.await) }))
}

fn request(path: &str) -> http::Request<kit::Body> {
    http::Request::get(format!("http://test{path}")).body(kit::empty()).unwrap()
}

#[tokio::test]
async fn small_responses_on_many_http2_streams_that_are_not_read_are_bounded() {
    const STREAMS: usize = 100;
    const PIECE: usize = 16 * 1024;
    // Of each response a byte is taken. The library of the server gets a piece; the rest is memory of its own, or shared.
    let responses = [
        ("/large?61440", 61440),
        ("/large?16000", 16000),
        ("/shared?16384", PIECE),
        ("/shared?61440", PIECE),
    ];
    for (path, held) in responses {
        let start = Instant::now();
        let server = server(4 * MIB, 1.0).await;
        let (mut unread, mut connections) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let (mut requests, connection) = http2(&server, 1).await;
            let before = unread.len();
            for _ in 0..STREAMS {
                // On a slow machine it has stalled by now.
                let Ok(response) = within(requests.send_request(request(path))).await else { break };
                unread.extend((response.status() == 200).then_some(response));
            }
            connections.push((connection, unread.len() - before));
        }
        let answered = unread.len();
        assert!(
            answered > 0 && (start.elapsed() >= STALLED || answered * held <= 4 * MIB),
            "{path}: {answered}"
        );
        // Pieces are in memory as long as their connections are open.
        let open = || connections.iter().filter(|(connection, _)| !connection.is_finished());
        let pieces = || open().map(|(_, streams)| streams).sum::<usize>();
        within(async {
            while pieces() * held.min(PIECE) > 4 * MIB {
                sleep(TICK).await;
            }
        })
        .await;
        // A client that reads gets its response once the others have stalled.
        let path = format!("/large?{MIB}");
        within(async { while status(&server.get(&path).await) != 200 {} }).await;
    }
}

#[tokio::test]
async fn an_http2_stream_is_read_to_its_end_although_another_one_of_its_connection_is_not_read() {
    let server = server(4 * MIB, 1.0).await;
    let (mut requests, _connection) = http2(&server, 16 * 1024).await;
    // The library of the server has its end.
    let unread = within(requests.send_request(request("/large?30000"))).await.unwrap();
    let mut body =
        within(requests.send_request(request(&format!("/large?{}", 3 * MIB)))).await.unwrap().into_body();
    let over = AtomicBool::new(false);
    let reader = async {
        let (start, mut received) = (Instant::now(), 0);
        while let Some(frame) = within(body.frame()).await {
            received += frame.unwrap().data_ref().unwrap().len();
            // A MiB a second.
            tokio::time::sleep_until(start + Duration::from_micros(received as u64)).await;
        }
        over.store(true, Relaxed);
        received
    };
    let others = async {
        let mut refused = 0;
        while !over.load(Relaxed) {
            refused += u32::from(status(&server.get(&format!("/large?{}", 3 * MIB)).await) == 503);
            sleep(TICK).await;
        }
        refused
    };
    let (received, refused) = tokio::join!(reader, others);
    assert_eq!(received, 3 * MIB);
    assert!(refused > 0);
    drop(unread);
}
