//! `POST /api` with a page: its links, without a fetch.

mod support;

use e2e::{Answer, Origin, Page, Wire};
use futures_util::{StreamExt, stream::FuturesUnordered};
use http::Request;
use std::time::Duration;
use support::{Service, assert_code};

const HTML: &str = "<title>A  page</title><a href=/a>A</a><a href=http://b.example/>B</a><a href=/a>A</a>\
                    <a href=//[>x</a>";

async fn post(api: &Service, target: &str, media_type: &str, body: impl Into<bytes::Bytes>) -> Answer {
    let request = Request::post(target).header("content-type", media_type);
    api.send(request.body(body.into()).expect("a request")).await
}

#[tokio::test]
async fn a_page_is_answered_with_its_links_resolved_against_the_url() {
    let api = Service::start().await;
    let answer = post(&api, "/api?url=http%3A%2F%2F10.0.0.1%2Fp%2F%23f", "text/html", HTML).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.text(),
        "[{\"text\":\"A\",\"href\":\"http://10.0.0.1/a\"},{\"text\":\"B\",\"href\":\"http://b.example/\"},\
         {\"text\":\"A\",\"href\":\"http://10.0.0.1/a\"}]\n"
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("linkextractor-unresolved"), "1");
    assert_eq!(answer.header("link"), "<http://10.0.0.1/p/>; rel=\"describes\"; title*=UTF-8''A%20page");
    for name in ["etag", "age", "cache-status"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
}

#[tokio::test]
async fn without_a_url_only_absolute_addresses_and_those_below_the_own_base_resolve() {
    let api = Service::start().await;
    let answer = post(&api, "/api", "text/html", HTML).await;
    assert_eq!(answer.json(), serde_json::json!([{"text": "B", "href": "http://b.example/"}]));
    assert_eq!((answer.header("linkextractor-unresolved"), answer.header("link")), ("3", ""));
    let answer = post(&api, "/api", "text/html", "<base href=http://c.example/d/><a href=e>E</a>").await;
    assert_eq!(answer.json()[0]["href"], "http://c.example/d/e");
}

#[tokio::test]
async fn parameters_and_accept_choose_links_and_format() {
    let api = Service::start().await;
    let base = "/api?url=http://10.0.0.1/";
    for (query, text) in [
        ("&format=text", "http://10.0.0.1/a\nhttp://b.example/\nhttp://10.0.0.1/a\n"),
        ("&format=markdown&unique=1", "[A](http://10.0.0.1/a)\n[B](http://b.example/)\n"),
        ("&format=csv&links=external", "text,href\r\nB,http://b.example/\r\n"),
        ("&format=text&links=internal&unique=1", "http://10.0.0.1/a\n"),
    ] {
        assert_eq!(post(&api, &format!("{base}{query}"), "text/html", HTML).await.text(), text, "{query}");
    }
    let request = Request::post(base).header("content-type", "text/html").header("accept", "text/csv");
    let answer = api.send(request.body(HTML.into()).expect("a request")).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
}

#[tokio::test]
async fn the_media_type_decides_how_the_page_is_read() {
    let api = Service::start().await;
    let xhtml = "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body><a href=\"http://a.example/\"><![CDATA[x]]></a></body></html>";
    let answer = post(&api, "/api", "application/xhtml+xml", xhtml).await;
    assert_eq!(answer.json()[0]["text"], "x");
    let latin1 = &b"<a href=http://a.example/?\xe9>\xe9</a>"[..];
    for media_type in ["text/html; charset=iso-8859-1", "TEXT/HTML;Charset=\"latin1\""] {
        let answer = post(&api, "/api", media_type, latin1).await;
        assert_eq!(answer.json()[0], serde_json::json!({"text": "é", "href": "http://a.example/?%E9"}));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem() {
    let mut settings = support::settings();
    settings.fetch.max_bytes = bytesize::ByteSize::kb(100);
    let api = Service::with(settings).await;
    for (target, status, code) in [
        ("/api?url=ftp://a/", 400, "unsupported-scheme"),
        ("/api?url=http://user@a/", 400, "invalid-url"),
        ("/api?url=", 400, "invalid-url"),
        ("/api?url=http://a/&url=http://b/", 400, "bad-request"),
        ("/api?links=all", 400, "bad-request"),
        ("/api?unique=yes", 400, "bad-request"),
        ("/api?format=xml", 400, "bad-request"),
    ] {
        assert_code(&post(&api, target, "text/html", HTML).await, status, code);
    }
    assert_code(&post(&api, "/api", "text/html", "x".repeat(100_001)).await, 413, "content-too-large");
    assert_eq!(post(&api, "/api", "text/html", "x".repeat(100_000)).await.status, 200);
    let request =
        Request::post("/api").header("content-type", "text/html").header("content-encoding", "gzip");
    let answer = api.send(request.body("x".into()).expect("a request")).await;
    assert_code(&answer, 415, "unsupported-media-type");
    assert_eq!(answer.header("accept-encoding"), "identity");
}

#[tokio::test]
async fn posted_pages_are_neither_fetched_nor_logged_nor_cached() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=http://fetched.example/>x</a>"));
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let api = Service::with(linkextractor_api::ApiSettings {
        extraction_log: Some(log.clone()),
        ..support::settings()
    })
    .await;
    assert_eq!(post(&api, &format!("/api?url={page}"), "text/html", HTML).await.status, 200);
    assert_eq!(origin.requests(), 0);
    assert_eq!(api.get(&page).await.json()[0]["href"], "http://fetched.example/");
    let lines = || std::fs::read_to_string(&log).unwrap_or_default();
    e2e::within("the line of the fetched page", async {
        while !lines().ends_with('\n') {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(lines().lines().count(), 1);
}

#[tokio::test]
async fn posted_pages_wait_for_the_same_jobs_as_fetched_ones() {
    let mut settings = support::settings();
    settings.fetch.max_jobs = 1;
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(HTML));
    let api = Service::with(settings).await;
    origin.hold();
    let fetched = api.get(&page);
    let posted = async {
        origin.wait_for_requests(1).await;
        // While the one job is taken, a client may have two that wait.
        let mut posts: FuturesUnordered<_> = (0..3).map(|_| post(&api, "/api", "text/html", HTML)).collect();
        let refused = posts.next().await.expect("three of them");
        assert_code(&refused, 503, "overloaded");
        assert!(!refused.header("retry-after").is_empty());
        origin.release();
        while let Some(answer) = posts.next().await {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    };
    let (fetched, ()) = tokio::join!(fetched, posted);
    assert_eq!(fetched.status, 200);
}

#[tokio::test]
async fn a_client_takes_no_more_memory_for_bodies_than_its_share() {
    const PART: usize = 8_000_000;
    let api = Service::start().await;
    let upload = async |from: [u8; 4]| {
        let mut wire = Wire::connect_from(from, api.address()).await;
        wire.send(
            "POST /api HTTP/1.1\r\nHost: a\r\nContent-Type: text/html\r\nContent-Length: 9000000\r\n\r\n",
        )
        .await;
        wire.send(vec![b' '; PART]).await;
        wire
    };
    // Neither is complete, and both together are more than half of the memory.
    let (mut one, mut other) = tokio::join!(upload([127, 0, 0, 2]), upload([127, 0, 0, 2]));
    let refused = tokio::select! {
        answer = one.answer() => answer,
        answer = other.answer() => answer,
    };
    assert_code(&refused.expect("an answer"), 503, "overloaded");
    let mut another = upload([127, 0, 0, 3]).await;
    another.send(vec![b' '; 9_000_000 - PART]).await;
    assert_eq!(another.answer().await.expect("an answer").status, 200);
}
