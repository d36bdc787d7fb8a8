//! A page from an HTTP server on this machine is fetched if private addresses are allowed, and refused otherwise.

use crate::support::{origin, url};
use fetch::{FetchError, FetchSettings, Fetcher};

const PAGE: &str = "HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=koi8-r\r\n\r\n<a href=/>x</a>";

#[tokio::test]
async fn a_local_page_is_fetched_if_private_addresses_are_allowed() {
    let origin = origin::fixed(PAGE).await;
    let fetcher = Fetcher::new(
        FetchSettings { allow_private: true, ..FetchSettings::default() },
        crate::support::pool(),
    )
    .unwrap();
    let page = fetcher.fetch(&url(&format!("http://{}/a?b#c", origin.address))).await.unwrap();
    assert_eq!(&page.body[..], b"<a href=/>x</a>");
    assert_eq!(page.url.as_str(), format!("http://{}/a?b", origin.address));
    assert_eq!(page.declared.map(links::Encoding::name), Some("KOI8-R"));
}

#[tokio::test]
async fn a_local_page_is_refused_by_default() {
    let origin = origin::fixed(PAGE).await;
    let fetcher = Fetcher::new(FetchSettings::default(), crate::support::pool()).unwrap();
    let refused = fetcher.fetch(&url(&format!("http://{}/", origin.address))).await;
    assert_eq!(refused.unwrap_err(), FetchError::Blocked);
    assert_eq!(origin.connections(), 0);
}
