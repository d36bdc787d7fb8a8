use super::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

fn guard(allow: &[&str], deny: &[&str]) -> Guard {
    let list = |entries: &[&str]| entries.iter().map(|entry| (*entry).to_owned()).collect();
    Guard::new(&FetchSettings { allow: list(allow), deny: list(deny), ..FetchSettings::default() }).unwrap()
}

/// Whether `url` may be fetched if its host is, or resolves to, `ip`.
fn passes(guard: &Guard, url: &str, ip: &str) -> bool {
    let url = PageUrl::parse(url).unwrap();
    guard.destination(&url).is_ok_and(|to| guard.addresses(to.rules, &[ip.parse().unwrap()]).is_ok())
}

fn reaches(ip: &str) -> bool {
    passes(&guard(&[], &[]), "http://example.com/", ip)
}

#[test]
fn every_refused_network_ends_where_its_row_says() {
    for (net, _) in &*tables::NETWORKS {
        assert_eq!(net.trunc(), *net, "written without host bits");
        assert!(!reaches(&net.network().to_string()), "first of {net}");
        assert!(!reaches(&net.broadcast().to_string()), "last of {net}");
    }
    for outside in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.195.255",
        "192.31.197.0",
        "192.52.192.255",
        "192.52.194.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "192.175.47.255",
        "192.175.49.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2001:200::",
        "2001:db7:ffff::",
        "2001:db9::",
        "2001:ffff::",
        "2003::",
        "2620:4f:7fff::",
        "2620:4f:8001::",
        "3ffe:ffff::",
        "2000::",
        "2606:4700::1111",
    ] {
        assert!(reaches(outside), "{outside} is public");
    }
}

#[test]
fn nothing_outside_global_unicast_is_public() {
    for ip in [
        "::",
        "::1",
        "::2",
        "1::1",
        "100::",
        "100:0:0:1::",
        "1fff:ffff::",
        "4000::",
        "5f00::",
        "fc00::",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!reaches(ip), "{ip}");
    }
}

#[test]
fn every_form_that_embeds_ipv4_is_refused() {
    for carrier in [
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1:808:8:800::",
        "2002:808:808::1",
        "2001:0:808:808::f7f7:f7f7",
        "fe80::5efe:8.8.8.8",
    ] {
        assert!(!reaches(carrier), "{carrier}");
    }
    // ISATAP can have any public prefix: then the embedded address decides.
    for (isatap, public) in [
        ("2606:4700::5efe:8.8.8.8", true),
        ("2606:4700::200:5efe:8.8.8.8", true),
        ("2606:4700::5efe:10.0.0.1", false),
        ("2606:4700::200:5efe:169.254.169.254", false),
    ] {
        assert_eq!(reaches(isatap), public, "{isatap}");
    }
}

#[test]
fn the_ipv4_address_in_an_allowed_ipv6_address_is_checked() {
    for (allow, ip, passes_) in [
        ("64:ff9b::/96", "64:ff9b::8.8.8.8", true),
        ("64:ff9b::/96", "64:ff9b::10.0.0.1", false),
        ("64:ff9b:1::/48", "64:ff9b:1:808:8:800::", true),
        ("64:ff9b:1::/48", "64:ff9b:1:a00:0:100::", false),
        ("64:ff9b:1::/56", "64:ff9b:1:8:8:808::", true),
        ("64:ff9b:1::/56", "64:ff9b:1:a:0:1::", false),
        ("64:ff9b:1::/64", "64:ff9b:1:0:8:808:800:0", true),
        ("64:ff9b:1::/64", "64:ff9b:1:0:a:0:100:0", false),
        ("64:ff9b:1::/96", "64:ff9b:1::808:808", true),
        ("64:ff9b:1::/96", "64:ff9b:1::a00:1", false),
        // The length does not tell where the address is: all candidates have to be allowed.
        ("64:ff9b::/32", "64:ff9b:1:808:8:808:808:808", true),
        ("64:ff9b::/32", "64:ff9b:1:a00:0:108:808:808", false),
        ("::/0", "64:ff9b:1:808:8:808:a00:1", false),
        ("::ffff:0:0/96", "::ffff:127.0.0.1", false),
        ("2002::/16", "2002:7f00:1::1", false),
        ("2001::/32", "2001:0:808:808::f5ff:fffe", false),
        ("2001::/32", "2001:0:7f00:1::f7f7:f7f7", false),
    ] {
        assert_eq!(passes(&guard(&[allow], &[]), "http://example.com/", ip), passes_, "{ip} with {allow}");
    }
    let deny = guard(&["64:ff9b::/96"], &["8.8.8.0/24"]);
    assert!(!passes(&deny, "http://example.com/", "64:ff9b::8.8.8.8"), "the deny list counts inside too");
}

#[test]
fn one_refused_address_refuses_the_name() {
    let url = PageUrl::parse("http://example.com/").unwrap();
    let guard = guard(&[], &[]);
    let to = guard.destination(&url).unwrap();
    let addresses = ["93.184.215.14", "10.0.0.1"].map(|ip| ip.parse().unwrap());
    assert!(guard.addresses(to.rules, &addresses[..1]).is_ok());
    assert!(guard.addresses(to.rules, &addresses).is_err());
}

#[test]
fn names_are_refused_with_all_their_subdomains() {
    for refused in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.b.localhost.",
        "localhost.localdomain",
        "printer.local",
        "metadata.google.internal",
        "abc.onion",
        "x.home.arpa",
        "kubernetes.default.svc",
        "redis",
        "redis.",
        "xn--redis",
        "xn--zckzah",
        "bücher",
        "metadata.tencentyun.com",
        "vault.service.consul",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    ] {
        assert!(!passes(&guard(&[], &[]), &format!("http://{refused}/"), "8.8.8.8"), "{refused}");
    }
    for public in [
        "example.com",
        "local.example.com",
        "notlocalhost.com",
        "mylocal.net",
        "internal.example",
        "x.test",
        "xn--",
    ] {
        assert!(passes(&guard(&[], &[]), &format!("http://{public}/"), "8.8.8.8"), "{public}");
    }
}

#[test]
fn ports_are_refused_by_either_list() {
    assert!(ports::BAD.is_sorted(), "for binary search");
    let guard = guard(&[], &[]);
    let open = |port: u16| passes(&guard, &format!("http://example.com:{port}/"), "8.8.8.8");
    assert!(!ports::BAD.iter().chain(ports::SERVICES).any(|port| open(*port)));
    assert!([80, 443, 3000, 8000, 8080, 8443, 9000, 65535].into_iter().all(open));
    let none = Guard::new(&FetchSettings { ports_deny: Vec::new(), ..FetchSettings::default() }).unwrap();
    assert!(passes(&none, "http://example.com:6379/", "8.8.8.8"), "the operator's list is the operator's");
    assert!(!passes(&none, "http://example.com:22/", "8.8.8.8"), "the browsers' is not");
}

/// The table of docs/security.md.
#[test]
fn denying_wins_except_where_an_allow_entry_is_more_specific() {
    let (intern, public) = ("http://wiki.corp.internal/", "http://www.example.com/");
    for (allow, deny, url, ip, expected) in [
        // Neither.
        ("", "", intern, "10.1.2.3", false),
        ("", "", public, "10.1.2.3", false),
        ("", "", public, "8.8.8.8", true),
        // A network lifts the address rule, not the name rule.
        ("10.1.0.0/16", "", public, "10.1.2.3", true),
        ("10.1.0.0/16", "", public, "10.2.0.1", false),
        ("10.1.0.0/16", "", intern, "10.1.2.3", false),
        ("10.1.2.3", "", public, "10.1.2.3", true),
        // A host lifts the name rule and the address rule for itself.
        ("wiki.corp.internal", "", intern, "10.1.2.3", true),
        ("wiki.corp.internal.", "", intern, "10.1.2.3", true),
        ("WIKI.corp.internal", "", intern, "10.1.2.3", true),
        ("wiki.corp.internal", "", "http://other.corp.internal/", "10.1.2.3", false),
        ("corp.internal", "", intern, "10.1.2.3", false),
        ("*.corp.internal", "", intern, "10.1.2.3", true),
        ("*.corp.internal", "", "http://corp.internal/", "10.1.2.3", false),
        // Denying takes away.
        ("", "8.8.8.0/24", public, "8.8.8.8", false),
        ("", "www.example.com", public, "8.8.8.8", false),
        ("", "*.example.com", public, "8.8.8.8", false),
        ("", "example.com", public, "8.8.8.8", true),
        // Both: the longer prefix, and denying when they are equal.
        ("10.1.0.0/16", "10.0.0.0/8", public, "10.1.2.3", true),
        ("10.0.0.0/8", "10.1.0.0/16", public, "10.1.2.3", false),
        ("10.0.0.0/8", "10.0.0.0/8", public, "10.1.2.3", false),
        // Both: the closer name, and denying when they are equal.
        ("www.example.com", "*.example.com", public, "8.8.8.8", true),
        ("*.corp.internal", "*.internal", intern, "10.1.2.3", true),
        ("*.internal", "*.corp.internal", intern, "10.1.2.3", false),
        ("wiki.corp.internal", "wiki.corp.internal", intern, "10.1.2.3", false),
        // A host by its name is closer than a network; a pattern is not, and nothing is closer than an address.
        ("wiki.corp.internal", "10.0.0.0/8", intern, "10.1.2.3", true),
        ("*.corp.internal", "10.0.0.0/8", intern, "10.1.2.3", false),
        ("wiki.corp.internal", "10.1.2.3", intern, "10.1.2.3", false),
        ("10.1.0.0/16", "www.example.com", public, "10.1.2.3", false),
    ] {
        let entry = |entry: &'static str| if entry.is_empty() { vec![] } else { vec![entry] };
        let guard = guard(&entry(allow), &entry(deny));
        assert_eq!(passes(&guard, url, ip), expected, "allow {allow:?}, deny {deny:?}: {url} at {ip}");
    }
}

#[test]
fn allow_private_lifts_the_rules_but_not_the_deny_list() {
    let settings = FetchSettings {
        allow_private: true,
        deny: vec!["10.9.0.0/16".to_owned()],
        ..FetchSettings::default()
    };
    let guard = Guard::new(&settings).unwrap();
    assert!(passes(&guard, "http://localhost:6379/", "127.0.0.1"));
    assert!(passes(&guard, "http://redis:22/", "::ffff:127.0.0.1"));
    assert!(!passes(&guard, "http://example.com/", "10.9.0.1"));
}

#[test]
fn our_own_listeners_are_never_reached() {
    let own = |own: &str| FetchSettings {
        allow_private: true,
        own_addresses: vec![own.parse().unwrap()],
        ..FetchSettings::default()
    };
    let one = Guard::new(&own("127.0.0.1:5000")).unwrap();
    assert!(!passes(&one, "http://x.example:5000/", "127.0.0.1"));
    assert!(passes(&one, "http://x.example:5001/", "127.0.0.1"));
    assert!(passes(&one, "http://x.example:5000/", "127.0.0.2"));
    let all = Guard::new(&own("0.0.0.0:5000")).unwrap();
    assert!(!passes(&all, "http://x.example:5000/", "127.0.0.1"));
    assert!(!passes(&all, "http://x.example:5000/", "127.3.2.1"));
    assert!(!passes(&all, "http://x.example:5000/", "0.0.0.0"));
    assert!(passes(&all, "http://x.example:5000/", "8.8.8.8"));
}

#[test]
fn our_own_listeners_are_recognized_in_every_form() {
    for (own, ip, port, passes_) in [
        ("127.0.0.1:5000", "::ffff:127.0.0.1", 5000, false),
        ("127.0.0.1:5000", "::ffff:127.0.0.1", 5001, true),
        ("127.0.0.1:5000", "::ffff:127.0.0.2", 5000, true),
        ("127.0.0.1:5000", "::127.0.0.1", 5000, false),
        ("127.0.0.1:5000", "64:ff9b::127.0.0.1", 5000, false),
        ("127.0.0.1:5000", "0.0.0.0", 5000, false),
        ("127.0.0.1:5000", "0.0.0.0", 5001, true),
        ("127.0.0.1:5000", "::", 5000, false),
        ("127.0.0.1:5000", "::ffff:0.0.0.0", 5000, false),
        ("[::1]:5000", "::", 5000, false),
        ("[::1]:5000", "::1", 5000, false),
        ("[::]:5000", "127.0.0.1", 5000, false),
        ("[::]:5000", "::ffff:127.0.0.1", 5000, false),
        ("[::ffff:127.0.0.1]:5000", "127.0.0.1", 5000, false),
        ("0.0.0.0:5000", "::ffff:127.3.2.1", 5000, false),
        ("0.0.0.0:5000", "::ffff:8.8.8.8", 5000, true),
    ] {
        let own_addresses = vec![own.parse().unwrap()];
        let settings = FetchSettings { allow_private: true, own_addresses, ..FetchSettings::default() };
        let url = format!("http://x.example:{port}/");
        assert_eq!(passes(&Guard::new(&settings).unwrap(), &url, ip), passes_, "{ip}, listening at {own}");
    }
}

#[test]
fn the_system_is_asked_for_its_addresses_only_if_the_port_is_one_of_ours() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let own_addresses = vec!["0.0.0.0:5000".parse().unwrap(), "[::1]:5001".parse().unwrap()];
    let settings = FetchSettings { own_addresses, ..FetchSettings::default() };
    let is_local = |_| ASKED.fetch_add(1, Relaxed) > usize::MAX / 2;
    let guard = Guard { is_local, ..Guard::new(&settings).unwrap() };
    for (port, asks) in [(80, false), (5001, false), (5000, true)] {
        ASKED.store(0, Relaxed);
        assert!(passes(&guard, &format!("http://example.com:{port}/"), "8.8.8.8"));
        assert_eq!((ASKED.load(Relaxed) == 1, guard.asks_system(port)), (asks, asks), "port {port}");
    }
}

#[test]
fn an_invalid_entry_is_named() {
    for wrong in
        ["10.0.0.0/33", "10.1", "http://example.com", "", "*", "a b", "*.*.example.com", "10.0.0.1:80"]
    {
        let settings = FetchSettings { deny: vec![wrong.to_owned()], ..FetchSettings::default() };
        let error = Guard::new(&settings).map(|_| ()).expect_err(wrong);
        assert!(error.starts_with("fetch.deny: ") && error.contains(wrong), "{wrong}: {error}");
    }
}

#[test]
fn a_nat64_prefix_of_an_invalid_length_is_named() {
    let allow = |entry: &str| FetchSettings { allow: vec![entry.to_owned()], ..FetchSettings::default() };
    for wrong in ["64:ff9b:1::/52", "64:ff9b:1::/72", "64:ff9b:1:ffff::/95", "64:ff9b:1::808:808/128"] {
        let error = Guard::new(&allow(wrong)).map(|_| ()).expect_err(wrong);
        assert!(error.starts_with("fetch.allow: ") && error.contains(wrong), "{wrong}: {error}");
    }
    for right in
        ["64:ff9b:1::/48", "64:ff9b:1:ff00::/56", "64:ff9b:1:1::/64", "64:ff9b:1::/96", "::/0", "fd00::/52"]
    {
        assert!(Guard::new(&allow(right)).is_ok(), "{right}");
    }
    let deny = FetchSettings { deny: vec!["64:ff9b:1::/52".to_owned()], ..FetchSettings::default() };
    assert!(Guard::new(&deny).is_ok(), "what is denied is not read");
}

/// Whether the standard library, which knows fewer ranges, or the rule for IPv6 refuses `ip`.
pub(crate) fn is_surely_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
        }
        IpAddr::V6(ip) => ip.segments()[0] & 0xe000 != 0x2000,
    }
}
