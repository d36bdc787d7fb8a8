//! Names are looked up for every job and every redirect, and failures to do so are told.

use crate::support::{dns, loopback, origin, url};
use fetch::{FetchError, Fetcher, Settings, Step};
use std::{net::SocketAddr, time::Duration};

fn asking(server: SocketAddr) -> Settings {
    Settings { name_servers: vec![server], ..loopback() }
}

#[tokio::test]
async fn every_hop_asks_anew() {
    let names = dns::serve("127.0.0.1:0", |_, _| dns::addresses(&["127.0.0.1"])).await;
    let origin = origin::answering("127.0.0.1:0", |head| {
        if head.starts_with("GET /1 ") { origin::redirect(302, "/2") } else { origin::html("x") }
    })
    .await;
    let fetcher = Fetcher::new(asking(names.address)).unwrap();
    let page = format!("http://page.test:{}/1", origin.address.port());
    for jobs in 1..=3 {
        assert_eq!(fetcher.fetch(&url(&page)).await.unwrap().url.path(), "/2");
        assert_eq!(names.asked("page.test"), 2 * jobs, "once for the page, once for where it leads");
    }
    assert_eq!(origin.connections(), 1, "the connection is kept all the same");
}

#[tokio::test]
async fn a_kept_connection_does_not_outlive_its_address() {
    let names = dns::serve("127.0.0.1:0", |_, before| match before {
        0 => dns::addresses(&["127.0.0.1"]),
        _ => dns::addresses(&["127.0.0.2"]),
    })
    .await;
    let origin = origin::fixed(origin::html("x")).await;
    let fetcher = Fetcher::new(asking(names.address)).unwrap();
    let page = url(&format!("http://page.test:{}/", origin.address.port()));
    assert!(fetcher.fetch(&page).await.is_ok());
    assert_eq!(fetcher.fetch(&page).await.map(|page| page.url).unwrap_err(), FetchError::Blocked);
}

#[tokio::test]
async fn failures_are_told_apart() {
    let names = dns::serve("127.0.0.1:0", |name, _| match name {
        "failure.test" => dns::Reply::Failure,
        "silence.test" => dns::Reply::Silence,
        "empty.test" => dns::addresses(&[]),
        _ => dns::Reply::NoName,
    })
    .await;
    let fetcher = Fetcher::new(Settings {
        dns_timeout: Duration::from_millis(500),
        dns_try_timeout: Duration::from_millis(200),
        ..asking(names.address)
    })
    .unwrap();
    for (name, error) in [
        ("nowhere", FetchError::Dns),
        ("failure", FetchError::Dns),
        ("empty", FetchError::Dns),
        ("silence", FetchError::Timeout(Step::Dns)),
    ] {
        let result = fetcher.fetch(&url(&format!("http://{name}.test/"))).await.map(|page| page.url);
        assert_eq!(result.unwrap_err(), error, "{name}");
    }
}

#[tokio::test]
async fn one_family_is_enough() {
    let names = dns::serve("127.0.0.1:0", |_, _| dns::addresses(&["2001:db8::1", "127.0.0.1"])).await;
    let origin = origin::fixed(origin::html("x")).await;
    let settings = Settings { allow: vec!["page.test".to_owned()], ..asking(names.address) };
    let fetcher = Fetcher::new(settings).unwrap();
    let page = url(&format!("http://page.test:{}/", origin.address.port()));
    assert!(fetcher.fetch(&page).await.is_ok(), "the other family is dialled when one leads nowhere");
}
