//! The record of a job says what it went through, whether it succeeded or failed.

use crate::support::{
    dns, loopback, origin, pool,
    tls::{self, Authority, Validity},
    url,
};
use fetch::{FetchError, FetchSettings, Fetched, Fetcher, JobClient, JobRecord, Phase};
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpSocket};

async fn job(fetcher: &Fetcher, page: &str) -> (Result<Fetched, FetchError>, JobRecord) {
    let (result, record) = fetcher.fetch_unless_known(&url(page), None, JobClient::own()).await;
    let sum: Duration = Phase::ALL.iter().filter_map(|phase| record.time_in(*phase)).sum();
    assert_eq!(sum, record.duration(), "{record:?}");
    (result, record)
}

#[tokio::test]
async fn of_a_success() {
    let authority = Authority::new("authority");
    let config = authority.server("127.0.0.1", Validity::Now, &[]);
    let secure = tls::raw("127.0.0.1:0", config, |mut stream| async move {
        while origin::head(&mut stream).await.is_some() {
            stream.write_all(&origin::html("<html></html>")).await.unwrap();
        }
    })
    .await;
    let target = format!("https://{}/end", secure.address);
    let location = target.clone();
    let first = origin::answering("127.0.0.1:0", move |_| origin::redirect(302, &location)).await;
    let settings = FetchSettings { extra_roots: vec![authority.root()], ..loopback() };
    let fetcher = Fetcher::new(settings, pool()).unwrap();
    for is_reused in [false, true] {
        let (result, record) = job(&fetcher, &first.url("/start")).await;
        assert!(result.is_ok(), "{result:?}");
        let hop = |index: usize| {
            let hop = &record.hops[index];
            (hop.url.as_str(), hop.dialled.clone(), hop.protocol, hop.is_reused, hop.status)
        };
        assert_eq!(record.hops.len(), 2);
        let start = first.url("/start");
        assert_eq!(hop(0), (&*start, vec![first.address], Some("http/1.1"), is_reused, Some(302)));
        assert_eq!(hop(1), (&*target, vec![secure.address], Some("http/1.1"), is_reused, Some(200)));
        assert_eq!((record.decoded_bytes, &record.cause), (Some(13), &None));
        assert!(record.wire_bytes > 100 && (is_reused || record.wire_bytes > 500), "{record:?}");
        let connected = [Phase::Connect, Phase::Tls].map(|phase| record.time_in(phase).is_some());
        assert_eq!(connected, [!is_reused; 2], "{record:?}");
        let last: Vec<_> = record.phases.iter().filter(|span| span.hop == 1).map(|span| span.phase).collect();
        assert!(last.ends_with(&[Phase::FirstByte, Phase::Body]), "{record:?}");
    }
}

#[tokio::test]
async fn of_failures() {
    let names = dns::failing().await;
    let authority = Authority::new("authority");
    let expired = authority.server("127.0.0.1", Validity::LongAgo, &[]);
    let expired = tls::raw("127.0.0.1:0", expired, |_| async {}).await;
    let silent = origin::raw("127.0.0.1:0", |stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let resetting = origin::raw("127.0.0.1:0", |mut stream| async move {
        origin::head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let cut = origin::raw("127.0.0.1:0", |mut stream| async move {
        origin::head(&mut stream).await;
        let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>";
        stream.write_all(page).await.unwrap();
    })
    .await;
    let private = origin::fixed(origin::redirect(302, "http://10.1.2.3/")).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = socket.local_addr().unwrap();

    let settings = FetchSettings {
        extra_roots: vec![authority.root()],
        name_servers: vec![names.address],
        timeout: Duration::from_secs(3),
        connect_timeout: Duration::from_secs(1),
        dns_timeout: Duration::from_secs(1),
        ..loopback()
    };
    let fetcher = Fetcher::new(settings, pool()).unwrap();
    for (page, code, phase, hops, cause) in [
        (format!("http://{closed}/"), "connect-failure", Phase::Connect, 1, "connection refused"),
        (resetting.url("/"), "connect-failure", Phase::FirstByte, 1, "connection reset by peer"),
        ("http://nowhere.test/".to_owned(), "dns-failure", Phase::Dns, 1, "NXDOMAIN"),
        ("http://failure.test/".to_owned(), "dns-failure", Phase::Dns, 1, "SERVFAIL"),
        ("http://empty.test/".to_owned(), "dns-failure", Phase::Dns, 1, "the name has no address"),
        ("http://silence.test/".to_owned(), "timeout", Phase::Dns, 1, ""),
        (format!("https://{}/", silent.address), "timeout", Phase::Tls, 1, ""),
        (silent.url("/"), "timeout", Phase::FirstByte, 1, ""),
        (
            format!("https://{}/", expired.address),
            "tls-failure",
            Phase::Tls,
            1,
            "certificate expired on 2011-01-01",
        ),
        (cut.url("/"), "incomplete", Phase::Body, 1, "the body ended after 3 of 9 bytes"),
        (private.url("/"), "blocked-destination", Phase::Queue, 2, "10.1.2.3"),
    ] {
        let (result, record) = job(&fetcher, &page).await;
        let found = (result.unwrap_err().code(), record.phase(), record.hops.len());
        assert_eq!(found, (code, phase, hops), "{page} {record:?}");
        let found = record.cause.as_deref().unwrap_or_default();
        let is_that = if code == "blocked-destination" { found.contains(cause) } else { found == cause };
        assert!(is_that, "{page} {found}");
        let address = record.last_hop().and_then(|hop| hop.dialled.first());
        assert_eq!(address.is_some(), !matches!(phase, Phase::Dns | Phase::Queue), "{page} {record:?}");
    }
}
