//! Whatever an origin sends, a job receives no more than its body, headers and a little overhead may take.

use crate::support::{
    fetcher,
    h2::{DATA, EARLY_HINTS, END_HEADERS, END_STREAM, HEADERS, OK, SETTINGS, frame, preface, request},
    loopback, origin, pool,
    tls::{self, Authority, Validity},
    url,
};
use bytesize::ByteSize;
use fetch::{FetchError, FetchSettings, Fetcher, ResponseProblem};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

/// What a job may receive with [`settings`].
const ALLOWANCE: u64 = 1_000_000 + (1 + 2) * 2 * 64 * 1024;
/// What the buffers of two sockets may hold besides.
const IN_FLIGHT: u64 = 8_000_000;

const NOT_FINAL: FetchError = FetchError::BadResponse(ResponseProblem::NotFinal);

fn settings() -> FetchSettings {
    FetchSettings {
        max_bytes: ByteSize::mb(1),
        max_redirects: 1,
        // A flood has to end long before.
        timeout: Duration::from_mins(2),
        ..loopback()
    }
}

/// Sends `part` without end, and counts.
async fn flood(stream: &mut (impl AsyncWrite + Unpin), part: &[u8], sent: &AtomicU64) {
    let parts = part.repeat((16 * 1024 / part.len()).max(1));
    while stream.write_all(&parts).await.is_ok() {
        sent.fetch_add(parts.len() as u64, Ordering::Relaxed);
    }
}

/// The outcome of a fetch from an origin that sends `start` and then `part` without end, and how much it sent.
async fn http1(start: &'static str, part: &'static str) -> (Result<(), FetchError>, u64) {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let origin = origin::raw("127.0.0.1:0", move |mut stream| {
        let count = Arc::clone(&count);
        async move {
            origin::head(&mut stream).await;
            let _ = stream.write_all(start.as_bytes()).await;
            flood(&mut stream, part.as_bytes(), &count).await;
        }
    })
    .await;
    let fetcher = Fetcher::new(settings(), pool()).unwrap();
    let result = fetcher.fetch(&url(&origin.url("/"))).await.map(|_| ());
    (result, sent.load(Ordering::Relaxed))
}

#[tokio::test]
async fn http1_floods_are_cut() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";
    const REDIRECT: &str = "HTTP/1.1 302 Found\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n";
    let blanks = &*format!("{CHUNKED}5").leak();
    let large = &*format!("HTTP/1.1 103 \r\nLink: {}\r\n\r\n", "x".repeat(30_000)).leak();
    for (what, start, part, expected) in [
        ("interim responses", "", "HTTP/1.1 103 \r\n\r\n", NOT_FINAL),
        ("large interim responses", "", large, NOT_FINAL),
        ("zeros in a chunk size", CHUNKED, "0", FetchError::TooLarge),
        ("blanks after a chunk size", blanks, " ", FetchError::TooLarge),
        ("chunks of a byte", CHUNKED, "1\r\nx\r\n", FetchError::TooLarge),
        ("redirects with endless bodies", REDIRECT, "1\r\nx\r\n", FetchError::TooManyRedirects),
    ] {
        let (result, sent) = http1(start, part).await;
        assert_eq!(result, Err(expected), "{what}");
        assert!(sent < ALLOWANCE + IN_FLIGHT, "{what}: {sent}");
    }
}

#[tokio::test]
async fn sixteen_interim_responses_within_the_limit_of_a_header_are_accepted() {
    let interim = |length: usize| format!("HTTP/1.1 103 \r\nLink: {}\r\n\r\n", "x".repeat(length));
    let page = String::from_utf8(origin::html("x")).unwrap();
    for (count, length, is_accepted) in
        [(16, 10, true), (17, 10, false), (2, 30_000, true), (3, 30_000, false)]
    {
        let origin = origin::fixed(interim(length).repeat(count) + &page).await;
        let result = fetcher().fetch(&url(&origin.url("/"))).await.map(|_| ());
        assert_eq!(result, if is_accepted { Ok(()) } else { Err(NOT_FINAL) }, "{count} of {length}");
    }
}

/// An origin that answers the first request on each connection with `start`, and then sends `part` without end.
async fn http2_origin(start: Vec<u8>, part: Vec<u8>) -> (origin::Origin, Authority, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let authority = Authority::new("ours");
    let config = authority.server("127.0.0.1", Validity::Now, &["h2"]);
    let origin = tls::raw("127.0.0.1:0", config, move |mut stream: TlsStream<TcpStream>| {
        let (start, part, count) = (start.clone(), part.clone(), Arc::clone(&count));
        async move {
            let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[])).await;
            if preface(&mut stream).await.is_ok() && request(&mut stream).await.is_ok() {
                let _ = stream.write_all(&start).await;
                flood(&mut stream, &part, &count).await;
            }
        }
    })
    .await;
    (origin, authority, sent)
}

fn https(authority: &Authority) -> Fetcher {
    Fetcher::new(FetchSettings { extra_roots: vec![authority.root()], ..settings() }, pool()).unwrap()
}

#[tokio::test]
async fn http2_floods_are_cut() {
    let head = frame(HEADERS, END_HEADERS, 1, OK);
    let early_hints = frame(HEADERS, END_HEADERS, 1, EARLY_HINTS);
    for (what, start, part, expected) in [
        ("interim responses", &[][..], early_hints, NOT_FINAL),
        ("unknown frames", &[], frame(0xbb, 0, 0, &[0; 16_000]), NOT_FINAL),
        ("SETTINGS", &[], frame(SETTINGS, 0, 0, &[]), NOT_FINAL),
        ("PRIORITY", &[], frame(2, 0, 1, &[0; 5]), NOT_FINAL),
        ("PING", &[], frame(6, 0, 0, &[0; 8]), NOT_FINAL),
        ("unknown frames in a body", &head, frame(0xbb, 0, 1, &[0; 16_000]), FetchError::TooLarge),
        ("PRIORITY in a body", &head, frame(2, 0, 1, &[0; 5]), FetchError::TooLarge),
    ] {
        let (origin, authority, sent) = http2_origin(start.to_vec(), part).await;
        let result = https(&authority).fetch(&url(&format!("https://{}/", origin.address))).await;
        assert_eq!(result.map(|_| ()), Err(expected), "{what}");
        let sent = sent.load(Ordering::Relaxed);
        assert!(sent < ALLOWANCE + IN_FLIGHT, "{what}: {sent}");
    }
}

#[tokio::test]
async fn all_hops_of_a_job_share_one_allowance() {
    let authority = Authority::new("ours");
    let config = authority.server("127.0.0.1", Validity::Now, &["h2"]);
    let hops = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&hops);
    let origin = tls::raw("127.0.0.1:0", config, move |mut stream: TlsStream<TcpStream>| {
        let count = Arc::clone(&count);
        async move {
            let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[])).await;
            let _ = preface(&mut stream).await;
            while let Ok(id) = request(&mut stream).await {
                count.fetch_add(1, Ordering::Relaxed);
                let redirect = frame(HEADERS, END_HEADERS | END_STREAM, id, b"\x08\x03302\x0f\x1f\x01/");
                let _ =
                    stream.write_all(&[frame(0xbb, 0, 0, &[0; 16_000]).repeat(20), redirect].concat()).await;
            }
        }
    })
    .await;
    let settings = FetchSettings { max_redirects: 20, extra_roots: vec![authority.root()], ..settings() };
    let fetcher = Fetcher::new(settings, pool()).unwrap();
    let result = fetcher.fetch(&url(&format!("https://{}/", origin.address))).await.map(|_| ());
    assert_eq!(result, Err(NOT_FINAL));
    // 1 MB and 22 times 128 KiB.
    assert_eq!(hops.load(Ordering::Relaxed), 3_883_584 / 320_180 + 1);
}

#[tokio::test]
async fn sixteen_http2_interim_responses_are_accepted() {
    for (count, is_accepted) in [(16, true), (17, false)] {
        let interim = frame(HEADERS, END_HEADERS, 1, EARLY_HINTS).repeat(count);
        let page = [frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, END_STREAM, 1, b"<html>")].concat();
        let (origin, authority, _) = http2_origin([interim, page].concat(), frame(SETTINGS, 0, 0, &[])).await;
        let result = https(&authority).fetch(&url(&format!("https://{}/", origin.address))).await;
        assert_eq!(result.map(|_| ()), if is_accepted { Ok(()) } else { Err(NOT_FINAL) }, "{count}");
    }
}

#[tokio::test]
async fn a_kept_http2_connection_that_goes_on_sending_is_closed() {
    let page = [frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, END_STREAM, 1, b"<html>")].concat();
    for (what, part) in [
        ("unknown frames", frame(0xbb, 0, 0, &[0; 16_000])),
        ("PING", frame(6, 0, 0, &[0; 8])),
        ("SETTINGS", frame(SETTINGS, 0, 0, &[])),
        ("WINDOW_UPDATE", frame(8, 0, 0, &[0, 0, 0, 1])),
        ("DATA of the finished stream", frame(DATA, 0, 1, b"x")),
    ] {
        let (origin, authority, sent) = http2_origin(page.clone(), part).await;
        let (fetcher, page) = (https(&authority), url(&format!("https://{}/", origin.address)));
        assert_eq!(fetcher.fetch(&page).await.map(|page| page.body.len()), Ok(6), "{what}");
        // The flood goes on until the connection is closed: then the count stands still.
        let begun = Instant::now();
        let mut before = u64::MAX;
        while before != sent.load(Ordering::Relaxed) {
            assert!(begun.elapsed() < Duration::from_mins(1), "{what}: not closed");
            before = sent.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(before < IN_FLIGHT, "{what}: {before}");
        assert_eq!(fetcher.fetch(&page).await.map(|page| page.body.len()), Ok(6), "{what}");
        assert_eq!(origin.connections(), 2, "{what}");
    }
}
