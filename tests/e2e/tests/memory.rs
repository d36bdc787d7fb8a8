//! The memory of the whole API under the worst pages, in every form, with clients that do not read: it stays below
//! `limits.memory`.

use e2e::{Client, Origin, Page, Wire, api};
use flate2::{Compression, write::GzEncoder};
use http::StatusCode;
use std::io::Write;
use tokio::task::JoinSet;

/// `limits.memory` in MiB; `fetch.memory` takes half of it, as the windows of decoders do not get smaller.
const LIMIT: u64 = 192;
/// Bytes of a page.
const PAGE: usize = 300_000;
const FORMS: [&str; 4] = ["application/json", "text/csv", "text/markdown", "text/plain"];

/// Pages that cost much: many links, long links, a tree, an approximate answer, another encoding.
fn worst_pages() -> Vec<Page> {
    let fill = |head: &str, part: &str| format!("{head}{}", part.repeat((PAGE - head.len()) / part.len()));
    let base = format!("<base href=/{}/>", "b".repeat(1000));
    let pages = [
        ("utf-8", fill("", "<a href=x>")),
        ("utf-8", fill(&base[..], "<a href=x>")),
        ("utf-8", fill("", "<p><b><a href=y>z")),
        ("utf-8", fill("", "<div><a href=z>\u{1}\"")),
        ("windows-1252", fill("", "<a href=?\u{7f}>\u{7f}</a>")),
    ];
    let page = |body: Vec<u8>| Page::new(StatusCode::OK, body);
    let mut all = Vec::new();
    for (charset, html) in pages {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(html.as_bytes()).expect("memory takes every write");
        let packed = packed.finish().expect("memory takes every write");
        let media_type = format!("text/html; charset={charset}");
        all.push(page(html.into()).header("content-type", &media_type));
        all.push(page(packed).header("content-type", &media_type).header("content-encoding", "gzip"));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_the_api_stays_below_its_limit() {
    let origin = Origin::start().await;
    let mut urls = Vec::new();
    for (number, page) in worst_pages().into_iter().enumerate() {
        // Each of the two is another page to the cache.
        urls.push(origin.page(&format!("/{number}?a"), page.clone()));
        urls.push(origin.page(&format!("/{number}?b"), page));
    }
    let api = api(&[
        ("LINKEXTRACTOR_API_LIMITS__MEMORY", &format!("{LIMIT}MiB")),
        ("LINKEXTRACTOR_API_LIMITS__PER_CLIENT", "1"),
        ("LINKEXTRACTOR_API_FETCH__MAX_BYTES", "1MB"),
        ("LINKEXTRACTOR_API_FETCH__MAX_JOBS_PER_HOST", "100"),
        ("LINKEXTRACTOR_API_FETCH__TIMEOUT", "60s"),
        ("LINKEXTRACTOR_API_LOG__ACCESS", "false"),
    ])
    .await;
    let address = api.address("service");
    let (mut unread, requests_made) = (Vec::new(), 2 * urls.len());
    let mut requests = JoinSet::new();
    for (number, url) in urls.iter().cycle().take(requests_made).cloned().enumerate() {
        let form = FORMS[number % FORMS.len()];
        let mut wire = Wire::connect(address).await;
        wire.send(format!("GET /api/{url} HTTP/1.1\r\nHost: a\r\nAccept: {form}\r\n\r\n")).await;
        unread.push(wire);
        requests.spawn(async move {
            let client = Client::default();
            client.get_with(&format!("http://{address}/api/{url}"), "accept", form).await.status.as_u16()
        });
    }
    let body = urls.join("\n");
    for _ in 0..12 {
        let mut wire = Wire::connect(address).await;
        let head = format!("Content-Type: text/uri-list\r\nContent-Length: {}\r\n", body.len());
        wire.send(format!("POST /api HTTP/1.1\r\nHost: a\r\n{head}\r\n{body}")).await;
        unread.push(wire);
    }
    let mut answered = 0;
    while let Some(status) = requests.join_next().await {
        answered += usize::from(status.expect("no panic") == 200);
    }
    let peak = api.peak();
    eprintln!("{answered} answered, at most {peak} KiB");
    assert!(peak < LIMIT * 1024, "{peak} KiB of {LIMIT} MiB");
    assert!(answered > 0, "nothing was answered");
    drop(unread);
}
