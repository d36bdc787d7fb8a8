//! The memory of the whole API under the worst pages, in every form, with clients that do not read: it stays below
//! `limits.memory`, and goes back to the system after the load. `just bench memory` runs it at full size.

use e2e::{Client, Origin, Page, Program, Wire, api, metric};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use http::{Request, StatusCode, request::Builder};
use http_body_util::Full;
use std::{
    env,
    io::Write,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

const FORMS: [&str; 4] = ["application/json", "text/csv", "text/markdown", "text/plain"];
const CODINGS: [&str; 5] = ["identity", "gzip", "deflate", "br", "zstd"];
/// What readers accept: `None` is the answer as it is.
const ACCEPTED: [Option<&str>; 4] = [None, Some("gzip"), Some("zstd"), Some("br")];
/// How long after the load the memory may take to go back, to less than this part of what a process at rest takes.
const SETTLING: Duration = Duration::from_secs(10);
const AFTER_LOAD: f64 = 1.5;

/// The size of the load; each number can be set by an environment variable.
struct Load {
    origins: usize,
    /// Bytes of a page.
    page: usize,
    /// Requests whose clients read the response, requests whose clients do not, posted pages, and batches of all pages.
    requests: usize,
    unread: usize,
    posted: usize,
    batches: usize,
    /// `limits.memory` in MiB; `fetch.memory` takes five sixteenths of it, as the windows of decoders do not get smaller.
    limit: u64,
}

impl Load {
    fn from_env() -> Self {
        let number = |name: &str, default: usize| {
            env::var(format!("MEMORY_{name}")).map_or(default, |text| text.parse().expect("a number"))
        };
        Self {
            origins: number("ORIGINS", 5),
            page: number("PAGE", 300_000),
            requests: number("REQUESTS", 50),
            unread: number("UNREAD", 40),
            posted: number("POSTED", 10),
            batches: number("BATCHES", 12),
            limit: number("LIMIT", 192) as u64,
        }
    }

    /// Pages that cost much: many links, long links, a tree, an approximate answer, another encoding.
    fn worst_pages(&self) -> Vec<(&'static str, Vec<u8>)> {
        let fill = |head: &str, part: &str| {
            format!("{head}{}", part.repeat((self.page - head.len()) / part.len())).into_bytes()
        };
        vec![
            ("utf-8", fill("", "<a href=x>")),
            ("utf-8", fill(&format!("<base href=/{}/>", "b".repeat(1000)), "<a href=x>")),
            ("utf-8", fill("", "<p><b><a href=y>z")),
            ("utf-8", fill("", "<div><a href=z>\u{1}\"")),
            ("windows-1252", fill("", "<a href=?\u{7f}>\u{7f}</a>")),
        ]
    }

    /// The origins, and the URLs of one of the worst pages on each, in every coding.
    async fn origins(&self) -> (Vec<Origin>, Vec<String>) {
        let mut pages = Vec::new();
        for (charset, html) in self.worst_pages() {
            let media_type = format!("text/html; charset={charset}");
            pages.push(CODINGS.map(|coding| {
                let page =
                    Page::new(StatusCode::OK, packed(coding, &html)).header("content-type", &media_type);
                if coding == "identity" { page } else { page.header("content-encoding", coding) }
            }));
        }
        let (mut origins, mut urls) = (Vec::new(), Vec::new());
        for codings in pages.iter().cycle().take(self.origins) {
            let origin = Origin::start().await;
            urls.extend(
                CODINGS
                    .iter()
                    .zip(codings)
                    .map(|(coding, page)| origin.page(&format!("/{coding}"), page.clone())),
            );
            origins.push(origin);
        }
        (origins, urls)
    }

    async fn api(&self) -> Program {
        api(&[
            ("LINKEXTRACTOR_API_LIMITS__MEMORY", &format!("{}MiB", self.limit)),
            ("LINKEXTRACTOR_API_LIMITS__PER_CLIENT", "1"),
            ("LINKEXTRACTOR_API_FETCH__MAX_BYTES", &self.page.max(1_000_000).to_string()),
            ("LINKEXTRACTOR_API_FETCH__MAX_JOBS_PER_HOST", "100"),
            ("LINKEXTRACTOR_API_FETCH__TIMEOUT", "60s"),
            ("LINKEXTRACTOR_API_LOG__ACCESS", "false"),
        ])
        .await
    }

    /// A process with the contents of the cache that the load leaves, and no load.
    async fn resting(&self, urls: &[String]) -> Program {
        let (api, client) = (self.api().await, Client::default());
        for request in reads(api.address("service"), urls).take(self.requests.min(urls.len())) {
            client.send(request.body(Full::default()).expect("a request")).await;
        }
        api
    }

    /// Sends all requests at once; returns how many were answered with links.
    async fn run(&self, address: SocketAddr, urls: &[String]) -> usize {
        let (mut unread, mut requests) = (Vec::new(), JoinSet::new());
        for (url, form) in forms(urls).take(self.unread) {
            let mut wire = Wire::connect(address).await;
            wire.send(format!("GET /api/{url} HTTP/1.1\r\nHost: a\r\nAccept: {form}\r\n\r\n")).await;
            unread.push(wire);
        }
        let mut send = |request: Builder, body: Vec<u8>| {
            let request = request.body(Full::from(body)).expect("a request");
            requests.spawn(async move { Client::default().send(request).await.status });
        };
        for request in reads(address, urls).take(self.requests) {
            send(request, Vec::new());
        }
        for (_, page) in self.worst_pages().into_iter().cycle().take(self.posted) {
            send(Request::post(format!("http://{address}/api")).header("content-type", "text/html"), page);
        }
        let body = urls.join("\n");
        for accepted in ["identity", "gzip"].into_iter().cycle().take(self.batches) {
            let mut wire = Wire::connect(address).await;
            let head = format!(
                "Content-Type: text/uri-list\r\nContent-Length: {}\r\nAccept-Encoding: {accepted}\r\n",
                body.len()
            );
            wire.send(format!("POST /api HTTP/1.1\r\nHost: a\r\n{head}\r\n{body}")).await;
            unread.push(wire);
        }
        let mut answered = 0;
        while let Some(status) = requests.join_next().await {
            // A client may be cut off, or too slow on a slow machine.
            answered += usize::from(status.is_ok_and(|status| status == 200));
        }
        answered
    }
}

/// Each URL in turn, and the form to ask for.
fn forms(urls: &[String]) -> impl Iterator<Item = (String, &'static str)> {
    urls.iter().cycle().enumerate().map(|(number, url)| (url.clone(), FORMS[number % FORMS.len()]))
}

/// Requests for each URL in turn, in all forms, plain and compressed.
fn reads(address: SocketAddr, urls: &[String]) -> impl Iterator<Item = Builder> {
    forms(urls).enumerate().map(move |(number, (url, form))| {
        let request = Request::get(format!("http://{address}/api/{url}")).header("accept", form);
        match ACCEPTED[number / FORMS.len() % ACCEPTED.len()] {
            Some(coding) => request.header("accept-encoding", coding),
            None => request,
        }
    })
}

fn packed(coding: &str, html: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    match coding {
        "gzip" => GzEncoder::new(&mut packed, Compression::fast()).write_all(html),
        "deflate" => ZlibEncoder::new(&mut packed, Compression::fast()).write_all(html),
        "br" => brotli::CompressorWriter::new(&mut packed, 4096, 5, 22).write_all(html),
        "zstd" => zstd::stream::copy_encode(html, &mut packed, 1),
        _ => packed.write_all(html),
    }
    .expect("memory takes every write");
    packed
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_the_api_stays_below_its_limit() {
    let load = Load::from_env();
    let (_origins, urls) = load.origins().await;
    let resting = load.resting(&urls).await;
    let api = load.api().await;
    let answered = load.run(api.address("service"), &urls).await;
    let peak = api.peak();
    eprintln!("{answered} answered; KiB at most {peak}, at the end {}", api.resident());
    assert!(peak < load.limit * 1024, "{peak} KiB of {} MiB", load.limit);
    assert!(answered > 0, "nothing was answered");

    // Jobs go on without their clients, until their time is over.
    while metric(&api, "linkextractor_fetch_jobs").await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    let (ended, at_rest) = (Instant::now(), resting.resident());
    #[expect(clippy::cast_precision_loss, reason = "a size in KiB is small")]
    let ratio = || api.resident() as f64 / at_rest as f64;
    while ratio() >= AFTER_LOAD && ended.elapsed() < SETTLING {
        sleep(Duration::from_millis(50)).await;
    }
    eprintln!("{:.2} times the {at_rest} KiB at rest after {:?}", ratio(), ended.elapsed());
    assert!(ratio() < AFTER_LOAD, "{} KiB, at rest {at_rest}", api.resident());
}
