//! Hostile pages do not stall, abort or fill the memory: the answer is bounded by the size of the page.

use links::{Extraction, Method, Page};
use std::thread;
use weburl::WebUrl;

/// The stack of threads that extract, in bytes.
const STACK: usize = 2 * 1024 * 1024;

fn extract(body: String) -> Extraction {
    let work = move || {
        let url = WebUrl::parse("https://example.org/").expect("it is a URL");
        let found = Page { body: body.as_bytes(), url: Some(&url), ..Page::default() }.links();
        let size: usize = found.links.iter().map(|link| link.text.len() + link.href.len()).sum();
        assert!(size < 8 * body.len() + 5_000_000, "{size} bytes of links from {} of page", body.len());
        found
    };
    thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread starts").join().expect("no panic")
}

fn repeated(start: &str, part: &str, times: usize) -> Extraction {
    extract(start.to_owned() + &part.repeat(times))
}

#[test]
fn links_without_end_tags_are_found() {
    let found = repeated("", "<a href=x>t", 100_000);
    assert_eq!((found.links.len(), found.method), (100_000, Method::Streamed));
}

#[test]
fn deep_nesting_has_an_approximate_answer() {
    for part in
        ["<div>", "<b>", "<span>", "<svg>", "<template></template><p><i>", "<table><td>", "<ruby><rt>"]
    {
        let found = repeated("<a href=x>t</a>", part, 20_000);
        assert_eq!((found.links.len(), found.method), (1, Method::Approximate), "{part}");
    }
    let found = repeated("", "<b><a href=x>t", 100_000);
    assert_eq!((found.links.len(), found.method), (100_000, Method::Approximate));
}

#[test]
fn nested_links_do_not_multiply_their_text() {
    let found = repeated("", "<a href=x>some text<object>", 50_000);
    assert_eq!((found.links.len(), found.method), (50_000, Method::Approximate));
}

#[test]
fn a_link_that_is_reconstructed_often_does_not_multiply_its_href() {
    let long = format!("<p><a href='{}'></p>", "x".repeat(100_000));
    let found = repeated(&long, "<p>t</p>", 50_000);
    assert_eq!(found.method, Method::Approximate);
}

#[test]
fn a_long_base_url_does_not_multiply() {
    let base = format!("<base href='/{}/'>", "x".repeat(100_000));
    for part in [
        "<a href=y>t</a>",
        "<a href>t</a>",
        "<a href=y>t</a><a href=z>t</a>",
        "<a href=..>t</a><a href=//e.org>t</a>",
    ] {
        let links = part.matches("href").count();
        let found = repeated(&base, part, 50_000 / links);
        assert_eq!(found.links.len() + found.unresolved, 50_000);
        assert!(found.unresolved > 0, "{part}");
    }
}

#[test]
fn many_attributes_do_not_slow_extraction_down() {
    let attributes = (0..50_000).map(|n| format!(" x{n}=y")).collect::<Vec<_>>().concat();
    let found = extract(format!("<b{attributes}><a{attributes} href=x>t</a>"));
    assert_eq!((found.links.len(), found.method), (1, Method::Streamed));
    let fonts = (0..5_000).map(|n| format!("<font x{n}=y a b c>")).collect::<Vec<_>>().concat();
    assert_eq!(extract(fonts + "<a href=x>t").links.len(), 1);
    let tree = |count| {
        let start = "<table><tr><a href=1>x</a><td><a href=2>y</a></td>z<a href=3>q</a></table>";
        let attributes = (0..count).map(|n| format!(" x{n}")).collect::<Vec<_>>().concat();
        extract(format!("{start}<b{attributes}>")).method
    };
    // Attributes are compared only where three elements of one name are formatting.
    assert_eq!([tree(64), tree(65), tree(50_000)], [Method::Tree; 3]);
}

#[test]
fn many_formatting_elements_stay_linear_in_the_tree() {
    // A link that moves before a table with links needs the tree.
    let start = "<table><tr><a href=1>x</a><td><a href=2>y</a></td>z<a href=3>q</a></table>";
    let own = |n| format!("<b i{n}>");
    let found = extract(start.to_owned() + &(0..20_000).map(own).collect::<Vec<_>>().concat());
    assert_eq!((found.links.len(), found.method), (3, Method::Approximate));
    let found = extract(start.to_owned() + &(0..200).map(own).collect::<Vec<_>>().concat());
    assert_eq!((found.links.len(), found.method), (3, Method::Tree));
    assert_eq!(repeated(start, "<div>", 20_000).method, Method::Approximate);
    let ordinary = "<b>t</b> <a href=x class=y>t</a> and some text of the kind that is between links ";
    assert_eq!(repeated(start, ordinary, 10_000).method, Method::Tree);
}

#[test]
fn unmatched_end_tags_with_a_long_formatting_list_stay_linear() {
    let mut start = "<a href=x>t</a>".to_owned();
    for n in 0..300 {
        for name in ["i", "big", "code", "em", "font", "s", "small", "strike", "strong", "tt", "u"] {
            start.extend(["<", name, " a", &n.to_string(), ">"]);
        }
    }
    start += "<div>";
    for part in ["</b>", "<a name=x></a>", "<b></b>"] {
        let found = repeated(&start, part, 100_000);
        assert_eq!((found.links.len(), found.method), (1, Method::Approximate), "{part}");
    }
}

#[test]
fn a_page_over_the_size_limit_is_reported_as_truncated() {
    let mut body = vec![b'x'; (256 << 20) + 1];
    body[..15].copy_from_slice(b"<a href=x>t</a>");
    let found = Page { body: &body, ..Page::default() }.links_as_written();
    assert_eq!((found.links.len(), found.truncated), (1, true));
    assert!(!Page { body: &body[1..], ..Page::default() }.links().truncated);
}

#[test]
fn unterminated_markup_ends_with_the_page() {
    for part in [
        "<",
        "<!--",
        "<!",
        "</",
        "<a",
        "<a ",
        "<a href='",
        "&",
        "&#",
        "\0",
        "<script><!--",
        "</script",
        "<![CDATA[",
    ] {
        repeated("<a href=x>", part, 20_000);
        repeated("<svg><a href=x>", part, 20_000);
        repeated("<a href=x><script><!--<script>", part, 20_000);
        repeated("<a href=x><title>", part, 20_000);
    }
}

#[test]
fn alternating_tables_and_formatting_stay_linear() {
    for part in [
        "<table><a href=x>",
        "<a href=x><table>",
        "<a href=x><div>",
        "<a href=x><p></a>",
        "<b><div></b>",
        "<a href=x><b><p></b></a>",
        "<a href=x><table><tr><td></table>t",
        "<table><td><a href=x></table>",
        "<select><option><a href=x>",
        "<nobr><p>",
        "<x\0><a href=x></x\u{FFFD}>",
        "</p><b>",
    ] {
        repeated("", part, 5_000);
        repeated("<a href=x><table>", part, 5_000);
    }
}
