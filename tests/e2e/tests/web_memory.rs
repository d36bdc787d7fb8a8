//! The memory of the web page under heavy pages, in every view and format, with clients that do not read: it stays below
//! `limits.memory`, and so below the limit of its container.

use e2e::{Client, Origin, Page, Program, Wire, web};
use http::StatusCode;
use std::fmt::Write;
use tokio::task::JoinSet;

/// `limits.memory` in MiB: a quarter of the default, for pages of a quarter of the size.
const LIMIT: u64 = 96;
/// Links of a page, each on a host of its own: the summary has as many rows.
const LINKS: usize = 25_000;
const PAGES: usize = 8;
/// Requests whose clients read the response, and those whose clients do not.
const READ: usize = 16;
const UNREAD: usize = 60;

/// Parts of the query: views of a page, and downloads.
const VIEWS: [&str; 8] = [
    "",
    "&format=csv",
    "&sort=text",
    "&format=json",
    "&unique=1&q=link",
    "&format=markdown",
    "&sort=address&page=40",
    "&format=text",
];

/// The answer of an API about a page with many links.
fn heavy(number: usize) -> Page {
    let mut json = String::from("[");
    for link in 0..LINKS {
        let comma = if link == 0 { "" } else { "," };
        let _ = write!(
            json,
            r#"{comma}{{"text":"link {link} of page {number} ä&lt;","href":"https://host-{link}.example/{number}/a?b=c&d"}}"#
        );
    }
    json.push(']');
    Page::new(StatusCode::OK, json).header("content-type", "application/json")
}

/// Each page in turn in each view.
fn targets() -> impl Iterator<Item = String> {
    (0..).map(|number: usize| {
        let view = VIEWS[number % VIEWS.len()];
        format!("/?url=http%3A%2F%2Fheavy.example%2F{}{view}", number / VIEWS.len() % PAGES)
    })
}

async fn unread(web: &Program) -> Vec<Wire> {
    let mut wires = Vec::new();
    for target in targets().take(UNREAD) {
        let mut wire = Wire::connect(web.address("service")).await;
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        wires.push(wire);
    }
    wires
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_the_web_page_stays_below_its_limit() {
    let origin = Origin::start().await;
    for number in 0..PAGES {
        origin.page(&format!("/api/http%3A%2F%2Fheavy.example%2F{number}"), heavy(number));
    }
    let memory = format!("{LIMIT}MiB");
    let web = web(
        origin.address(),
        &[
            ("LINKEXTRACTOR_WEB_LIMITS__MEMORY", &memory),
            ("LINKEXTRACTOR_WEB_LIMITS__PER_CLIENT", "1"),
            ("LINKEXTRACTOR_WEB_LOG__ACCESS", "false"),
        ],
    )
    .await;
    let _unread = unread(&web).await;
    let mut readers = JoinSet::new();
    for target in targets().take(READ) {
        let url = format!("http://{}{target}", web.address("service"));
        readers.spawn(async move { Client::default().get(&url).await.status });
    }
    let statuses = readers.join_all().await;
    let answered = statuses.iter().filter(|status| **status == StatusCode::OK).count();
    let peak = web.peak();
    eprintln!("{answered} of {READ} answered; KiB at most {peak}");
    assert!(answered > 0, "nothing was answered");
    assert!(peak < LIMIT * 1024, "{peak} KiB of {LIMIT} MiB");
}
