//! `POST /api`: a line for each page, as each is done.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use e2e::{Answer, Origin, Page, Wire};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};
use support::{Service, assert_code};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

/// The lines by their page.
fn lines(answer: &Answer) -> HashMap<String, Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        (line["page"].as_str().unwrap().to_owned(), line)
    };
    answer.text().lines().map(line).collect()
}

#[tokio::test]
async fn every_page_of_a_batch_has_a_line() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=http://a/>x</a><a href=//[>1</a><a href=http:// >2</a>"));
    let missing = format!("http://{}/missing", origin.address());
    let api = Service::start().await;
    let list = format!("# pages\r\n{page}\r\n{missing}\r\nftp://example.com/\r\n");
    let json_lines = format!("\"{page}\"\n{{\"url\":\"{missing}\"}}\n\"ftp://example.com/\"\n");
    let array = json!([page, {"url": missing}, "ftp://example.com/"]).to_string();
    let mut cache = ["miss", "local", "local"].into_iter();
    for (media_type, body) in [
        ("text/uri-list; charset=utf-8", list),
        ("application/x-ndjson", json_lines),
        ("application/json", array),
    ] {
        let lines = lines(&api.post(media_type, body).await);
        assert_eq!(lines.len(), 3);
        let array = json!([{"text": "x", "href": "http://a/"}]);
        let line = json!({
            "page": page, "url": page, "title": null, "count": 1, "unresolved": 2, "approximate": false, "age": 0,
            "cache": cache.next(), "links": array
        });
        let mut found = lines[&page].clone();
        assert!(found["age"].as_u64().is_some_and(|age| age < 60));
        found["age"] = 0.into();
        assert_eq!(found, line);
        assert_eq!(lines[&missing]["error"]["code"], "upstream-status");
        assert_eq!(lines[&missing]["error"]["upstream_status"], 404);
        assert_eq!(lines["ftp://example.com/"]["error"]["code"], "unsupported-scheme");
        assert!(lines["ftp://example.com/"].get("links").is_none());
    }
}

#[tokio::test]
async fn the_parameters_of_pages_are_checked_and_have_no_effect_in_a_batch() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/x>x</a>"));
    let api = Service::start().await;
    for (query, status) in
        [("format=csv&links=external&unique=1&url=http://a/", 200), ("format=x", 400), ("url=", 400)]
    {
        let request = http::Request::post(format!("/api?{query}")).header("content-type", "application/json");
        let answer = api.send(request.body(json!([page]).to_string().into()).unwrap()).await;
        assert_eq!(answer.status, status, "{query}");
        if status == 200 {
            assert_eq!(lines(&answer)[&page]["count"], 1);
        }
    }
}

#[tokio::test]
async fn a_line_says_how_many_links_were_left_out_and_that_the_answer_is_approximate() {
    let origin = Origin::start().await;
    let body = format!("<a href='https://[bad/'>bad</a>{}<a href=http://h/>x</a>", "<div>".repeat(5000));
    let page = origin.page("/", Page::html(body));
    let api = Service::start().await;
    for _ in ["fetched", "cached"] {
        let lines = lines(&api.post("text/uri-list", page.clone()).await);
        let line = &lines[&page];
        assert_eq!((&line["count"], &line["unresolved"]), (&json!(1), &json!(1)));
        assert_eq!(line["approximate"], true);
    }
}

#[tokio::test]
async fn a_line_has_the_final_url_and_the_title_of_its_page() {
    let origin = Origin::start().await;
    let target = origin.page("/target", Page::html("<title> A\n&amp; B</title><a href=http://a/>x</a>"));
    let page = origin.page("/", Page::new(http::StatusCode::FOUND, "").header("location", "/target"));
    let api = Service::start().await;
    for _ in ["fetched", "cached"] {
        let lines = lines(&api.post("text/uri-list", page.clone()).await);
        let line = &lines[&page];
        assert_eq!((&line["url"], &line["title"]), (&json!(target), &json!("A & B")));
    }
}

#[tokio::test]
async fn the_members_of_a_line_are_in_a_fixed_order() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=http://a/>x</a>"));
    let answer = Service::start().await.post("text/uri-list", page.clone()).await;
    let links = r#"[{"text":"x","href":"http://a/"}]"#;
    let line = format!(
        "{{\"page\":\"{page}\",\"url\":\"{page}\",\"title\":null,\"count\":1,\"unresolved\":0,\"approximate\":false,\"age\":0,\"cache\":\"miss\",\"links\":{links}}}\n"
    );
    assert_eq!(answer.text(), line);
}

#[tokio::test]
async fn the_error_of_a_page_that_says_when_to_try_again_has_the_seconds() {
    let origin = Origin::start().await;
    let busy = Page::new(http::StatusCode::SERVICE_UNAVAILABLE, "").header("retry-after", "7");
    let page = origin.page("/", busy);
    let lines = lines(&Service::start().await.post("text/uri-list", page.clone()).await);
    let error = &lines[&page]["error"];
    assert_eq!((&error["status"], &error["retry_after"]), (&json!(503), &json!(7)));
}

#[tokio::test]
async fn quotes_and_control_characters_of_a_page_are_escaped_in_its_line() {
    let origin = Origin::start().await;
    let body = "<title>\"\u{1}</title><a href='http://a/?\"'>\"\u{1}\u{7f}</a>";
    origin.page("/?q=%22x", Page::html(body));
    let page = format!("http://{}/?q=\"x", origin.address());
    let refused = "ftp://a/\"\\\u{1}\n\u{2028}";
    let urls = format!("{}\n{}\n", json!(page), json!(refused));
    let answer = Service::start().await.post("application/x-ndjson", urls).await;
    assert!(answer.text().bytes().all(|byte| byte == b'\n' || !byte.is_ascii_control() || byte == 0x7f));
    assert_eq!(answer.text().lines().count(), 2);
    let lines = lines(&answer);
    assert_eq!(lines[&page]["links"], json!([{"text": "\"\u{1}\u{7f}", "href": "http://a/?%22"}]));
    assert_eq!(lines[refused]["error"]["code"], "invalid-url");
}

#[tokio::test]
async fn a_byte_order_mark_before_the_urls_is_ignored() {
    let api = Service::start().await;
    for (media_type, body) in
        [("text/uri-list", "\u{feff}ftp://a/\n"), ("application/x-ndjson", "\u{feff}\"ftp://a/\"\n")]
    {
        let lines = lines(&api.post(media_type, body).await);
        assert_eq!(lines["ftp://a/"]["error"]["code"], "unsupported-scheme", "{media_type}");
    }
}

#[tokio::test]
async fn a_line_is_sent_as_soon_as_its_page_is_done() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=http://a/>x</a>"));
    let api = Service::start().await;
    origin.hold();
    let mut stream = tokio::net::TcpStream::connect(api.address()).await.unwrap();
    let body = format!("{page}\nftp://example.com/\n");
    let head = format!(
        "POST /api HTTP/1.1\r\nHost: a\r\nContent-Type: text/uri-list\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut answer = BufReader::new(stream).lines();
    let mut next = async |what: &str| loop {
        let line = e2e::within(what, answer.next_line()).await.unwrap().unwrap();
        if line.starts_with("{\"page\"") {
            return line;
        }
    };
    assert!(next("the line of the refused page").await.contains("unsupported-scheme"));
    origin.wait_for_requests(1).await;
    origin.release();
    assert!(next("the line of the fetched page").await.contains("\"links\""));
}

#[tokio::test]
async fn unread_batches_neither_lose_lines_nor_hold_up_other_batches() {
    const BATCHES: usize = 3;
    const PAGES: usize = 8;
    let origin = Origin::start().await;
    let mut settings = support::settings();
    settings.cache.memory = bytesize::ByteSize::mib(256);
    settings.limits.memory = bytesize::ByteSize::gib(1);
    settings.fetch.timeout = Duration::from_mins(1);
    let api = Service::with(settings).await;
    // A small page whose links are 3.8 MB, as each is as long as the base: 24 lines exceed the memory for waiting lines.
    let (base, links) = ("b".repeat(10_000), 380);
    let html = format!("<base href=/{base}/>{}", "<a href=x>".repeat(links));
    let (mut unread, mut pages) = (Vec::new(), Vec::new());
    for batch in 0..BATCHES {
        let page = |number| origin.page(&format!("/{batch}/{number}"), Page::html(html.clone()));
        pages.extend((0..PAGES).map(page));
        let body = pages[batch * PAGES..].join("\n");
        let head = format!("Content-Type: text/uri-list\r\nContent-Length: {}\r\n", body.len());
        let mut wire = Wire::connect(api.address()).await;
        wire.send(&format!("POST /api HTTP/1.1\r\nHost: a\r\n{head}\r\n{body}")).await;
        unread.push(wire);
    }
    // All results are there, and no client has read a line.
    for page in &pages {
        let kept = async || api.get_with(page, "cache-control", "only-if-cached").await.status == 200;
        e2e::within("the result", async { while !kept().await {} }).await;
    }
    let read = lines(&api.post("text/uri-list", pages.join("\n")).await);
    assert_eq!(read.len(), BATCHES * PAGES, "a batch whose client reads");
    for mut wire in unread {
        let answer = wire.answer().await.unwrap();
        let found = lines(&answer);
        assert_eq!(found.len(), PAGES);
        assert!(found.values().all(|line| line["links"].as_array().unwrap().len() == links));
    }
    assert_eq!(origin.requests(), BATCHES * PAGES, "each was fetched once");
}

#[tokio::test]
async fn pages_of_one_slow_host_wait_for_each_other_longer_than_a_page_may_take() {
    const PAGES: usize = 8;
    let origin = Origin::start().await;
    origin.delay(Duration::from_millis(400));
    let mut settings = support::settings();
    settings.fetch.max_jobs_per_host = 1;
    settings.fetch.timeout = Duration::from_secs(1);
    let api = Service::with(settings).await;
    let page = |number| origin.page(&format!("/{number}"), Page::html("<a href=http://a/>x</a>"));
    let pages: Vec<String> = (0..PAGES).map(page).collect();
    let found = lines(&api.post("text/uri-list", pages.join("\n")).await);
    assert!(found.values().all(|line| line["count"] == 1), "{found:?}");
    assert_eq!(found.len(), PAGES);
}

#[tokio::test]
async fn a_page_that_waits_for_its_begin_is_fetched_once_and_others_that_want_it_are_answered_in_time() {
    const PAGES: usize = 6;
    let origin = Origin::start().await;
    origin.delay(Duration::from_millis(600));
    let mut settings = support::settings();
    settings.fetch.max_jobs_per_host = 1;
    settings.fetch.timeout = Duration::from_secs(1);
    let api = Service::with(settings).await;
    let page = |number| origin.page(&format!("/{number}"), Page::html("<a href=http://a/>x</a>"));
    let pages: Vec<String> = (0..PAGES).map(page).collect();
    // The batch joins a job that another request has begun for the last page, and others join the jobs of the batch.
    let first = api.get(&pages[0]);
    let last = async {
        origin.wait_for_requests(1).await;
        tokio::join!(api.get(&pages[PAGES - 1]), api.post("text/uri-list", pages.join("\n")), async {
            origin.wait_for_requests(2).await;
            api.get(&pages[PAGES - 2]).await
        })
    };
    let (first, (joined, batch, joining)) = tokio::join!(first, last);
    assert_eq!(first.status, 200);
    for (answer, name) in [(joined, "joined"), (joining, "joining")] {
        assert!(answer.status == 200 || answer.text().contains("\"timeout\""), "{name}: {}", answer.text());
    }
    let found = lines(&batch);
    assert!(found.values().all(|line| line["count"] == 1), "{found:?}");
    assert_eq!((found.len(), origin.requests()), (PAGES, PAGES));
}

#[tokio::test]
async fn a_url_that_is_too_long_when_it_is_serialized_is_refused_in_that_form_also_if_the_page_is_cached() {
    let origin = Origin::start().await;
    let long = origin.page(&format!("/?{}", "%C3%A9".repeat(2_000)), Page::html("<a href=http://a/>x</a>"));
    let page = long.replace("%C3%A9", "\u{e9}");
    let api = Service::start().await;
    let lines = lines(&api.post("text/uri-list", page.clone()).await);
    assert_eq!(lines[&page]["count"], 1, "{lines:?}");
    let answer = api.post("text/uri-list", long).await;
    assert!(answer.text().contains("\"url-too-long\""), "{}", answer.text());
}

#[tokio::test]
async fn bodies_of_batches_are_bounded() {
    let api = Service::start().await;
    let answer = api.post("application/x-www-form-urlencoded", "url=a").await;
    assert_code(&answer, 415, "unsupported-media-type");
    assert_eq!(
        answer.header("accept-post"),
        "text/uri-list, application/x-ndjson, application/json, text/html, application/xhtml+xml"
    );
    assert_code(&api.post("text/uri-list", "ftp://a/\n".repeat(1001)).await, 413, "content-too-large");
    assert_code(&api.post("text/uri-list", "#".repeat(1 << 21)).await, 413, "content-too-large");
    assert_code(&api.post("application/x-ndjson", "{}").await, 400, "bad-request");
    assert!(lines(&api.post("text/uri-list", "").await).is_empty());
    let many = lines(&api.post("text/uri-list", "ftp://a/\n".repeat(1000)).await);
    assert_eq!(many.len(), 1, "the same page a thousand times");
}

#[tokio::test]
async fn a_stalled_body_is_408_and_a_truncated_one_is_400() {
    let mut settings = support::settings();
    settings.limits.stall_timeout = std::time::Duration::from_millis(200);
    let api = Service::with(settings).await;
    let mut client = tokio::net::TcpStream::connect(api.address()).await.unwrap();
    let head =
        "POST /api HTTP/1.1\r\nHost: a\r\nContent-Type: text/uri-list\r\nContent-Length: 9\r\n\r\nftp:";
    client.write_all(head.as_bytes()).await.unwrap();
    let stalled = e2e::within("the refusal of a stalled body", rest(client)).await;
    assert!(stalled.starts_with("HTTP/1.1 408 ") && stalled.contains("\"request-timeout\""), "{stalled}");

    let mut client = tokio::net::TcpStream::connect(api.address()).await.unwrap();
    client.write_all(head.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    let broken = e2e::within("the refusal of a broken body", rest(client)).await;
    assert!(broken.starts_with("HTTP/1.1 400 ") && broken.contains("\"bad-request\""), "{broken}");
}

/// What the server sends until it closes the connection.
async fn rest(mut client: tokio::net::TcpStream) -> String {
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer
}
