//! Memory stays under three times the page, with the answer, for every page in UTF-8 that is streamed.
//!
//! The benchmark `hostile` measures more and larger pages, and their time.

use links::{Link, LinkSelection, Method, Page};
use peak_alloc::PeakAlloc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use weburl::WebUrl;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const PAGE: usize = 1_000_000;

/// Memory that does not depend on the length of the page.
const FIXED: usize = 256 * 1024;

/// One test at a time: the allocator counts the memory of all of them.
fn alone() -> MutexGuard<'static, ()> {
    static RUNNING: Mutex<()> = Mutex::new(());
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The peak of memory, without the page itself, for `start` followed by repeated `part`.
fn peak(start: &[u8], part: &[u8]) -> usize {
    let body = [start, &part.repeat(PAGE / part.len())].concat();
    let url = WebUrl::parse("https://example.org/").expect("it is a URL");
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let found = Page { body: &body, url: Some(&url), ..Page::default() }.links();
    assert_eq!((found.method, found.unresolved), (Method::Streamed, 0));
    ALLOCATOR.peak_usage() - before
}

#[test]
fn memory_stays_under_three_times_the_page() {
    let _alone = alone();
    let broken = [&[0xFF; 2000][..], b"<b></b>"].concat();
    let nul = [b"<style>", &[0; 2000][..], b"</style>"].concat();
    let long = format!("<a href='{}'>", "\"é".repeat(10_000));
    let shapes: &[(&str, &[u8])] = &[
        ("", b"<a href>"),
        ("", b"<a href><a href=x>"),
        ("", b"<a href=x>t"),
        ("", b"<a href=1>some</a> <a href=2>text</a>"),
        ("", "<a href=é><a href=à>".as_bytes()),
        ("", long.as_bytes()),
        ("<meta charset=utf-8><a href=x>", &broken),
        ("<meta charset=utf-8><a href=x>", b"\xFF"),
        ("<a href=x>", &nul),
        ("<a href=x><style>", b"\0"),
        ("<a href=x>", b"t<b></b>"),
        ("<a href=x>", b"<"),
        ("<a href=x>", b"&amp"),
        ("<a href=x>&", b"a"),
        ("<div><p>", b"<table><td><a href=x></table>"),
    ];
    for (start, part) in shapes {
        let peak = peak(start.as_bytes(), part);
        let shape = String::from_utf8_lossy(&part[..part.len().min(40)]);
        assert!(peak < 3 * PAGE + FIXED, "{peak} bytes for {PAGE} of {start}{shape}");
    }
}

#[test]
fn each_address_once_takes_no_more_memory_than_the_shortest_links_as_json() {
    let _alone = alone();
    let links: Vec<_> =
        (0..200_000).map(|n| Link { text: "x".into(), href: format!("a:{n:x}").into() }).collect();
    let json: usize =
        links.iter().map(|link| r#"{"text":"","href":""},"#.len() + link.text.len() + link.href.len()).sum();
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let selection = LinkSelection { unique: true, ..LinkSelection::default() };
    assert_eq!(
        links
            .iter()
            .filter({
                let mut first = selection.filter(None);
                move |link| first(link)
            })
            .count(),
        links.len()
    );
    let peak = ALLOCATOR.peak_usage() - before;
    assert!(peak < json, "{peak} bytes for {json}");
}
