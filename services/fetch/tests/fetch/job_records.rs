//! The record of a job says what it went through, whether it succeeded or failed.

use crate::support::{
    dns, loopback, netns, origin, pool,
    tls::{self, Authority, Validity},
    url,
};
use fetch::{CauseKind, FetchError, FetchSettings, Fetched, Fetcher, JobClient, JobRecord, Phase};
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
    for (page, code, phase, hops, kind, cause) in [
        (format!("http://{closed}/"), "connect-failure", Phase::Connect, 1, "refused", "connection refused"),
        (resetting.url("/"), "connect-failure", Phase::FirstByte, 1, "reset", "connection reset by peer"),
        ("http://nowhere.test/".to_owned(), "dns-failure", Phase::Dns, 1, "nxdomain", "NXDOMAIN"),
        ("http://failure.test/".to_owned(), "dns-failure", Phase::Dns, 1, "dns-error", "SERVFAIL"),
        (
            "http://empty.test/".to_owned(),
            "dns-failure",
            Phase::Dns,
            1,
            "no-address",
            "the name has no address",
        ),
        (
            "http://silence.test/".to_owned(),
            "timeout",
            Phase::Dns,
            1,
            "dns-timeout",
            "no answer for this name",
        ),
        (format!("https://{}/", silent.address), "timeout", Phase::Tls, 1, "", ""),
        (silent.url("/"), "timeout", Phase::FirstByte, 1, "", ""),
        (
            format!("https://{}/", expired.address),
            "tls-failure",
            Phase::Tls,
            1,
            "certificate-expired",
            "certificate expired on 2011-01-01",
        ),
        (cut.url("/"), "incomplete", Phase::Body, 1, "cut", "the body ended after 3 of 9 bytes"),
        (private.url("/"), "blocked-destination", Phase::Queue, 2, "guard", "10.1.2.3"),
    ] {
        let (result, record) = job(&fetcher, &page).await;
        let found = (result.unwrap_err().code(), record.phase(), record.hops.len());
        assert_eq!(found, (code, phase, hops), "{page} {record:?}");
        let (found_kind, found) =
            record.cause.as_ref().map_or(("", ""), |cause| (cause.kind.name(), &*cause.text));
        let is_that = if code == "blocked-destination" { found.contains(cause) } else { found == cause };
        assert!(is_that && found_kind == kind, "{page} {found_kind}: {found}");
        let address = record.last_hop().and_then(|hop| hop.dialled.first());
        assert_eq!(address.is_some(), !matches!(phase, Phase::Dns | Phase::Queue), "{page} {record:?}");
    }
}

#[tokio::test]
async fn failures_of_this_machines_own_name_server_are_told_from_those_of_a_name() {
    let silent = dns::serve("127.0.0.1:0", |_, _| dns::Reply::Silence).await;
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let closed = socket.local_addr().unwrap();
    drop(socket);
    for server in [silent.address, closed] {
        let settings = FetchSettings {
            name_servers: vec![server],
            dns_timeout: Duration::from_millis(500),
            dns_try_timeout: Duration::from_millis(200),
            ..loopback()
        };
        let fetcher = Fetcher::new(settings, pool()).unwrap();
        let (result, record) = job(&fetcher, "http://name.test/").await;
        assert!(result.is_err() && record.phase() == Phase::Dns, "{record:?}");
        assert_eq!(record.cause.unwrap().kind, CauseKind::NameServer);
    }
}

#[tokio::test]
async fn a_wait_for_others_says_whose_limit_was_reached() {
    for (max_jobs, per_client, kind) in [(1, 1.0, CauseKind::Busy), (4, 0.25, CauseKind::ClientShare)] {
        let timeout = Duration::from_millis(100);
        let settings = FetchSettings { max_jobs, per_client, timeout, ..loopback() };
        let fetcher = Fetcher::new(settings, pool()).unwrap();
        let _permit = fetcher.admit(JobClient::own(), kit::Deadline::after(timeout)).await.unwrap();
        let (result, record) = job(&fetcher, "http://127.0.0.1/").await;
        let found = (result.unwrap_err().code(), record.phase(), record.cause.unwrap().kind);
        assert_eq!(found, ("timeout", Phase::Queue, kind));
    }
}

#[test]
fn a_machine_without_a_route_says_so() {
    let name = "job_records::a_machine_without_a_route_says_so";
    netns::run(name, netns::LOCAL, async {
        let [fetcher, other] = [1, 2].map(|_| Fetcher::new(FetchSettings::default(), pool()).unwrap());
        let commands = ["ip route del local 0.0.0.0/0 dev lo", "ip -6 route del local ::/0 dev lo"];
        for command in commands {
            let mut words = command.split(' ');
            let status = std::process::Command::new(words.next().unwrap()).args(words).status().unwrap();
            assert!(status.success(), "{command}");
        }
        for (fetcher, page, kind) in [
            (fetcher, "http://93.184.215.14/", CauseKind::NoRoute),
            // To have no IPv6 is an operator's choice.
            (other, "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", CauseKind::Unreachable),
        ] {
            let (result, record) = job(&fetcher, page).await;
            assert_eq!((result.unwrap_err().code(), record.cause.unwrap().kind), ("connect-failure", kind));
        }
    });
}

#[test]
fn addresses_of_ipv6_are_unreachable_where_it_is_switched_off() {
    let name = "job_records::addresses_of_ipv6_are_unreachable_where_it_is_switched_off";
    netns::run(name, netns::LOCAL, async {
        std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").unwrap();
        let fetcher = Fetcher::new(FetchSettings::default(), pool()).unwrap();
        let page = "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/";
        let (result, record) = job(&fetcher, page).await;
        let found = (result.unwrap_err().code(), record.cause.unwrap().kind);
        assert_eq!(found, ("connect-failure", CauseKind::Unreachable));
    });
}

#[test]
fn a_broadcast_address_is_no_missing_route() {
    netns::run("job_records::a_broadcast_address_is_no_missing_route", netns::LOCAL, async {
        let route = ["route", "add", "broadcast", "93.184.215.255", "dev", "lo", "table", "local"];
        assert!(std::process::Command::new("ip").args(route).status().unwrap().success());
        let fetcher = Fetcher::new(FetchSettings::default(), pool()).unwrap();
        let (result, record) = job(&fetcher, "http://93.184.215.255/").await;
        let found = (result.unwrap_err().code(), record.cause.unwrap().kind);
        assert_eq!(found, ("connect-failure", CauseKind::Unreachable));
    });
}

#[tokio::test]
async fn a_wait_for_a_thread_that_decodes_is_a_wait_in_the_queue() {
    // "x", by gzip without compression.
    let coded = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x01\0\xfe\xffx\x83\x16\xdc\x8c\x01\0\0\0";
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 24\r\n\r\n";
    let origin = origin::fixed([head.as_bytes(), coded].concat()).await;
    let pool = pool();
    let settings = FetchSettings { timeout: Duration::from_secs(2), ..loopback() };
    let fetcher = Fetcher::new(settings, pool.clone()).unwrap();
    let (result, record) = job(&fetcher, &origin.url("/")).await;
    assert!(result.is_ok(), "{record:?}");

    let (release, gate) = std::sync::mpsc::channel::<()>();
    let busy = tokio::spawn(async move { pool.run(move || gate.recv().is_err()).await });
    let (result, record) = job(&fetcher, &origin.url("/")).await;
    drop(release);
    let found = (result.unwrap_err(), record.phase(), record.cause.unwrap().kind);
    assert_eq!(found, (FetchError::Timeout(Phase::Queue), Phase::Queue, CauseKind::Busy));
    assert_eq!(busy.await.unwrap(), Some(true));
}
