//! Answers that break a rule and that every browser loads all the same.

use crate::support::{
    fetcher, loopback, origin,
    tls::{self, Authority, Validity},
    url,
};
use fetch::{FetchError, FetchSettings, Fetcher};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use tokio::io::AsyncWriteExt;

const PAGE: &str = "<a href=/x>ok</a>";

async fn outcome(answer: impl AsRef<[u8]>) -> Result<String, FetchError> {
    let origin = origin::fixed(answer).await;
    let page = fetcher().fetch(&url(&origin.url("/"))).await?;
    Ok(String::from_utf8_lossy(&page.body).into_owned())
}

/// A response with status 200, these header lines and this body.
fn answer(header: &str, body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", header.as_bytes(), b"\r\n", body].concat()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_transfer_coding_stands_over_a_content_length_and_the_connection_is_not_used_again() {
    let chunked = format!("11\r\n{PAGE}\r\n0\r\n\r\n");
    for (coding, length, body) in [
        ("chunked", "17", chunked.as_bytes()),
        ("chunked", "3", chunked.as_bytes()),
        ("CHUNKED", "999999999999", chunked.as_bytes()),
        ("identity", "17", PAGE.as_bytes()),
        ("", "17", PAGE.as_bytes()),
    ] {
        let header = format!("Content-Length: {length}\r\nTransfer-Encoding: {coding}\r\n");
        let origin = origin::fixed(answer(&header, body)).await;
        let fetcher = fetcher();
        for connections in 1..=2 {
            let page = fetcher.fetch(&url(&origin.url("/"))).await.map(|page| page.body);
            assert_eq!(page.as_deref(), Ok(PAGE.as_bytes()), "{coding}, {length}");
            assert_eq!(origin.connections(), connections, "{coding}, {length}");
        }
    }
    let cut =
        answer("Content-Length: 18\r\nTransfer-Encoding: identity\r\nConnection: close\r\n", PAGE.as_bytes());
    let closing = origin::raw("127.0.0.1:0", move |mut stream| {
        let cut = cut.clone();
        async move {
            origin::head(&mut stream).await;
            stream.write_all(&cut).await.unwrap();
        }
    })
    .await;
    let result = fetcher().fetch(&url(&closing.url("/"))).await.map(|page| page.body);
    assert_eq!(result, Err(FetchError::Incomplete));
}

#[tokio::test]
async fn a_gzip_body_may_lack_its_trailer() {
    let whole = gzip(PAGE.as_bytes());
    for missing in 0..=8 {
        let body = &whole[..whole.len() - missing];
        let header = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.len());
        assert_eq!(outcome(answer(&header, body)).await.unwrap(), PAGE, "{missing} bytes");
    }
    let cut = &whole[..whole.len() - 10];
    let header = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", cut.len());
    assert_eq!(outcome(answer(&header, cut)).await, Err(FetchError::Incomplete), "the data itself is cut");
}

#[tokio::test]
async fn an_unknown_content_coding_is_none_if_the_body_is_text() {
    for coding in ["UTF-8", "none", "binary", "8bit", "utf-8, gzip", "\u{e4}"] {
        for (body, expected) in
            [(PAGE.as_bytes(), Ok(PAGE.to_owned())), (&gzip(PAGE.as_bytes()), Err(FetchError::BadEncoding))]
        {
            let header = format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\n", body.len());
            assert_eq!(outcome(answer(&header, body)).await, expected, "{coding}");
        }
    }
}

#[tokio::test]
async fn a_redirect_may_have_bytes_that_are_not_ascii() {
    for (location, path) in [(&b"/\xe4?\xf6"[..], "/%E4?%F6"), ("/ä".as_bytes(), "/%C3%A4")] {
        let redirect = [b"HTTP/1.1 302 X\r\nContent-Length: 0\r\nLocation: ", location, b"\r\n\r\n"].concat();
        let origin = origin::answering("127.0.0.1:0", move |head| {
            if head.starts_with("GET / ") { redirect.clone() } else { origin::html("x") }
        })
        .await;
        let page = fetcher().fetch(&url(&origin.url("/"))).await.unwrap();
        assert_eq!(page.url.path_and_query(), path);
    }
}

#[tokio::test]
async fn cookies_of_redirects_are_sent_back_within_the_job_and_forgotten_with_it() {
    // A page that redirects to itself until it has its cookie, and one that does so by way of another.
    let origin = origin::answering("127.0.0.1:0", |head| {
        let sent = head.lines().find_map(|line| line.strip_prefix("cookie: ")).unwrap_or_default();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (cookie, location) = match path {
            "/" | "/a" if sent.contains("c=1") => return origin::html(sent),
            "/" => ("c=1; Path=/", "/"),
            "/a" => ("c=1; HttpOnly", "/b"),
            _ => ("d=2; Path=/", "/a"),
        };
        let head = format!("HTTP/1.1 302 X\r\nSet-Cookie: {cookie}\r\nLocation: {location}\r\n");
        format!("{head}Content-Length: 0\r\n\r\n").into_bytes()
    })
    .await;
    let fetcher = fetcher();
    for (path, sent) in [("/", "c=1"), ("/a", "c=1; d=2"), ("/", "c=1")] {
        assert_eq!(fetcher.fetch(&url(&origin.url(path))).await.unwrap().body, sent);
    }
    let mut own = http::HeaderMap::new();
    for cookie in ["mine=0", "too=1"] {
        own.append(http::header::COOKIE, http::HeaderValue::from_static(cookie));
    }
    let page = fetcher.fetch_with(&url(&origin.url("/")), &own).await.unwrap();
    assert_eq!(page.body, "mine=0; too=1; c=1", "beside those that the user sends");
}

/// The outcome of a response whose TLS connection then ends without `close_notify`.
async fn unannounced(answer: Vec<u8>) -> Result<String, FetchError> {
    let authority = Authority::new("ours");
    let config = authority.server("127.0.0.1", Validity::Now, &["http/1.1"]);
    let origin = tls::raw("127.0.0.1:0", config, move |mut stream| {
        let answer = answer.clone();
        async move {
            origin::head(&mut stream).await;
            stream.write_all(&answer).await.unwrap();
            stream.flush().await.unwrap();
        }
    })
    .await;
    let settings = FetchSettings { extra_roots: vec![authority.root()], ..loopback() };
    let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
    let page = fetcher.fetch(&url(&format!("https://{}/", origin.address))).await?;
    Ok(String::from_utf8_lossy(&page.body).into_owned())
}

#[tokio::test]
async fn a_page_whose_tls_connection_ends_unannounced_shows_its_own_end() {
    let page = format!("<html>{PAGE}</HTML>\n<!-- cached -->\n");
    assert_eq!(unannounced(answer("", page.as_bytes())).await.as_ref(), Ok(&page));
    let coded = answer("Content-Encoding: gzip\r\n", &gzip(page.as_bytes()));
    assert_eq!(unannounced(coded).await.as_ref(), Ok(&page));
    for (header, body) in
        [("", PAGE), ("Content-Length: 99\r\n", &page), ("Transfer-Encoding: chunked\r\n", "2a\r\n</html>")]
    {
        assert_eq!(
            unannounced(answer(header, body.as_bytes())).await,
            Err(FetchError::Incomplete),
            "{header}"
        );
    }
}
