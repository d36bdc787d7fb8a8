//! Tag soup: generated pages have the links of html5ever's tree.
//!
//! `LINKS_SOUP` is the number of pages, 3,000 by default; `LINKS_SEED` is the first seed.

#[path = "soup/generator.rs"]
mod generator;
mod reference;

use generator::{MANY_ATTRIBUTES, Random, pieces};
use links::{Encoding, Extraction, Link, Links, Method, Page};
use std::{borrow::Cow, env, panic};
use weburl::WebUrl;

/// The links as written, and resolved.
type Lists = (Vec<Link<'static>>, Vec<Link<'static>>);

fn found(page: &str) -> Lists {
    let written = in_utf_8(page, None).links_as_written();
    let hrefs = Page { hrefs_only: true, ..in_utf_8(page, None) }.links_as_written();
    assert!(hrefs.links.iter().map(|link| link.href).eq(written.links.iter().map(|link| link.href)));
    assert!(hrefs.links.iter().all(|link| link.text == "[IMG]"), "no texts are wanted");
    (owned(&written.links), owned(&extraction(page).links))
}

fn owned(links: &Links) -> Vec<Link<'static>> {
    let owned = |value: Cow<str>| Cow::Owned(value.into_owned());
    links.iter().map(|link| Link { text: owned(link.text), href: owned(link.href) }).collect()
}

fn extraction(page: &str) -> Extraction {
    in_utf_8(page, Some(&page_url())).links()
}

fn in_utf_8<'a>(page: &'a str, url: Option<&'a WebUrl>) -> Page<'a> {
    Page { body: page.as_bytes(), declared: Encoding::for_label(b"utf-8"), url, ..Page::default() }
}

fn expected(page: &str) -> Lists {
    let (written, base) = reference::links_and_base(page.as_bytes());
    let url = page_url();
    let base = base.and_then(|base| url.join(&base).ok()).unwrap_or(url);
    let resolve = |link: &Link<'static>| {
        Some(Link { href: base.join(&link.href).ok()?.to_string().into(), text: link.text.clone() })
    };
    let resolved = written.iter().filter_map(resolve).collect();
    (written, resolved)
}

fn page_url() -> WebUrl {
    WebUrl::parse("https://example.org/dir/page").expect("it is a URL")
}

fn disagrees(page: &str) -> bool {
    panic::catch_unwind(|| found(page))
        .map_or(true, |found| found != expected(page) && !may_be_approximate(page))
}

/// Only many attributes may make an answer approximate, and the answer must say so.
fn may_be_approximate(page: &str) -> bool {
    page.contains(MANY_ATTRIBUTES) && extraction(page).method == Method::Approximate
}

/// Removes pieces while the page still disagrees.
fn smallest(mut pieces: Vec<String>) -> String {
    let mut index = 0;
    while index < pieces.len() {
        let mut fewer = pieces.clone();
        fewer.remove(index);
        if disagrees(&fewer.concat()) {
            pieces = fewer;
            index = 0;
        } else {
            index += 1;
        }
    }
    pieces.concat()
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn tag_soup_agrees_with_html5ever() {
    let first = number("LINKS_SEED", 1);
    let mut disagreements = Vec::new();
    for seed in first..first + number("LINKS_SOUP", 3000) {
        let pieces = pieces(&mut Random::new(seed));
        if disagrees(&pieces.concat()) {
            let page = smallest(pieces);
            if reference::may_be_wrong(page.as_bytes()) {
                continue;
            }
            disagreements.push(page);
            if disagreements.len() == 20 {
                break;
            }
        }
    }
    disagreements.sort_by_key(String::len);
    for page in &disagreements {
        let found = panic::catch_unwind(|| found(page));
        println!("{page:?}\n  found    {found:?}\n  expected {:?}", expected(page));
    }
    assert!(disagreements.is_empty(), "{} pages disagree", disagreements.len());
}
