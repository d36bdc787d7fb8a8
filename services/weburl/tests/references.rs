//! References and what they resolve to: rows for each part in which this crate differs from `url`, and what its methods
//! give for such URLs.

use proptest::{prelude::*, test_runner::RngSeed};
use weburl::{Host, Resolver, WebUrl, host_of};

fn resolved(reference: &str, base: &str) -> Option<String> {
    let base = WebUrl::parse(base).expect("a base is absolute");
    let found = base.join(reference).ok().map(|url| url.to_string());
    assert_eq!(
        Resolver::new(Some(&base), None).resolve(reference),
        found.as_deref(),
        "{reference:?} against {base}"
    );
    found
}

/// Rows of base, reference and result; an empty result for a reference that does not resolve.
fn check(rows: &[(&str, &str, &str)]) {
    for (base, reference, expected) in rows {
        let found = resolved(reference, base).unwrap_or_default();
        assert_eq!(found, *expected, "{reference:?} against {base}");
        if !found.is_empty() {
            let again = WebUrl::parse(&found).map(|url| url.to_string());
            assert_eq!(again.as_ref(), Ok(&found), "its own serialization");
        }
    }
}

#[test]
fn any_number_of_slashes_precedes_an_authority() {
    check(&[
        ("http://h/", "///b.test/p", "http://b.test/p"),
        ("http://h/", "////b.test/p", "http://b.test/p"),
        ("https://h/", "//\\b.test/p", "https://b.test/p"),
        ("http://h/", "\\/\\b.test\\p", "http://b.test/p"),
        ("http://h/", "/\t/\n/b.test/p", "http://b.test/p"),
        ("http://h/", "http:///b.test", "http://b.test/"),
        ("http://h/", "///u:p@b.test:80/", "http://u:p@b.test/"),
        ("http://h/", "///", ""),
        ("http://h/a/b", "/c", "http://h/c"),
        ("http://h/a/b", "HTTP:c", "http://h/a/c"),
        ("http://h/a/b", "https:c", "https://c/"),
        ("foo://h/a/b", "///c", "foo:///c"),
        ("mailto:a", "//b.test", ""),
    ]);
}

#[test]
fn a_backslash_ends_no_port_unless_it_is_a_slash() {
    check(&[
        ("http://h/", "foo://h:80\\x", ""),
        ("http://h/", "foo://h:\\", ""),
        ("http://h/", "foo://u:p@[::1]:80\\/x", ""),
        ("http://h/", "foo://h\\x", ""),
        ("foo://h/", "//h:80\\x", ""),
        ("http://h/", "foo://u:8\\@h:80/\\x", "foo://u:8%5C@h:80/\\x"),
        ("http://h/", "foo://h:80?:80\\", "foo://h:80?:80\\"),
        ("http://h/", "foo://h:80#@h:80\\", "foo://h:80#@h:80\\"),
        ("http://h/", "ftp://h:80\\x", "ftp://h:80/x"),
    ]);
}

#[test]
fn domains_of_ascii_are_kept_whatever_their_labels_are() {
    check(&[
        ("http://h/", "//xn--a.test/p?q#f", "http://xn--a.test/p?q#f"),
        ("http://h/", "https://u:p@XN--0.Test:8080/", "https://u:p@xn--0.test:8080/"),
        ("http://h/", "http://xn--/", "http://xn--/"),
        ("http://h/", "http://a.%58n--zn7c.com", "http://a.xn--zn7c.com/"),
        ("http://xn--a.test/a/b?c", "../d", "http://xn--a.test/d"),
        ("http://xn--a.test/a/b?c", "?d", "http://xn--a.test/a/b?d"),
        ("http://xn--a.test/a/b?c", "//o.test", "http://o.test/"),
        ("http://xn--a.test/a/b?c", "http:e", "http://xn--a.test/a/e"),
        ("http://xn--a.test/", "//xn-_a.test/", "http://xn-_a.test/"),
        ("http://xn--a.test/", "mailto:x", "mailto:x"),
        // Valid labels, which `url` takes.
        ("http://h/", "http://xn--bcher-kva.test", "http://xn--bcher-kva.test/"),
        // What is not ASCII alone is refused, and so are characters that no domain has.
        ("http://h/", "http://ä.xn--a.test/", ""),
        ("http://h/", "http://xn--a%2541.test/", ""),
        ("http://h/", "http://xn--a%2Fb.test/", ""),
        ("http://h/", "http://xn--a b.test/", ""),
        ("http://h/", "http://xn--a.test:99999/", ""),
        ("http://h/", "http://xn--a.1/", ""),
        ("http://h/", "http://%E2%93%A7n--a.test/", ""),
    ]);
}

#[test]
fn paths_are_encoded_as_the_standard_says() {
    check(&[
        ("http://h/", "/a^b?c^d#e^f", "http://h/a%5Eb?c^d#e^f"),
        ("http://h/a^b/c", "d^", "http://h/a%5Eb/d%5E"),
        ("http://xn--a/", "^", "http://xn--a/%5E"),
        ("foo://h/", "^", "foo://h/%5E"),
        ("http://h/", "mailto:a^b", "mailto:a^b"),
        ("http://h/", "data:x  ?q", "data:x %20?q"),
        ("http://h/", "data:x  #f", "data:x %20#f"),
        ("http://h/", "data:x  ", "data:x"),
        ("foo://h/a", "\\b", "foo://h/\\b"),
        ("foo://h/a", "\\\\b", "foo://h/\\\\b"),
        ("foo://h/a/b", "/\\h2/x", "foo://h/\\h2/x"),
        ("foo://h/a/b", "/\\", "foo://h/\\"),
        ("foo://h/a/b", "/\\/../\\?/\\", "foo://h/\\?/\\"),
        ("foo://h/C:/b", "/\\../../\\x", "foo://h/\\x"),
        ("foo://h", "\\", "foo://h/\\"),
        ("foo:/a/b", "/\\<", "foo:/\\%3C"),
        ("foo:/a/b", "\\/x", "foo:/a/\\/x"),
        ("foo:/.//a", "/\\x", "foo:/\\x"),
        ("foo:a", "/\\x", ""),
    ]);
}

#[test]
fn dot_segments_remove_drive_letters_unless_of_file() {
    check(&[
        ("http://h/", "http://h/C:/../x", "http://h/x"),
        ("http://h/", "http://h/c|/%2e%2e/y", "http://h/y"),
        ("http://h/", "http:\\\\h\\a/C:\\b/..\\.%2E\\?C:/../#C:/..", "http://h/a/?C:/../#C:/.."),
        ("http://h/", "https://u:p@h:1/C:/..", "https://u:p@h:1/"),
        ("http://h/", "ftp://h/C:/../../D|/..//", "ftp://h//"),
        ("http://h/", "ws://h/C:/..//..//x:", "ws://h//x:"),
        ("http://h/", "http://xn--a/C:/../x", "http://xn--a/x"),
        ("http://h/", "http://h/C:/./x/../", "http://h/C:/"),
        ("http://host/C:/docs/p.html", "../../x", "http://host/x"),
        ("http://host/C:/docs/p.html", "http:../../x", "http://host/x"),
        ("http://host/C:/docs/p.html?q", "..?r", "http://host/C:/?r"),
        ("http://host/C|/", "..", "http://host/"),
        ("http://xn--a/C:/D:/", "..", "http://xn--a/C:/"),
        ("http://h/a/b", "/C:/..//c", "http://h//c"),
        ("http://h/C:/b", "../../^ä", "http://h/%5E%C3%A4"),
        ("foo://h/C:/b", "../../x", "foo://h/x"),
        ("foo://h", "./C:/..", "foo://h/"),
        ("foo:/C:/b", "../..//x", "foo:/.//x"),
        ("foo:/.//C:/b", "../x", "foo:/.//x"),
        ("http://h/", "foo:/C:\\/../x", "foo:/x"),
        ("http://h/", "foo://u\\p@h/C:/..", "foo://u%5Cp@h/"),
        ("http://h/", "foo:C:/..", "foo:C:/.."),
        ("foo:C:/b", "../x", ""),
    ]);
}

#[test]
fn file_urls_keep_hosts_empty_segments_and_drive_letters() {
    check(&[
        ("http://h/", "file:////foo", "file:////foo"),
        ("http://h/", "file://localhost//a//../..//foo", "file://///foo"),
        ("http://h/", "file:\\\\host\\a b?c^#d e", "file://host/a%20b?c^#d%20e"),
        ("http://h/", "file://h/C:/a/b", "file://h/C:/a/b"),
        ("http://h/", "file:///C|/a/../../b", "file:///C:/b"),
        ("http://h/", "file:a^b", "file:///a%5Eb"),
        ("http://h/", "file://xn--/p", "file://xn--/p"),
        ("http://h/", "file://u@h/", ""),
        ("http://h/", "file://h:80/", ""),
        ("file:///d/page?q#f", "", "file:///d/page?q"),
        ("file:///d/page?q#f", "#g", "file:///d/page?q#g"),
        ("file:///d/page?q#f", "?p", "file:///d/page?p"),
        ("file:///d/page?q#f", "x", "file:///d/x"),
        ("file:///d/page?q#f", "../%2e%2E/.", "file:///"),
        ("file:///d/page?q#f", "/x//y/", "file:///x//y/"),
        ("file:///C:/d/page", "/x", "file:///C:/x"),
        ("file:///C:/d/page", "D|/x", "file:///D:/x"),
        ("file://host/d", "x", "file://host/x"),
        ("file://host/d", "//other/x", "file://other/x"),
        ("file:///d/page", "///b.test/p", "file:///b.test/p"),
        ("file:///d/page", "http://h/", "http://h/"),
        ("file:///d/page", "http:h", "http://h/"),
        ("file:///d/page", "mailto:x", "mailto:x"),
    ]);
}

#[test]
fn plain_references_are_resolved_as_all_others() {
    check(&[
        ("http://h/a/b?q#f", "", "http://h/a/b?q"),
        ("http://h/a/b?q#f", "#a:b%20#c", "http://h/a/b?q#a:b%20#c"),
        ("http://h/a/b?q#f", "?x?y#z", "http://h/a/b?x?y#z"),
        ("http://h/a/b", "c.html#f", "http://h/a/c.html#f"),
        ("http://h/a/b", "/c/../d/./e/..", "http://h/d/"),
        ("http://h/a/b", "../../../c//..//.", "http://h/c//"),
        ("http://h/a//b", "..", "http://h/a/"),
        ("http://h", "...", "http://h/..."),
        ("file:///a/b", "../../..", "file:///"),
        ("file:///a/b", ".//c", "file:///a//c"),
        ("file://host/a/b/c", "/d/.e", "file://host/d/.e"),
        ("ftp://h/a/b", "../c", "ftp://h/c"),
        ("http://h/wiki/Help:A", "/wiki/Talk:A_(b)", "http://h/wiki/Talk:A_(b)"),
        ("http://h/wiki/Help:A", "../a:b/%C3%A4%", "http://h/a:b/%C3%A4%"),
        ("http://h/a/b", "a:b/c", "a:b/c"),
        ("http://h/a/b", "./a:b/c", "http://h/a/a:b/c"),
        ("file:///a/b", "../file:///c", "file:///file:///c"),
        ("file:///a/b", "./C:/../c", "file:///a/c"),
        ("http://h/a/b", "%2e%2E/c", "http://h/c"),
    ]);
    // One after the other.
    let base = WebUrl::parse("http://h/a/b").unwrap();
    let mut resolver = Resolver::new(Some(&base), None);
    for (reference, expected) in [
        ("c", Some("http://h/a/c")),
        ("//[", None),
        ("ä", Some("http://h/a/%C3%A4")),
        ("http:", Some("http://h/a/b")),
    ] {
        assert_eq!(resolver.resolve(reference), expected);
        assert_eq!(resolver.resolved(), expected);
    }
    // A query may be encoded otherwise.
    let encode: &dyn Fn(&str) -> std::borrow::Cow<'_, [u8]> =
        &|query| query.to_uppercase().into_bytes().into();
    assert_eq!(Resolver::new(Some(&base), Some(encode)).resolve("c?d#e"), Some("http://h/a/c?D#e"));
}

#[test]
fn plain_urls_are_resolved_as_all_others() {
    check(&[
        ("file:///a", "https://a-1.b2.test/p:q/@r?s#t", "https://a-1.b2.test/p:q/@r?s#t"),
        ("http://h/a", "http://h.test", "http://h.test/"),
        ("http://h/a", "https://h.test?q", "https://h.test/?q"),
        ("http://h/a", "http://h.test/a/../b", "http://h.test/b"),
        ("http://h/a", "http://H.test/", "http://h.test/"),
        ("http://h/a", "http://h.test:80/", "http://h.test/"),
        ("http://h/a", "http://127.1/", "http://127.0.0.1/"),
        ("http://h/a", "http://0x7f/", "http://0.0.0.127/"),
        ("http://h/a", "http://h.test/%2e/ä", "http://h.test/%C3%A4"),
        ("http://h/a", "http:///h.test/", "http://h.test/"),
    ]);
    // A query may be encoded otherwise.
    let encode: &dyn Fn(&str) -> std::borrow::Cow<'_, [u8]> =
        &|query| query.to_uppercase().into_bytes().into();
    let mut resolver = Resolver::new(None, Some(encode));
    assert_eq!(resolver.resolve("http://h.test/c?d#e"), Some("http://h.test/c?D#e"));
    assert_eq!(resolver.resolve("http://h.test/c#e"), Some("http://h.test/c#e"));
}

/// Strings that resemble http URLs of which many stay as they are.
fn plain_url() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec![
        "a", "b1", "z", "0", "1", "0x1", "xn--a", "-", ".", ".", ".", "test", "A", ":", ":80", "@", "%41",
        "ä", "\\",
    ]);
    let host = prop::collection::vec(host, 0..6).prop_map(|pieces| pieces.concat());
    let scheme = prop::sample::select(vec!["http://", "https://", "http:/", "https:", "HTTP://", "ftp://"]);
    (scheme, host, plain_reference()).prop_map(|(scheme, host, rest)| [scheme, &*host, &*rest].concat())
}

#[test]
fn the_host_of_a_url_is_found_without_parsing_it() {
    for (url, host) in [
        ("http://a-1.b2.test:8080/p", Some("a-1.b2.test")),
        ("https://127.0.0.1:65535/[", Some("127.0.0.1")),
        ("http://127.1/", Some("127.0.0.1")),
        ("http://0127.0.0.1/", Some("87.0.0.1")),
        ("http://A.test/", Some("a.test")),
        ("http://u:p@a.test/", Some("a.test")),
        ("http://a.test:+80/", None),
        ("http://a.test:65536/", None),
        ("http://a.test", Some("a.test")),
        ("mailto:a@b.test", None),
        ("/p", None),
    ] {
        assert_eq!(host_of(url).as_deref(), host, "{url}");
    }
}

#[test]
fn parts_are_those_of_the_serialization() {
    for (text, scheme, host, host_and_port, path_and_query) in [
        ("http://h.test:8080/p?q#f", "http", Some("h.test"), "h.test:8080", "/p?q"),
        ("https://u:p@xn--a.test:444/p?q#f", "https", Some("xn--a.test"), "xn--a.test:444", "/p?q"),
        ("https://[::1]/", "https", Some("[::1]"), "[::1]", "/"),
        ("file://host/p?q#f", "file", Some("host"), "host", "/p?q"),
        ("file:///p", "file", None, "", "/p"),
        ("mailto:a@b", "mailto", None, "", "a@b"),
    ] {
        let url = WebUrl::parse(text).unwrap();
        assert_eq!((url.as_str(), url.scheme(), url.host_str()), (text, scheme, host));
        assert_eq!((url.host_and_port(), url.path_and_query()), (host_and_port, path_and_query), "{text}");
        assert_eq!(url.without_fragment(), text.trim_end_matches("#f"));
    }
    assert_eq!(WebUrl::parse("http://127.1/").unwrap().host(), Some(Host::Ipv4([127, 0, 0, 1].into())));
    assert_eq!(WebUrl::parse("http://xn--a.b/").unwrap().host(), Some(Host::Domain("xn--a.b")));
}

#[test]
fn credentials_and_fragment_can_be_removed() {
    for host in ["h.test", "xn--a.test", "xn--a.test:81"] {
        let mut url = WebUrl::parse(&format!("http://u:p@{host}/p?q#f")).unwrap();
        assert!(url.has_credentials() && url.has_fragment());
        url.remove_credentials();
        url.remove_fragment();
        assert!(!url.has_credentials() && !url.has_fragment());
        assert_eq!(url, WebUrl::parse(&format!("http://{host}/p?q")).unwrap());
        assert_eq!(url.as_str(), format!("http://{host}/p?q"));
    }
}

/// Strings that resemble references.
fn near_reference() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "http:", "file:", "foo:", "mailto:", "/", "//", "\\", "..", ".", "%2e", "?", "#", "@", ":", ":80", "C:", "c|",
            "xn--", "xn--a", "h.test", "localhost", "1.2.3.4", "[::1]", "[", "^", " ", "\t", "%", "%41", "ä", "a",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// Strings that resemble references of which most can be resolved without parsing.
fn plain_reference() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        40 => prop::sample::select(vec!["/", "/", "/", "..", "..", ".", "a", "b.c", "?", "#", "~!$&()*+,;=@-_", "z9"]),
        12 => prop::sample::select(vec![":", "%", "%41", "%2", "C:", "/C:", "/c:/", "../"]),
        3 => prop::sample::select(vec!["C:", "C|", "%2e", "%41", ":", "\\", "'", "[", "^", "ä", " ", "\n", "\""]),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    // A fixed seed: the result does not depend on chance.
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_resolver_resolves_as_the_parser_does(
        scheme in prop::sample::select(vec!["http://h", "https://u:p@h:1", "file://", "file://h", "http://xn--a", "foo://h", ""]),
        base in plain_reference(), references in prop::collection::vec(plain_reference(), 0..4),
    ) {
        let base = WebUrl::parse(&format!("{scheme}{base}")).ok();
        let mut resolver = Resolver::new(base.as_ref(), None);
        for reference in references {
            let parsed = WebUrl::parse_with(&reference, base.as_ref(), None).ok();
            prop_assert_eq!(resolver.resolve(&reference), parsed.as_ref().map(WebUrl::as_str), "{} against {:?}", reference, base);
        }
    }

    #[test]
    fn a_resolver_resolves_urls_as_the_parser_does(urls in prop::collection::vec(plain_url(), 1..8)) {
        let base = WebUrl::parse("file:///a/b").ok();
        let mut resolver = Resolver::new(base.as_ref(), None);
        for url in urls {
            let parsed = WebUrl::parse_with(&url, base.as_ref(), None).ok();
            prop_assert_eq!(resolver.resolve(&url), parsed.as_ref().map(WebUrl::as_str), "{}", url);
            let parsed = WebUrl::parse(&url).ok();
            let host = host_of(&url);
            prop_assert_eq!(host.as_deref(), parsed.as_ref().and_then(WebUrl::host_str), "{}", url);
        }
    }

    #[test]
    fn a_serialization_is_parsed_to_itself(base in near_reference(), reference in near_reference()) {
        let base = WebUrl::parse(&base).or_else(|_| WebUrl::parse(&format!("file:{base}")));
        let Ok(url) = WebUrl::parse_with(&reference, base.as_ref().ok(), None) else { return Ok(()) };
        prop_assert_eq!(WebUrl::parse(url.as_str()).map(|again| again.to_string()), Ok(url.to_string()));
        prop_assert!(url.without_fragment().contains(url.host_and_port()) && url.as_str().contains(url.path_and_query()));
    }
}
