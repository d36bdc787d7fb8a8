//! A page from a plain HTTP server on this machine, for a client that may reach it, and not for one that may not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fetch::{FetchError, Fetcher, PageUrl, Settings};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

/// Answers every connection with `response` and closes it.
fn origin(response: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            stream.write_all(response.as_bytes()).unwrap();
        }
    });
    address
}

fn url(address: SocketAddr) -> PageUrl {
    PageUrl::parse(&format!("http://{address}/a?b#c")).unwrap()
}

#[tokio::test]
async fn is_fetched_when_private_addresses_are_allowed() {
    let address = origin("HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=koi8-r\r\n\r\n<a href=/>x</a>");
    let fetcher = Fetcher::new(Settings { allow_private: true, ..Settings::default() }).unwrap();
    let page = fetcher.fetch(&url(address)).await.unwrap();
    assert_eq!(&page.body[..], b"<a href=/>x</a>");
    assert_eq!(page.url.as_str(), format!("http://{address}/a?b"));
    assert_eq!(page.declared.map(links::Encoding::name), Some("KOI8-R"));
}

#[tokio::test]
async fn is_refused_otherwise() {
    let fetcher = Fetcher::new(Settings::default()).unwrap();
    assert_eq!(fetcher.fetch(&url(origin(""))).await.unwrap_err(), FetchError::Blocked);
}
