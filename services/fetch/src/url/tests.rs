use super::*;
use crate::{
    FetchSettings,
    guard::{Guard, tests::is_surely_private},
};
use proptest::{prelude::*, test_runner::RngSeed};

fn problem(input: &str) -> FetchError {
    PageUrl::parse(input).map(|url| url.to_string()).expect_err(input)
}

#[test]
fn outer_white_space_and_fragments_are_removed() {
    assert_eq!(
        PageUrl::parse(" \r\n\tHTTP://Example.COM:80/a?b#c \u{a0}").unwrap().to_string(),
        "http://example.com/a?b"
    );
    assert_eq!(
        PageUrl::parse("http://例え.テスト./").unwrap().to_string(),
        "http://xn--r8jz45g.xn--zckzah./"
    );
    assert_eq!(PageUrl::parse("http://XN--a.example/^").unwrap().to_string(), "http://xn--a.example/%5E");
}

#[test]
fn the_input_is_checked_before_the_parser_repairs_it() {
    for (input, expected) in [
        ("http://exa\nmple.com/", UrlProblem::ControlCharacter),
        ("http://example.com/\tx", UrlProblem::ControlCharacter),
        ("http://example.com/\u{0}", UrlProblem::ControlCharacter),
        ("http://example.com/\u{7f}x", UrlProblem::ControlCharacter),
        ("http://user:pass@example.com/", UrlProblem::UserInfo),
        ("http://user@example.com/", UrlProblem::UserInfo),
        ("http://@example.com/", UrlProblem::UserInfo),
        ("http://:@example.com/", UrlProblem::UserInfo),
        ("HTTPS:\\\\:@example.com?x", UrlProblem::UserInfo),
        ("http:@example.com", UrlProblem::UserInfo),
        ("http://example.com..", UrlProblem::HostName),
        ("http://a..example.com", UrlProblem::HostName),
        ("http://.example.com", UrlProblem::HostName),
        ("http://exa;mple.com/", UrlProblem::HostName),
        ("http://1.2.3.0x1g/", UrlProblem::HostName),
        ("http://", UrlProblem::Syntax),
        ("", UrlProblem::Syntax),
        ("http:", UrlProblem::Syntax),
        ("..", UrlProblem::Syntax),
        ("example.com", UrlProblem::NoScheme),
        ("example.com/a:b?c", UrlProblem::NoScheme),
        ("//example.com/", UrlProblem::NoScheme),
        ("http://256.256.256.256/", UrlProblem::Syntax),
    ] {
        assert_eq!(problem(input), FetchError::InvalidUrl(expected), "{input:?}");
    }
}

#[test]
fn an_at_sign_after_the_host_is_not_user_information() {
    for input in [
        "http://example.com/@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com?a@b",
        "http://example.com#@b",
        "http:example.com/a:b@c",
    ] {
        assert_eq!(PageUrl::parse(input).unwrap().as_url().host_str(), Some("example.com"), "{input}");
    }
}

#[test]
fn urls_and_host_names_over_their_length_limits_are_refused() {
    let label = |length: usize| format!("http://{}.com/", "a".repeat(length));
    assert!(PageUrl::parse(&label(63)).is_ok());
    assert_eq!(problem(&label(64)), FetchError::InvalidUrl(UrlProblem::HostName));
    let name = |labels: usize| format!("http://{}com/", "a.".repeat(labels));
    assert!(PageUrl::parse(&name(125)).is_ok());
    assert_eq!(problem(&name(126)), FetchError::InvalidUrl(UrlProblem::HostName));
    let path = |length: usize| format!("http://example.com/{}", "a".repeat(length - 19));
    assert!(PageUrl::parse(&path(8192)).is_ok());
    assert_eq!(problem(&path(8193)), FetchError::InvalidUrl(UrlProblem::TooLong));
}

#[test]
fn other_schemes_are_unsupported() {
    for input in
        ["file:///etc/passwd", "ftp://example.com/", "mailto:a@example.com", "x:", "javascript:alert(1)"]
    {
        assert_eq!(problem(input), FetchError::UnsupportedScheme, "{input}");
    }
}

#[test]
fn targets_of_redirects_are_checked_and_lose_their_user_information() {
    let from = PageUrl::parse("http://example.com/a/b?c").unwrap();
    for (location, to) in [
        (&b"../d?e#f"[..], "http://example.com/d?e"),
        (b"//other.example/", "http://other.example/"),
        (b"\\\\127.0.0.1\\", "http://127.0.0.1/"),
        (b"///127.0.0.1/", "http://127.0.0.1/"),
        (b"//\\/127.0.0.1/", "http://127.0.0.1/"),
        (b"//xn--a.example/a^b", "http://xn--a.example/a%5Eb"),
        (b"https://user:password@example.com/", "https://example.com/"),
        (b"https://:@example.com/", "https://example.com/"),
        ("/ä".as_bytes(), "http://example.com/%C3%A4"),
        (b"/\xe4?\xff\xfe", "http://example.com/%E4?%FF%FE"),
        ("//bücher.example/".as_bytes(), "http://xn--bcher-kva.example/"),
        (b"", "http://example.com/a/b?c"),
    ] {
        assert_eq!(from.redirected(location).unwrap().to_string(), to);
    }
    for location in [
        &b"file:///etc/passwd"[..],
        b"http://",
        b"http://a..b/",
        b"//\xff\xfe/",
        b"http://exa mple/",
        b"a\tb",
    ] {
        assert_eq!(from.redirected(location).unwrap_err(), FetchError::BadRedirect, "{location:?}");
    }
}

/// Strings that resemble URLs: hosts in many forms among other parts.
fn near_url() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            "http://", "https://", "//", "/", "\\", "@", ":", "#", "?", ".", "..", "[", "]", "::", "%2e", "%", " ", "\t",
            "127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "LOCALHOST", "::1", "::ffff:",
            "10.0.0.1", "169.254.169.254", "64:ff9b::", "example.com", "。", "①", "ⓛ", "x", ":80", ":6379", ":22",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => any::<std::net::IpAddr>().prop_map(|ip| ip.to_string()),
        1 => any::<u32>().prop_map(|ip| format!("{ip:#o}")),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    // A fixed seed: the result does not depend on chance.
    #![proptest_config(ProptestConfig {
        cases: 4096,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_string_panics_or_passes_with_a_refused_host(input in near_url(), http in any::<bool>()) {
        let input = if http { format!("http://{input}") } else { input };
        let guard = Guard::new(&FetchSettings::default()).unwrap();
        let Ok(page) = PageUrl::parse(&input) else { return Ok(()) };
        let url = page.as_url();
        prop_assert!(matches!(url.scheme(), "http" | "https"));
        prop_assert!(!url.has_credentials() && !url.has_fragment());
        let Ok(to) = guard.destination(&page) else { return Ok(()) };
        match url.host().expect("a page has a host") {
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                prop_assert!((name.contains('.') || name == "xn--") && !name.contains(".."));
                prop_assert!(name.rsplit('.').next() != Some("localhost"));
                prop_assert!(name.parse::<std::net::IpAddr>().is_err());
            }
            Host::Ipv4(ip) => prop_assert!(guard.addresses(to.rules, &[ip.into()]).is_err() || !is_surely_private(ip.into())),
            Host::Ipv6(ip) => prop_assert!(guard.addresses(to.rules, &[ip.into()]).is_err() || !is_surely_private(ip.into())),
        }
        prop_assert!(![22, 25, 6379].contains(&to.rules.port));
    }

    #[test]
    fn parsing_an_accepted_url_again_changes_nothing(input in near_url()) {
        if let Ok(url) = PageUrl::parse(&input) {
            prop_assert_eq!(PageUrl::parse(url.as_url().as_str()).unwrap(), url);
        }
    }
}
