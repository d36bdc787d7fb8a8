//! Whatever a name server answers, a job ends in time, with few queries, and without a connection to a refused address.
//! That names may change their addresses at any time is in `destinations` and `names`.

use crate::support::{dns, loopback, origin, url};
use fetch::{FetchError, FetchSettings, Fetcher, Phase};
use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Queries of a job: both address families, tries, and some aliases.
const QUERIES: usize = 64;
const LOOK_UP: Duration = Duration::from_secs(3);
const NAMES: [&str; 14] = [
    "self",
    "one",
    "ring",
    "0.chain",
    "private",
    "mixed",
    "metadata",
    "mapped",
    "garbage",
    "empty",
    "claims",
    "truncated",
    "pointers",
    "huge",
];

fn asking(server: SocketAddr) -> FetchSettings {
    let name_servers = vec![server];
    let dns_try_timeout = LOOK_UP / 3;
    FetchSettings { name_servers, dns_timeout: LOOK_UP, dns_try_timeout, ..FetchSettings::default() }
}

fn aliases(names: &[&str], addresses: &[&str]) -> dns::Reply {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    dns::Reply::Aliases(names.iter().map(|name| (*name).to_owned()).collect(), addresses)
}

/// An alias whose target is another one, without end: `3.chain.test` of `4.chain.test`.
fn next_of_chain(name: &str) -> dns::Reply {
    let (number, rest) = name.split_once('.').unwrap();
    let number: u32 = number.parse().unwrap();
    aliases(&[&format!("{}.{rest}", number + 1)], &[])
}

fn reply(name: &str) -> dns::Reply {
    // A header with one question and 65,535 answers, and flags as in a good answer or a truncated one.
    let claims = |flags: [u8; 2]| [&flags[..], &[0, 1, 0xff, 0xff, 0, 0, 0, 0]].concat();
    match name {
        "self.test" => aliases(&["self.test"], &[]),
        "one.test" => aliases(&["other.test"], &[]),
        "other.test" => aliases(&["one.test"], &[]),
        "ring.test" => aliases(&["a.test", "b.test", "a.test"], &[]),
        name if name.ends_with(".chain.test") => next_of_chain(name),
        "private.test" => aliases(&["public.test"], &["10.0.0.1"]),
        "mixed.test" => aliases(&["public.test"], &["93.184.215.14", "10.0.0.1"]),
        "metadata.test" => aliases(&["a.test", "metadata.google.internal"], &["169.254.169.254"]),
        "mapped.test" => dns::addresses(&["::ffff:10.0.0.1"]),
        "garbage.test" => dns::Reply::Bytes(vec![0xff; 500]),
        "empty.test" => dns::Reply::Bytes(Vec::new()),
        "claims.test" => dns::Reply::Bytes(claims([0x81, 0x80])),
        "truncated.test" => dns::Reply::Bytes(claims([0x83, 0x80])),
        // Compressed names that point to themselves.
        "pointers.test" => dns::Reply::Bytes([claims([0x81, 0x80]), [0xc0, 0x0c].repeat(200)].concat()),
        "huge.test" => dns::Reply::Addresses(vec![IpAddr::from([10, 0, 0, 1]); 3000]),
        _ => dns::Reply::NoName,
    }
}

#[tokio::test]
async fn hostile_answers_of_name_servers_end_in_time() {
    let mut jobs = JoinSet::new();
    for name in NAMES {
        jobs.spawn(async move {
            let names = dns::serve("127.0.0.1:0", |name, _| reply(name)).await;
            let fetcher = Fetcher::new(asking(names.address), crate::support::pool()).unwrap();
            let (start, page) = (Instant::now(), url(&format!("http://{name}.test:1080/")));
            let result = fetcher.fetch(&page).await.map(|page| page.url);
            (name, result, start.elapsed(), names.queries())
        });
    }
    while let Some(job) = jobs.join_next().await {
        let (name, result, time, queries) = job.unwrap();
        let expected = match name {
            "private" | "mixed" | "metadata" | "mapped" => matches!(result, Err(FetchError::Blocked)),
            // The resolver may give up an answer of 48 KB, or read its first addresses.
            "huge" => {
                matches!(result, Err(FetchError::Blocked | FetchError::Dns | FetchError::Timeout(Phase::Dns)))
            }
            _ => matches!(result, Err(FetchError::Dns | FetchError::Timeout(Phase::Dns))),
        };
        assert!(expected, "{name}: {result:?}");
        assert!(time < 5 * LOOK_UP, "{name}: {time:?}");
        assert!(queries <= QUERIES, "{name}: {queries} queries");
    }
}

#[tokio::test]
async fn a_name_whose_aliases_lead_to_a_good_address_is_reached() {
    let names = dns::serve("127.0.0.1:0", |name, _| match name {
        "page.test" => aliases(&["a.test", "b.test"], &["127.0.0.1"]),
        _ => dns::Reply::NoName,
    })
    .await;
    let origin = origin::fixed(origin::html("x")).await;
    let settings = FetchSettings { name_servers: vec![names.address], ..loopback() };
    let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
    let page = url(&format!("http://page.test:{}/", origin.address.port()));
    assert_eq!(fetcher.fetch(&page).await.map(|page| page.body.len()), Ok(1));
}
