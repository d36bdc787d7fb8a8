//! Each fixture `name.html`, with the URL `https://example.org/dir/page`, has the links of `name.json`.

mod reference;

use links::{Link, Page};
use std::{fs, path::PathBuf};
use weburl::WebUrl;

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
