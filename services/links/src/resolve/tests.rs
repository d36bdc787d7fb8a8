use super::resolve;
use crate::Links;
use encoding_rs::{Encoding, KOI8_R, SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_1252};
use weburl::WebUrl;

/// `count` links that repeat these hrefs in order.
fn links(hrefs: &[&str], count: usize) -> Links {
    let mut links = Links::default();
    for href in hrefs.iter().cycle().take(count) {
        links.push(href, "t");
    }
    links
}

const PAGE: &str = "https://e.org/dir/page?q#f";

fn resolved(
    href: &str,
    base: Option<&str>,
    url: Option<&str>,
    encoding: &'static Encoding,
) -> Option<String> {
    let url = url.map(|url| WebUrl::parse(url).unwrap());
    let (links, removed) = resolve(links(&[href], 1), base, url.as_ref(), encoding, 1000);
    assert_eq!(removed, 1 - links.len());
    links.iter().next().map(|link| link.href.into_owned())
}

fn on_page(href: &str, base: Option<&str>) -> Option<String> {
    resolved(href, base, Some(PAGE), UTF_8)
}

#[test]
fn references_resolve_against_the_page() {
    for (href, expected) in [
        ("x", "https://e.org/dir/x"),
        ("", "https://e.org/dir/page?q"),
        ("#g", "https://e.org/dir/page?q#g"),
        ("?p", "https://e.org/dir/page?p"),
        ("//o.net", "https://o.net/"),
        ("///o.net/^", "https://o.net/%5E"),
        ("//xn--a.net", "https://xn--a.net/"),
        (" /é \n", "https://e.org/%C3%A9"),
        ("java\nscript:alert(1)", "javascript:alert(1)"),
        ("mailto:x@e.org", "mailto:x@e.org"),
    ] {
        assert_eq!(on_page(href, None).as_deref(), Some(expected), "{href:?}");
    }
    assert_eq!(on_page("http://[", None), None);
    assert_eq!(on_page("https://a b/", None), None);
}

#[test]
fn a_usable_base_element_is_the_base_url() {
    assert_eq!(on_page("x", Some("/b/")).unwrap(), "https://e.org/b/x");
    assert_eq!(on_page("x", Some("https://o.net/b")).unwrap(), "https://o.net/x");
    for unusable in ["data:text/html,x", "javascript:0", "http://["] {
        assert_eq!(on_page("x", Some(unusable)).unwrap(), "https://e.org/dir/x", "{unusable}");
    }
    assert_eq!(on_page("x", Some("mailto:x@e.org")), None);
}

#[test]
fn without_a_page_url_only_base_and_absolute_references_resolve() {
    assert_eq!(resolved("x", None, None, UTF_8), None);
    assert_eq!(resolved("x", Some("/b/"), None, UTF_8), None);
    assert_eq!(resolved("x", Some("http://o.net/b/"), None, UTF_8).unwrap(), "http://o.net/b/x");
    assert_eq!(resolved("http://o.net", None, None, UTF_8).unwrap(), "http://o.net/");
}

#[test]
fn a_query_is_encoded_in_the_encoding_of_the_page() {
    let query = |encoding, href| resolved(href, None, Some(PAGE), encoding).unwrap();
    assert_eq!(query(WINDOWS_1252, "/é?é#é"), "https://e.org/%C3%A9?%E9#%C3%A9");
    assert_eq!(query(KOI8_R, "?я&й"), "https://e.org/dir/page?%D1&%CA");
    assert_eq!(query(SHIFT_JIS, "?日"), "https://e.org/dir/page?%93%FA");
    assert_eq!(query(WINDOWS_1252, "?日é"), "https://e.org/dir/page?%26%2326085%3B%E9");
    assert_eq!(query(UTF_16LE, "?é"), "https://e.org/dir/page?%C3%A9", "UTF-16 encodes as UTF-8");
    assert_eq!(
        query(WINDOWS_1252, "wss://e.org/?é"),
        "wss://e.org/?%C3%A9",
        "http, https, file and ftp only"
    );
}

#[test]
fn links_that_exceed_the_memory_limit_are_left_out() {
    let base = format!("http://e.org/{}/", "x".repeat(100_000));
    let (links, removed) = resolve(links(&["y"], 10_000), Some(&base), None, UTF_8, 110_000);
    assert!(removed > 9_000 && !links.is_empty());
    assert_eq!(removed + links.len(), 10_000);
}

#[test]
fn links_that_exceed_the_work_limit_are_left_out_however_short_their_urls() {
    let base = format!("http://e.org/{}/", "x".repeat(1_000_000));
    for href in ["..", "/", "http://o.net"] {
        let (links, removed) =
            resolve(links(&[href, "http://e.net"], 50_000), Some(&base), None, UTF_8, 1_500_000);
        assert!(removed > 49_900 && !links.is_empty(), "{href}: {removed}");
    }
}

#[test]
fn a_repeated_href_is_resolved_or_left_out_each_time() {
    let (links, removed) =
        resolve(links(&["y", "y", "http://[", "http://["], 8), Some("http://e.org/"), None, UTF_8, 100);
    assert_eq!(removed, 4);
    assert!(links.iter().map(|link| link.href).eq(["http://e.org/y"; 4]));
}

#[test]
fn a_base_of_usual_length_leaves_no_link_out() {
    let base = format!("http://e.org/{}/", "x".repeat(150));
    let page_len = 20_000 * "<a href=y>t</a>\n".len();
    assert_eq!(resolve(links(&["y"], 20_000), Some(&base), None, UTF_8, page_len).1, 0);
}
