//! Each fixture `name.html`, with the URL `https://example.org/dir/page`, has the links of `name.json`.

mod reference;

use links::{Extraction, Link, Links, Method, Page, Syntax};
use std::{fs, path::PathBuf};
use weburl::WebUrl;

const SYNTAXES: [Syntax; 2] = [Syntax::Html, Syntax::Xhtml];

fn pages() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/links");
    let entries = fs::read_dir(folder).expect("the folder of fixtures is there");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    let mut pages: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "html")).collect();
    pages.sort();
    assert!(pages.len() > 50, "the fixtures are there");
    pages
}

#[test]
fn each_fixture_has_the_expected_links() {
    let url = WebUrl::parse("https://example.org/dir/page").unwrap();
    for path in pages() {
        let body = fs::read(&path).unwrap();
        let page = Page { body: &body, url: Some(&url), ..Page::default() };
        let list = fs::read(path.with_extension("json")).unwrap();
        let expected: Vec<Link> = serde_json::from_slice(&list).unwrap();
        assert!(page.links().links.iter().eq(expected), "{}: {:?}", path.display(), page.links().links);
    }
}

/// The fixtures whose texts, but not their links, are in another order than in the page: without texts no tree is built.
const STREAMED_WITHOUT_TEXTS: [&str; 1] = ["fostered-text-in-link.html"];

#[test]
fn each_fixture_has_the_same_hrefs_without_texts() {
    let url = WebUrl::parse("https://example.org/dir/page").unwrap();
    for (path, syntax) in pages().into_iter().flat_map(|path| SYNTAXES.map(|syntax| (path.clone(), syntax))) {
        let body = fs::read(&path).unwrap();
        let page = Page { body: &body, url: Some(&url), syntax, ..Page::default() };
        let without_texts = |mut found: Extraction| {
            let mut links = Links::default();
            found.links.iter().for_each(|link| links.push(&link.href, ""));
            (found.links, found.title) = (links, None);
            if STREAMED_WITHOUT_TEXTS.iter().any(|name| path.ends_with(name)) {
                assert_eq!(found.method, Method::Tree);
                found.method = Method::Streamed;
            }
            found
        };
        let hrefs = Page { hrefs_only: true, ..page };
        assert_eq!(hrefs.links(), without_texts(page.links()), "{}", path.display());
        assert_eq!(hrefs.links_as_written(), without_texts(page.links_as_written()), "{}", path.display());
    }
}

#[test]
fn each_fixture_agrees_with_html5ever() {
    for path in pages() {
        let body = fs::read(&path).unwrap();
        let found = Page { body: &body, ..Page::default() }.links_as_written();
        let expected = reference::links_and_base(found.encoding.decode(&body).0.as_bytes()).0;
        let agrees = found.links.iter().eq(expected) || reference::may_be_wrong(&body);
        assert!(agrees, "{}: {:?}", path.display(), found.links);
    }
}
