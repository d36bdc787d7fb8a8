//! A page that is the same as before is not sent again, and validators go only to the URL that sent them.

use crate::support::{fetcher, origin, url};
use fetch::{FetchError, Fetched, JobClient, KnownVersion, Validators};

/// Redirects `/` to `/page`, which has a version; every path answers a conditional request with 304.
async fn versioned() -> origin::Origin {
    origin::answering("127.0.0.1:0", |head| {
        if head.to_ascii_lowercase().contains("if-none-match: \"1\"") {
            return b"HTTP/1.1 304 Not Modified\r\nETag: \"2\"\r\nContent-Length: 9\r\n\r\n".to_vec();
        }
        if head.starts_with("GET / ") {
            return origin::redirect(302, "/page");
        }
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"1\"\r\nContent-Length: 1\r\n\r\nx".to_vec()
    })
    .await
}

fn etag(tag: &str) -> Validators {
    Validators { etag: Some(tag.to_owned()), last_modified: None }
}

#[tokio::test]
async fn a_known_version_is_not_sent_again() {
    let (origin, fetcher) = (versioned().await, fetcher());
    let page = fetcher.fetch(&url(&origin.url("/"))).await.unwrap();
    assert_eq!(page.validators, etag("\"1\""));
    let known = KnownVersion { url: page.url.as_str(), validators: &page.validators };
    for _ in 0..2 {
        let Fetched::NotModified(validators) = fetcher
            .fetch_unless_known(&url(&origin.url("/")), Some(known), JobClient::own())
            .await
            .0
            .unwrap()
        else {
            panic!("sent again")
        };
        assert_eq!(validators, etag("\"2\""));
    }
    assert_eq!(origin.connections(), 1, "a connection is kept after a 304");
}

#[tokio::test]
async fn validators_are_sent_to_no_other_url() {
    let (origin, fetcher) = (versioned().await, fetcher());
    let validators = etag("\"1\"");
    let (other, page) = (origin.url("/other"), url(&origin.url("/")));
    let known = KnownVersion { url: &other, validators: &validators };
    let result = fetcher.fetch_unless_known(&page, Some(known), JobClient::own()).await.0.unwrap();
    assert!(matches!(result, Fetched::Page(page) if page.url.path() == "/page"));
}

#[tokio::test]
async fn a_304_that_was_not_asked_for_is_an_upstream_status() {
    let origin = origin::fixed("HTTP/1.1 304 Not Modified\r\n\r\n").await;
    let validators = etag("\"1\"");
    let elsewhere = KnownVersion { url: "http://127.0.0.1/", validators: &validators };
    let fetcher = fetcher();
    let error = fetcher
        .fetch_unless_known(&url(&origin.url("/")), Some(elsewhere), JobClient::own())
        .await
        .0
        .unwrap_err();
    assert_eq!(error, FetchError::UpstreamStatus { status: 304, retry_after: None });
}
