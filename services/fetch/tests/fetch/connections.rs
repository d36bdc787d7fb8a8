//! Connections are reused, in HTTP/1.1 and HTTP/2, and replaced when they end.

use crate::support::{
    dns, fetcher,
    h2::{frame, preface, request},
    loopback, origin,
    tls::{self, Authority, Validity},
    url,
};
use bytes::Bytes;
use fetch::{FetchError, FetchSettings, Fetcher, Phase, ResponseProblem};
use http_body_util::Full;
use hyper::{
    Response, Version,
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::Notify,
    time::timeout,
};
use tokio_rustls::server::TlsStream;

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let closed = Arc::new(Notify::new());
    let (notify, page) = (Arc::clone(&closed), origin::html("x"));
    let origin = origin::raw("127.0.0.1:0", move |mut stream| {
        let (notify, page) = (Arc::clone(&notify), page.clone());
        async move {
            origin::head(&mut stream).await;
            stream.write_all(&page).await.unwrap();
            drop(stream);
            notify.notify_one();
        }
    })
    .await;
    let fetcher = fetcher();
    for connections in 1..=5 {
        assert!(fetcher.fetch(&url(&origin.url("/"))).await.is_ok());
        closed.notified().await;
        assert_eq!(origin.connections(), connections);
    }
}

#[tokio::test]
async fn a_connection_that_is_not_accepted_times_out() {
    // A listener whose queue is full drops new connections without an answer.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = timeout(Duration::from_secs(1), TcpStream::connect(address)).await {
        queued.push(stream.unwrap());
    }
    let connect_timeout = Duration::from_millis(200);
    let fetcher =
        Fetcher::new(FetchSettings { connect_timeout, ..loopback() }, crate::support::pool()).unwrap();
    let result = fetcher.fetch(&url(&format!("http://{address}/"))).await.map(|page| page.url);
    assert_eq!(result.unwrap_err(), FetchError::Timeout(Phase::Connect));
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_failure() {
    // Bound and not listening: connections to it are refused.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let result = fetcher().fetch(&url(&format!("http://{address}/"))).await.map(|page| page.url);
    assert_eq!(result.unwrap_err(), FetchError::Connect);
}

#[tokio::test]
async fn the_unspecified_address_is_the_machine_itself() {
    let origin = origin::fixed(origin::html("x")).await;
    let page = url(&format!("http://0.0.0.0:{}/", origin.address.port()));
    let fetcher = Fetcher::new(
        FetchSettings { allow_private: true, ..FetchSettings::default() },
        crate::support::pool(),
    )
    .unwrap();
    assert_eq!(fetcher.fetch(&page).await.unwrap().body, "x");
    assert_eq!(self::fetcher().fetch(&page).await.map(|page| page.url).unwrap_err(), FetchError::Blocked);
}

fn https(authority: &Authority) -> Fetcher {
    Fetcher::new(FetchSettings { extra_roots: vec![authority.root()], ..loopback() }, crate::support::pool())
        .unwrap()
}

#[tokio::test]
async fn http2_is_spoken_where_it_is_offered() {
    let authority = Authority::new("ours");
    let config = authority.server("127.0.0.1", Validity::Now, &["h2", "http/1.1"]);
    let origin = tls::raw("127.0.0.1:0", config, |stream| async move {
        let answer = service_fn(|request: http::Request<Incoming>| async move {
            assert_eq!(request.version(), Version::HTTP_2);
            assert!(!request.headers().contains_key("host"), "HTTP/2 has :authority instead");
            let mut response = Response::new(Full::new(Bytes::from(request.uri().to_string())));
            let (name, value) = match request.uri().path() {
                "/redirect" => {
                    *response.status_mut() = http::StatusCode::FOUND;
                    ("location", "/page")
                }
                _ => ("content-type", "text/html"),
            };
            response.headers_mut().insert(name, value.parse().unwrap());
            Ok::<_, Infallible>(response)
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(stream), answer).await;
    })
    .await;
    let fetcher = Arc::new(https(&authority));
    let page = url(&format!("https://{}/redirect", origin.address));
    assert_eq!(fetcher.fetch(&page).await.unwrap().body, format!("https://{}/page", origin.address));
    let jobs = (0..8).map(|_| {
        let (fetcher, page) = (Arc::clone(&fetcher), page.clone());
        tokio::spawn(async move { fetcher.fetch(&page).await.unwrap() })
    });
    for job in jobs.collect::<Vec<_>>() {
        job.await.unwrap();
    }
    assert_eq!(origin.connections(), 1, "all share one connection");
}

#[tokio::test]
async fn the_longest_durations_do_not_overflow() {
    let page = [frame(1, 4, 1, &[0x88]), frame(0, 1, 1, b"<html>")].concat();
    let authority = Authority::new("ours");
    let config = authority.server("127.0.0.1", Validity::Now, &["h2"]);
    let http2 = tls::raw("127.0.0.1:0", config, move |stream| http2_answer(stream, page.clone())).await;
    let http1 = origin::fixed(origin::html("<html>")).await;
    let names = dns::serve("127.0.0.1:0", |_, _| dns::addresses(&["127.0.0.1"])).await;
    let settings = FetchSettings {
        timeout: Duration::MAX,
        connect_timeout: Duration::MAX,
        dns_timeout: Duration::MAX,
        dns_try_timeout: Duration::MAX,
        name_servers: vec![names.address],
        extra_roots: vec![authority.root()],
        ..loopback()
    };
    let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
    for page in [format!("https://{}/", http2.address), format!("http://page.test:{}/", http1.address.port())]
    {
        assert_eq!(fetcher.fetch(&url(&page)).await.map(|page| page.body.len()), Ok(6), "{page}");
    }
}

/// A page of 3 MB without a declared length.
#[derive(Default)]
struct Long(usize);

impl hyper::body::Body for Long {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 += 1;
        let data = || Ok(Frame::data(Bytes::from(vec![b'x'; 30_000])));
        Poll::Ready((self.0 <= 100).then(data))
    }
}

#[tokio::test]
async fn jobs_that_wait_for_memory_do_not_block_others_on_the_same_connection() {
    let authority = Authority::new("ours");
    let config = authority.server("127.0.0.1", Validity::Now, &["h2"]);
    let origin = tls::raw("127.0.0.1:0", config, |stream| async move {
        let answer = service_fn(|request: http::Request<Incoming>| async move {
            let long = if request.uri().path() == "/long" { Long::default() } else { Long(99) };
            Response::builder().header("content-type", "text/html").body(long)
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(stream), answer).await;
    })
    .await;
    // More at once than there is memory for: each reserves as much as a page may take.
    let settings = FetchSettings { timeout: Duration::from_mins(1), ..loopback() };
    let fetcher = Fetcher::new(
        FetchSettings { extra_roots: vec![authority.root()], ..settings },
        crate::support::pool(),
    )
    .unwrap();
    let (fetcher, at) = (Arc::new(fetcher), |path| url(&format!("https://{}{path}", origin.address)));
    assert!(fetcher.fetch(&at("/short")).await.is_ok(), "the connection that all will share");
    let jobs = (0..8).map(|_| {
        let (fetcher, page) = (Arc::clone(&fetcher), at("/long"));
        tokio::spawn(async move { fetcher.fetch(&page).await.map(|page| page.body.len()) })
    });
    for job in jobs.collect::<Vec<_>>() {
        assert_eq!(job.await.unwrap(), Ok(3_000_000));
    }
    assert_eq!(origin.connections(), 1);
}

/// Sends its settings, waits for the request and answers with `frames`.
async fn http2_answer(mut stream: TlsStream<TcpStream>, frames: Vec<u8>) {
    let _ = stream.write_all(&frame(4, 0, 0, &[])).await;
    if preface(&mut stream).await.is_ok() && request(&mut stream).await.is_ok() {
        let _ = stream.write_all(&frames).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

#[tokio::test]
async fn a_dead_http2_connection_is_replaced() {
    let page = [frame(1, 4, 1, &[0x88]), frame(0, 1, 1, b"<html>")].concat();
    let authority = Authority::new("ours");
    let config = authority.server("127.0.0.1", Validity::Now, &["h2"]);
    let origin = tls::raw("127.0.0.1:0", config, move |mut stream| {
        let page = page.clone();
        async move {
            let _ = stream.write_all(&frame(4, 0, 0, &[])).await;
            let _ = preface(&mut stream).await;
            let _ = request(&mut stream).await;
            let _ = stream.write_all(&page).await;
            std::future::pending::<()>().await;
        }
    })
    .await;
    let settings = FetchSettings { connect_timeout: Duration::from_secs(1), ..loopback() };
    let fetcher = Fetcher::new(
        FetchSettings { extra_roots: vec![authority.root()], ..settings },
        crate::support::pool(),
    )
    .unwrap();
    let page = url(&format!("https://{}/", origin.address));
    for connections in 1..=2 {
        assert_eq!(fetcher.fetch(&page).await.map(|page| page.body.len()), Ok(6));
        assert_eq!(origin.connections(), connections);
    }
}

#[tokio::test]
async fn a_request_that_an_http2_server_has_not_processed_is_sent_once_more() {
    let page = [frame(1, 4, 1, &[0x88]), frame(0, 1, 1, b"<html>")].concat();
    let authority = Authority::new("ours");
    for (what, refusal, kept) in [
        ("REFUSED_STREAM", frame(3, 0, 1, &[0, 0, 0, 7]), 0),
        ("GOAWAY below the stream", frame(7, 0, 0, &[0; 8]), 0),
        ("HTTP_1_1_REQUIRED", frame(3, 0, 1, &[0, 0, 0, 0xd]), 0),
        ("HTTP_1_1_REQUIRED on a kept connection", frame(3, 0, 3, &[0, 0, 0, 0xd]), 1),
    ] {
        let config = authority.server("127.0.0.1", Validity::Now, &["h2", "http/1.1"]);
        let (page, connections) = (page.clone(), Arc::new(AtomicUsize::new(0)));
        let origin = tls::raw("127.0.0.1:0", config, move |mut stream| {
            let (page, refusal) = (page.clone(), refusal.clone());
            let is_first = connections.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if stream.get_ref().1.alpn_protocol() == Some(b"http/1.1") {
                    origin::head(&mut stream).await;
                    let _ = stream.write_all(&origin::html("<html>")).await;
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                } else if kept == 1 && is_first {
                    let _ = stream.write_all(&frame(4, 0, 0, &[])).await;
                    let _ = preface(&mut stream).await;
                    let _ = request(&mut stream).await;
                    let _ = stream.write_all(&page).await;
                    let _ = request(&mut stream).await;
                    let _ = stream.write_all(&refusal).await;
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                } else {
                    http2_answer(stream, if is_first || what.starts_with("HTTP_1") { refusal } else { page })
                        .await;
                }
            }
        })
        .await;
        let fetcher = https(&authority);
        for _ in 0..=kept {
            let result = fetcher.fetch(&url(&format!("https://{}/", origin.address))).await;
            assert_eq!(result.map(|page| page.body.len()), Ok(6), "{what}");
        }
        assert_eq!(origin.connections(), 2, "{what}");
    }
}

#[tokio::test]
async fn an_http2_connection_that_breaks_off_is_a_connect_failure_and_one_without_http2_a_bad_response() {
    // A field of 4,000 bytes for the dynamic table, then 10,000 references to it.
    let bomb = [&[0x88, 0x40, 1, b'a', 0x7f, 0xa1, 0x1e][..], &[b'x'; 4000], &[0xbe; 10_000]].concat();
    let authority = Authority::new("ours");
    let (broken, not_http) = (FetchError::Connect, FetchError::BadResponse(ResponseProblem::NotHttp));
    for (what, frames, expected) in [
        ("GOAWAY", frame(7, 0, 0, &[0; 8]), &broken),
        ("RST_STREAM", frame(3, 0, 1, &[0, 0, 0, 8]), &broken),
        ("REFUSED_STREAM", frame(3, 0, 1, &[0, 0, 0, 7]), &broken),
        ("a header bomb", frame(1, 5, 1, &bomb), &not_http),
        ("an impossible header", frame(1, 5, 1, &[0xff, 0xff, 0xff]), &not_http),
        ("a settings frame on a stream", frame(4, 0, 1, &[]), &not_http),
    ] {
        let config = authority.server("127.0.0.1", Validity::Now, &["h2"]);
        let origin =
            tls::raw("127.0.0.1:0", config, move |stream| http2_answer(stream, frames.clone())).await;
        let result = https(&authority).fetch(&url(&format!("https://{}/", origin.address))).await;
        assert_eq!(result.map(|page| page.url).as_ref(), Err(expected), "{what}");
    }
    let config = authority.server("127.0.0.1", Validity::Now, &["h2"]);
    let origin = tls::raw("127.0.0.1:0", config, |mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let result = https(&authority).fetch(&url(&format!("https://{}/", origin.address))).await;
    assert_eq!(result.map(|page| page.url), Err(not_http));
}
