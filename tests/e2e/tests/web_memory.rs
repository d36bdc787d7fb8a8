//! The memory of the web page under heavy pages, in every view and format, with clients that do not read: it stays below
//! `limits.memory`, and so below the limit of its container.

use bytes::Bytes;
use e2e::{Client, Origin, Page, Program, Wire, web, within};
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{fmt::Write, net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, task::JoinSet};

/// `limits.memory` in MiB: a quarter of the default, for pages of a quarter of the size.
const LIMIT: u64 = 96;
/// Links of a page, each on a host of its own: the summary has as many rows.
const LINKS: usize = 25_000;
const PAGES: usize = 8;
/// Links of the longest page that has to be shown at a limit of `LIMIT`.
const MANY: usize = 100_000;
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

const CODINGS: [&str; 4] = ["identity", "gzip", "zstd", "br"];

/// The answer of an API about a page with many links.
fn heavy(number: usize, links: usize) -> Page {
    let mut json = String::from("[");
    for link in 0..links {
        let comma = if link == 0 { "" } else { "," };
        let _ = write!(
            json,
            r#"{comma}{{"text":"link {link} of page {number} ä&lt;","href":"https://host-{link}.example/{number}/a?b=c&d"}}"#
        );
    }
    json.push(']');
    Page::new(StatusCode::OK, json).header("content-type", "application/json")
}

/// The URL of a page, encoded. Every other one is long: all links to other views hold it.
fn url(page: usize) -> String {
    let query = if page.is_multiple_of(2) { String::new() } else { format!("%3F{}", "x".repeat(7000)) };
    format!("http%3A%2F%2Fheavy.example%2F{page}{query}")
}

/// Each page in turn in each view, and the coding to ask for.
fn targets() -> impl Iterator<Item = (String, &'static str)> {
    (0..).map(|number: usize| {
        let (view, round) = (VIEWS[number % VIEWS.len()], number / VIEWS.len());
        let target = format!("/?url={}{view}", url(round % PAGES));
        (target, CODINGS[(number + round) % CODINGS.len()])
    })
}

/// Requests over HTTP/1 and HTTP/2 whose clients read nothing.
async fn unread(web: SocketAddr) -> (Vec<Wire>, Vec<Response<Incoming>>) {
    let (mut wires, mut streams) = (Vec::new(), JoinSet::new());
    for (target, coding) in targets().take(UNREAD) {
        let mut wire = Wire::connect(web).await;
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding}\r\n\r\n")).await;
        wires.push(wire);
    }
    let stream = TokioIo::new(TcpStream::connect(web).await.expect("it listens"));
    let (requests, connection) = http2::handshake(TokioExecutor::new(), stream).await.expect("HTTP/2");
    tokio::spawn(connection);
    for (target, coding) in targets().take(UNREAD) {
        let request = Request::get(format!("http://a{target}")).header("accept-encoding", coding);
        let mut requests = requests.clone();
        let request = request.body(Empty::<Bytes>::new()).expect("a request");
        streams.spawn(async move { requests.send_request(request).await });
    }
    // The connection may be cut off.
    (wires, streams.join_all().await.into_iter().flatten().collect())
}

/// Asks for a page until there are links in it.
async fn read(web: SocketAddr, target: String, coding: &'static str) {
    let url = format!("http://{web}{target}");
    within("links", async {
        loop {
            let answer = Client::default().get_with(&url, "accept-encoding", coding).await;
            let is_whole = answer.status == StatusCode::OK;
            if is_whole && (coding != "identity" || answer.text().contains("host-")) {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// The web page with an API at `origin`.
async fn limited(origin: &Origin) -> Program {
    let memory = format!("{LIMIT}MiB");
    let limits = [
        ("LINKEXTRACTOR_WEB_LIMITS__MEMORY", memory.as_str()),
        ("LINKEXTRACTOR_WEB_LIMITS__PER_CLIENT", "1"),
        ("LINKEXTRACTOR_WEB_LIMITS__STALL_TIMEOUT", "1s"),
        ("LINKEXTRACTOR_WEB_LOG__ACCESS", "false"),
    ];
    web(origin.address(), &limits).await
}

/// Loads a web page whose API answers after `delay`.
async fn load(delay: Duration) {
    let origin = Origin::start().await;
    for number in 0..PAGES {
        origin.page(&format!("/api/{}", url(number)), heavy(number, LINKS));
    }
    origin.delay(delay);
    let web = limited(&origin).await;
    let address = web.address("service");
    let _unread = unread(address).await;
    let mut readers = JoinSet::new();
    for (target, coding) in targets().take(READ) {
        readers.spawn(read(address, target, coding));
    }
    readers.join_all().await;
    let peak = web.peak();
    eprintln!("KiB at most {peak}");
    assert!(peak < LIMIT * 1024, "{peak} KiB of {LIMIT} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_the_web_page_stays_below_its_limit() {
    load(Duration::ZERO).await;
}

/// Links that come after the page's frame.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_the_web_page_stays_below_its_limit_with_a_slow_api() {
    load(Duration::from_millis(300)).await;
}

/// All that a view takes: the response of the API, its links, and the page or the download that is made from them.
#[tokio::test]
async fn a_page_of_100_000_links_is_made_within_its_share_of_the_limit() {
    let origin = Origin::start().await;
    origin.page(&format!("/api/{}", url(0)), heavy(0, MANY));
    let web = limited(&origin).await;
    let (address, at_rest) = (web.address("service"), web.peak());
    for view in VIEWS {
        let answer = Client::default().get(&format!("http://{address}/?url={}{view}", url(0))).await;
        assert_eq!(answer.status, StatusCode::OK, "{view}");
    }
    let taken = web.peak() - at_rest;
    // What the long pages have, of which there is one at a time; the response of the API even has memory of its own.
    let share = LIMIT * 1024 * 7 / 16;
    assert!(taken < share, "{taken} KiB of {share}");
}
