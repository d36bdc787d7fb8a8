//! A client that has as many slow pages fetched as it can does not keep others from theirs.

mod support;

use futures_util::{StreamExt, stream};
use std::{
    fmt::Write as _,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use support::{Service, settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// Pages at any address of the machine: `/slow…` never comes. Counts the slow ones that are asked for.
async fn origin() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let slow = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&slow);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut head = String::new();
                while let Ok(byte @ 1..) = stream.read_u8().await {
                    head.push(char::from(byte));
                    if !head.ends_with("\r\n\r\n") {
                        continue;
                    }
                    if head.starts_with("GET /slow") {
                        count.fetch_add(1, Ordering::SeqCst);
                        std::future::pending::<()>().await;
                    }
                    head.clear();
                    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n<a href=/x>x";
                    let _ = stream.write_all(page.as_bytes()).await;
                }
            });
        }
    });
    (port, slow)
}

/// A connection to the service from `client`.
async fn connect(service: &Service, client: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::from(client), 0).into()).expect("an address of this machine");
    socket.connect(service.address()).await.expect("a connection")
}

/// The status line of the answer to a request for the links of `page`, on a connection of its own.
async fn ask(service: &Service, client: [u8; 4], page: &str) -> String {
    let mut stream = connect(service, client).await;
    let request = format!("GET /api/{page} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_many_slow_pages_leaves_others_their_share() {
    const OTHER: [u8; 4] = [127, 0, 0, 3];
    let mut settings = settings();
    settings.fetch.timeout = Duration::from_mins(1);
    let service = Service::with(settings).await;
    let (port, slow) = origin().await;
    // 9 batches and 256 single requests for slow pages on 34 hosts.
    let mut attack = Vec::new();
    for batch in 0..9 {
        let mut lines = String::new();
        for page in 0..29 {
            let host = 1 + (batch * 29 + page) % 34;
            let _ = writeln!(lines, "http://127.0.9.{host}:{port}/slow/{batch}/{page}");
        }
        let mut stream = connect(&service, [127, 0, 0, 2]).await;
        let head = "POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: text/uri-list\r\nContent-Length:";
        let request = format!("{head} {}\r\n\r\n{lines}", lines.len());
        stream.write_all(request.as_bytes()).await.expect("it takes the request");
        attack.push(stream);
    }
    for page in 0..256 {
        let mut stream = connect(&service, [127, 0, 0, 2]).await;
        let host = 1 + page % 34;
        let target = format!("http://127.0.9.{host}:{port}/slow/{page}");
        let request = format!("GET /api/{target} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it takes the request");
        attack.push(stream);
    }
    let begun = Instant::now();
    while slow.load(Ordering::SeqCst) < 128 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{} of 128 slow pages",
            slow.load(Ordering::SeqCst)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pages = stream::iter(0..236).map(|page| {
        let (service, page) = (&service, format!("http://127.0.8.{}:{port}/{page}", 1 + page % 34));
        async move {
            let begun = Instant::now();
            let status = ask(service, OTHER, &page).await;
            assert_eq!(status, "HTTP/1.1 200 OK", "{page}");
            begun.elapsed()
        }
    });
    let mut times: Vec<Duration> = pages.buffer_unordered(16).collect().await;
    times.sort_unstable();
    assert!(times[times.len() / 2] < Duration::from_secs(1), "{:?} in the middle", times[times.len() / 2]);
    assert_eq!(slow.load(Ordering::SeqCst), 128, "half of fetch.max_jobs, and no more");
    drop(attack);
}
