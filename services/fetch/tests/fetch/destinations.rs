//! No connection is attempted to a refused destination, in any spelling, by any name or redirect; every public one is
//! reached. Runs in a network namespace where all addresses are local, with the system's resolver.

use crate::support::{dns, netns, origin, url};
use fetch::{FetchError, FetchSettings, Fetcher, PageUrl};

const PUBLIC: [&str; 9] = [
    "http://93.184.215.14/",
    "http://1.0.0.0/",
    "http://192.0.1.255/",
    "http://[2606:2800:220:1:248:1893:25c8:1946]/",
    "http://[2606:4700::5efe:8.8.8.8]/",
    "http://public.test/",
    "http://public.test./",
    "http://six.test/",
    "http://both.test/",
];

const REFUSED: [&str; 32] = [
    "http://10.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.0.0.1%2e/",
    "http://①②⑦.⓪.⓪.①/",
    "http:////169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:93.184.215.14]/",
    "http://[64:ff9b::93.184.215.14]/",
    "http://[2002:5db8:d70e::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[2606:4700::5efe:10.0.0.1]/",
    "http://localhost/",
    "http://LocalHost./",
    "http://redis:80/",
    "http://x.internal/",
    "http://public.test:22/",
    "http://public.test:6379/",
    "http://93.184.215.14:0/",
    "http://private.test/",
    "http://private6.test/",
    "http://mapped.test/",
    "http://mixed.test/",
    "http://mixed6.test/",
    "http://nat64.test/",
    "http://hop.test/10.0.0.1/",
    "http://hop.test/[::1]/",
    "http://hop.test/private.test/",
];

fn answer(name: &str) -> dns::Reply {
    match name {
        "public.test" | "hop.test" => dns::addresses(&["93.184.215.14"]),
        "six.test" => dns::addresses(&["2606:2800:220:1:248:1893:25c8:1946"]),
        "both.test" => dns::addresses(&["2606:2800:220:1:248:1893:25c8:1946", "93.184.215.14"]),
        "private.test" => dns::addresses(&["10.9.8.7"]),
        "private6.test" => dns::addresses(&["fd00::1"]),
        "mapped.test" => dns::addresses(&["::ffff:127.0.0.1"]),
        "mixed.test" => dns::addresses(&["93.184.215.14", "127.0.0.1"]),
        "mixed6.test" => dns::addresses(&["2606:2800:220:1:248:1893:25c8:1946", "10.0.0.1"]),
        "nat64.test" => dns::addresses(&["64:ff9b::5db8:d70e"]),
        "broken.test" => dns::Reply::Failure,
        "silent.test" => dns::Reply::Silence,
        "empty.test" => dns::addresses(&[]),
        _ => dns::Reply::NoName,
    }
}

/// `hop.test/x/` redirects to `http://x/`; everything else is a page.
fn respond(head: &str) -> Vec<u8> {
    let target = head.split(' ').nth(1).and_then(|path| path.strip_prefix('/'));
    match target.filter(|target| head.contains("\r\nhost: hop.test\r\n") && !target.is_empty()) {
        Some(target) => origin::redirect(302, &format!("http://{target}")),
        None => origin::html("<a href=/>x</a>"),
    }
}

#[test]
fn destinations_are_reached_or_refused_as_the_table_says() {
    netns::run("destinations::destinations_are_reached_or_refused_as_the_table_says", netns::LOCAL, async {
        let _names = dns::serve("127.0.0.1:53", |name, _| answer(name)).await;
        let _origin = origin::answering("[::]:80", respond).await;
        let fetcher = Fetcher::new(FetchSettings::default(), crate::support::pool()).unwrap();
        for public in PUBLIC {
            let page = fetcher.fetch(&url(public)).await;
            assert!(page.is_ok(), "{public}: {page:?}");
        }
        for refused in REFUSED {
            let before = netns::connections_begun();
            let result = fetcher.fetch(&url(refused)).await.map(|page| page.url);
            assert_eq!(result.unwrap_err(), FetchError::Blocked, "{refused}");
            // The first hop of a redirect may need a connection; its target may not get one.
            let begun = netns::connections_begun() - before;
            assert!(begun <= u64::from(refused.contains("hop.test")), "{refused}: {begun} connections");
        }
        for (name, error) in
            [("no", FetchError::Dns), ("broken", FetchError::Dns), ("empty", FetchError::Dns)]
        {
            let result = fetcher.fetch(&url(&format!("http://{name}.test/"))).await.map(|page| page.url);
            assert_eq!(result.unwrap_err(), error, "{name}");
        }
    });
}

#[test]
fn a_name_that_alternates_between_addresses_never_reaches_a_private_one() {
    let name = "destinations::a_name_that_alternates_between_addresses_never_reaches_a_private_one";
    netns::run(name, netns::LOCAL, async {
        const LOOKUPS: usize = 10_000;
        let _names = dns::serve("127.0.0.1:53", |_, before| {
            if before % 2 == 0 { dns::addresses(&["93.184.215.14"]) } else { dns::addresses(&["127.0.0.1"]) }
        })
        .await;
        let private = origin::answering("127.0.0.1:80", respond).await;
        let public = origin::answering("93.184.215.14:80", respond).await;
        let fetcher = Fetcher::new(FetchSettings::default(), crate::support::pool()).unwrap();
        let page = PageUrl::parse("http://rebind.test/").unwrap();
        let (mut reached, mut refused) = (0, 0);
        for _ in 0..LOOKUPS {
            match fetcher.fetch(&page).await {
                Ok(_) => reached += 1,
                Err(error) => {
                    assert_eq!(error, FetchError::Blocked);
                    refused += 1;
                }
            }
        }
        assert_eq!((reached, refused), (LOOKUPS / 2, LOOKUPS / 2), "every look-up is asked anew");
        assert_eq!(private.connections(), 0);
        assert!(public.connections() < 100, "kept connections serve the checked address");
    });
}
