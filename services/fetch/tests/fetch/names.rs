//! Names are looked up for every job and every redirect, and failures are reported.

use crate::support::{dns, loopback, netns, origin, url};
use fetch::{FetchError, FetchSettings, Fetcher, Phase};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

fn asking(server: SocketAddr) -> FetchSettings {
    FetchSettings { name_servers: vec![server], ..loopback() }
}

#[tokio::test]
async fn every_hop_looks_its_name_up_again() {
    let names = dns::serve("127.0.0.1:0", |_, _| dns::addresses(&["127.0.0.1"])).await;
    let origin = origin::answering("127.0.0.1:0", |head| {
        if head.starts_with("GET /1 ") { origin::redirect(302, "/2") } else { origin::html("x") }
    })
    .await;
    let fetcher = Fetcher::new(asking(names.address), crate::support::pool()).unwrap();
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
        0 | 1 => dns::addresses(&["127.0.0.1"]),
        2 => dns::addresses(&["127.0.0.2"]),
        _ => dns::addresses(&["127.0.0.3"]),
    })
    .await;
    let first = origin::fixed(origin::html("first")).await;
    let port = first.address.port();
    let second = origin::answering(&format!("127.0.0.2:{port}"), |_| origin::html("second")).await;
    let allow = vec!["127.0.0.1".to_owned(), "127.0.0.2".to_owned()];
    let fetcher =
        Fetcher::new(FetchSettings { allow, ..asking(names.address) }, crate::support::pool()).unwrap();
    let page = url(&format!("http://page.test:{port}/"));
    for expected in ["first", "first", "second"] {
        assert_eq!(fetcher.fetch(&page).await.unwrap().body, expected);
    }
    assert_eq!((first.connections(), second.connections()), (1, 1));
    assert_eq!(fetcher.fetch(&page).await.map(|page| page.url).unwrap_err(), FetchError::Blocked);
}

#[tokio::test]
async fn dns_failures_and_timeouts_are_told_apart() {
    let names = dns::failing().await;
    let fetcher = Fetcher::new(
        FetchSettings {
            dns_timeout: Duration::from_secs(2),
            dns_try_timeout: Duration::from_millis(500),
            ..asking(names.address)
        },
        crate::support::pool(),
    )
    .unwrap();
    for (name, error) in [
        ("nowhere", FetchError::Dns),
        ("failure", FetchError::Dns),
        ("empty", FetchError::Dns),
        ("silence", FetchError::Timeout(Phase::Dns)),
    ] {
        let result = fetcher.fetch(&url(&format!("http://{name}.test/"))).await.map(|page| page.url);
        assert_eq!(result.unwrap_err(), error, "{name}");
    }
}

#[tokio::test]
async fn a_host_is_reached_if_one_address_family_works() {
    let names = dns::serve("127.0.0.1:0", |_, _| dns::addresses(&["2001:db8::1", "127.0.0.1"])).await;
    let origin = origin::fixed(origin::html("x")).await;
    let settings = FetchSettings { allow: vec!["page.test".to_owned()], ..asking(names.address) };
    let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
    let page = url(&format!("http://page.test:{}/", origin.address.port()));
    assert!(fetcher.fetch(&page).await.is_ok(), "the other family is dialled when one leads nowhere");
}

#[tokio::test]
async fn addresses_beyond_the_first_64_are_neither_checked_nor_connected_to() {
    let names = dns::serve("127.0.0.1:0", |name, _| {
        let unused = if name == "short.test" { 60 } else { 64 };
        let allowed = std::iter::repeat_n("127.0.0.1", unused);
        dns::addresses(&allowed.chain(["10.0.0.1"]).collect::<Vec<_>>())
    })
    .await;
    let origin = origin::fixed(origin::html("x")).await;
    let fetcher = Fetcher::new(asking(names.address), crate::support::pool()).unwrap();
    for (name, expected) in [("short.test", Err(FetchError::Blocked)), ("long.test", Ok(1))] {
        let page = url(&format!("http://{name}:{}/", origin.address.port()));
        assert_eq!(fetcher.fetch(&page).await.map(|page| page.body.len()), expected, "{name}");
    }
}

#[tokio::test]
async fn silence_for_one_family_leaves_time_for_the_other() {
    let address = || dns::Reply::OneFamily(vec!["127.0.0.1".parse().unwrap()]);
    let names = dns::serve("127.0.0.1:0", move |_, _| address()).await;
    let origin = origin::fixed(origin::html("x")).await;
    let fetcher = Fetcher::new(asking(names.address), crate::support::pool()).unwrap();
    let page = url(&format!("http://page.test:{}/", origin.address.port()));
    let start = Instant::now();
    assert_eq!(fetcher.fetch(&page).await.map(|page| page.body.len()), Ok(1));
    let tried = FetchSettings::default().dns_try_timeout;
    assert!(start.elapsed() < tried, "IPv6 is not waited for: {:?}", start.elapsed());
}

#[tokio::test]
async fn silence_for_ipv4_leaves_time_for_ipv6() {
    let names = dns::serve("127.0.0.1:0", |_, _| dns::Reply::OneFamily(vec!["::1".parse().unwrap()])).await;
    let origin = origin::answering("[::1]:0", |_| origin::html("x")).await;
    let settings = FetchSettings { allow: vec!["page.test".to_owned()], ..asking(names.address) };
    let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
    let page = url(&format!("http://page.test:{}/", origin.address.port()));
    assert_eq!(fetcher.fetch(&page).await.map(|page| page.body.len()), Ok(1));
}

#[tokio::test]
async fn labels_that_begin_or_end_with_a_hyphen_are_looked_up() {
    let names = dns::serve("127.0.0.1:0", |_, _| dns::addresses(&["127.0.0.1"])).await;
    let origin = origin::fixed(origin::html("x")).await;
    let fetcher = Fetcher::new(asking(names.address), crate::support::pool()).unwrap();
    for name in ["-a-.page.test", "a.-b.page.test", "a-.page.test", "_x.page.test"] {
        let page = url(&format!("http://{name}:{}/", origin.address.port()));
        assert_eq!(fetcher.fetch(&page).await.map(|page| page.body.len()), Ok(1), "{name}");
        assert_eq!(names.asked(name), 1);
    }
}

/// Malformed lines among good ones, which have to be read all the same.
const ODD: netns::Files = netns::Files {
    resolv_conf: "nonsense\nnameserver 127.0.0.1\nsearch corp.test\noptions ndots:5 timeout:9 nonsense\n",
    hosts: "nonsense\n# comment\n10.0.0.7\n93.184.215.14 listed.test also-listed.test # comment\n10.0.0.1 private.test\n",
};

#[test]
fn the_systems_files_are_honoured() {
    netns::run("names::the_systems_files_are_honoured", ODD, async {
        let names = dns::serve("127.0.0.1:53", |name, _| match name {
            "wiki.corp.test" | "public.test" => dns::addresses(&["93.184.215.14"]),
            "later.test" => dns::addresses(&["10.0.0.1"]),
            _ => dns::Reply::NoName,
        })
        .await;
        let _origin = origin::answering("[::]:80", |_| origin::html("x")).await;
        let fetcher = Fetcher::new(
            FetchSettings { allow: vec!["wiki".to_owned()], ..FetchSettings::default() },
            crate::support::pool(),
        )
        .unwrap();
        let outcome = async |name: &str| fetcher.fetch(&url(&format!("http://{name}/"))).await.map(|_| ());

        for listed in ["listed.test", "also-listed.test", "LISTED.test."] {
            assert_eq!(outcome(listed).await, Ok(()), "{listed} is in the hosts file");
        }
        assert_eq!(names.asked("listed.test"), 0, "which is read first");
        assert_eq!(outcome("private.test").await, Err(FetchError::Blocked), "and guarded like the rest");

        assert_eq!(outcome("wiki").await, Ok(()), "search domains complete a name that is allowed");
        assert_eq!(outcome("wiki.").await, Err(FetchError::Dns), "but none that ends in a dot");
        assert_eq!(outcome("public.test").await, Ok(()));
        assert_eq!(outcome("unknown.test").await, Err(FetchError::Dns));
        assert_eq!(
            names.asked("public.test.corp.test") + names.asked("unknown.test.corp.test"),
            0,
            "but no other"
        );

        assert_eq!(outcome("later.test").await, Err(FetchError::Blocked));
        std::fs::write("/etc/hosts", "93.184.215.14 later.test\n").unwrap();
        let noticed = async {
            while outcome("later.test").await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), noticed).await.expect("a change is noticed");
    });
}

#[test]
fn without_system_files_the_local_name_server_is_used() {
    let none = netns::Files { resolv_conf: "", hosts: "" };
    netns::run("names::without_system_files_the_local_name_server_is_used", none, async {
        let _names = dns::serve("127.0.0.1:53", |_, _| dns::addresses(&["93.184.215.14"])).await;
        let _origin = origin::answering("93.184.215.14:80", |_| origin::html("x")).await;
        let fetcher = Fetcher::new(FetchSettings::default(), crate::support::pool()).unwrap();
        assert!(fetcher.fetch(&url("http://page.test/")).await.is_ok());
    });
}
