//! The API's error table: each row's status and code, and the fields that every error has.

use e2e::{Answer, Client, Origin, Page, Program, raw_origin, within};
use http::{Method, StatusCode};
use tokio::{net::TcpSocket, task::JoinSet};

struct Api {
    program: Program,
    client: Client,
}

impl Api {
    async fn start(env: &[(&str, &str)]) -> Self {
        Self { program: e2e::api(env).await, client: Client::default() }
    }

    fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.program.address("service"))
    }

    async fn ask(&self, page: &str) -> Answer {
        self.client.get(&self.url(&format!("/api/{page}"))).await
    }
}

/// Asserts the status and code, and the fields that every error has.
#[track_caller]
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.header("x-request-id").is_empty());
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    for member in ["type", "title", "detail"] {
        assert!(!problem[member].as_str().unwrap_or_default().is_empty(), "{member} of {problem}");
    }
}

#[tokio::test]
async fn wrong_requests_have_their_status_and_code() {
    let api = Api::start(&[]).await;
    for page in ["http://", "http://user:pass@example.com/", "http://a..example.com/", "nonsense"] {
        assert_problem(&api.ask(page).await, 400, "invalid-url");
    }
    assert_problem(&api.client.get(&api.url("/api")).await, 400, "invalid-url");
    assert_problem(&api.client.get(&api.url("/api?url=http%3A%2F%2Fa%0Ab%2F")).await, 400, "invalid-url");
    for page in ["ftp%3A%2F%2Fexample.com%2F", "file%3A%2F%2F%2Fetc%2Fpasswd", "javascript%3Aalert(1)"] {
        assert_problem(&api.ask(page).await, 400, "unsupported-scheme");
    }
    assert_problem(&api.ask(&format!("http://example.com/{}", "x".repeat(9000))).await, 414, "url-too-long");
    assert_problem(&api.client.get(&api.url("/nowhere")).await, 404, "not-found");
    let posted = api.client.call(Method::DELETE, &api.url("/api/http://example.com/")).await;
    assert_problem(&posted, 405, "method-not-allowed");
    assert!(posted.header("allow").contains("GET"));
}

#[tokio::test]
async fn blocked_destinations_are_403_and_do_not_reveal_addresses() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("secret"));
    let moved = Page::new(StatusCode::FOUND, "").header("location", "http://10.0.0.1/");
    let redirect = origin.page("/redirect", moved);

    let strict = Api::start(&[("LINKEXTRACTOR_API_FETCH__ALLOW", "[]")]).await;
    assert_problem(&strict.ask(&page).await, 403, "blocked-destination");
    assert_problem(&strict.ask("http://localhost/").await, 403, "blocked-destination");
    assert_problem(&strict.ask("http://1.1.1.1:25/").await, 403, "blocked-destination");
    assert_eq!(origin.requests(), 0);
    let lenient = Api::start(&[]).await;
    let answer = lenient.ask(&redirect).await;
    assert_problem(&answer, 403, "blocked-destination");
    assert!(!answer.text().contains("10.0.0.1"), "no address in the answer");
}

#[tokio::test]
async fn unreachable_hosts_are_502_with_the_code_of_the_step() {
    let allow = ("LINKEXTRACTOR_API_FETCH__ALLOW", r#"["127.0.0.0/8", "nowhere.invalid"]"#);
    let api = Api::start(&[allow]).await;
    // RFC 6761, section 6.4: resolvers answer for `invalid.` themselves.
    assert_problem(&api.ask("http://nowhere.invalid/").await, 502, "dns-failure");
    // Bound, so that no other process gets the port, but not listening.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let page = format!("http://{}/", closed.local_addr().unwrap());
    assert_problem(&api.ask(&page).await, 502, "connect-failure");
    let origin = Origin::start().await;
    assert_problem(&api.ask(&format!("https://{}/", origin.address())).await, 502, "tls-failure");
}

#[tokio::test]
async fn responses_that_are_no_page_are_502_503_or_422() {
    let api = Api::start(&[]).await;
    let origin = Origin::start().await;
    let missing = api.ask(&format!("http://{}/missing", origin.address())).await;
    assert_problem(&missing, 502, "upstream-status");
    assert_eq!(missing.json()["upstream_status"], 404);
    let busy = Page::new(StatusCode::TOO_MANY_REQUESTS, "").header("retry-after", "7");
    let busy = api.ask(&origin.page("/busy", busy)).await;
    assert_problem(&busy, 503, "upstream-status");
    assert_eq!(busy.header("retry-after"), "7");
    let picture = Page::new(StatusCode::OK, "\u{89}PNG").header("content-type", "image/png");
    assert_problem(&api.ask(&origin.page("/picture", picture)).await, 422, "not-html");
}

#[tokio::test]
async fn failed_redirects_are_502() {
    let api = Api::start(&[]).await;
    let origin = Origin::start().await;
    let moved = |to: &str| Page::new(StatusCode::MOVED_PERMANENTLY, "").header("location", to);
    assert_problem(&api.ask(&origin.page("/loop", moved("/loop"))).await, 502, "too-many-redirects");
    assert_problem(&api.ask(&origin.page("/ftp", moved("ftp://example.com/"))).await, 502, "bad-redirect");
    let nowhere = Page::new(StatusCode::FOUND, "");
    assert_problem(&api.ask(&origin.page("/nowhere", nowhere)).await, 502, "bad-redirect");
}

#[tokio::test]
async fn too_large_and_broken_bodies_are_502() {
    let api = Api::start(&[("LINKEXTRACTOR_API_FETCH__MAX_BYTES", "1kB")]).await;
    let origin = Origin::start().await;
    let large = origin.page("/large", Page::html("x".repeat(1001)));
    assert_problem(&api.ask(&large).await, 502, "too-large");
    let coded = origin.page("/coded", Page::html("no gzip data").header("content-encoding", "gzip"));
    assert_problem(&api.ask(&coded).await, 502, "bad-encoding");
    let cut = raw_origin(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<a href=/x>x</a>",
    );
    assert_problem(&api.ask(&cut.await).await, 502, "incomplete");
}

#[tokio::test]
async fn a_slow_page_is_504_timeout() {
    let api = Api::start(&[("LINKEXTRACTOR_API_FETCH__TIMEOUT", "200ms")]).await;
    let origin = Origin::start().await;
    origin.hold();
    assert_problem(&api.ask(&origin.page("/", Page::html(""))).await, 504, "timeout");
}

#[tokio::test]
async fn a_full_queue_is_503_with_retry_after_and_running_jobs_go_on() {
    let api = Api::start(&[("LINKEXTRACTOR_API_FETCH__MAX_JOBS", "1")]).await;
    let origin = Origin::start().await;
    let pages = (0..10).map(|n| origin.page(&format!("/{n}"), Page::html(""))).collect::<Vec<_>>();
    origin.hold();
    let mut answers = JoinSet::new();
    for page in pages {
        let (client, url) = (api.client.clone(), api.url(&format!("/api/{page}")));
        answers.spawn(async move { client.get(&url).await });
    }
    // One runs, and twice as many as a client's share may wait.
    for _ in 0..7 {
        let refused = within("a refusal", answers.join_next()).await.unwrap().unwrap();
        assert_problem(&refused, 503, "overloaded");
        assert!(refused.header("retry-after").parse::<u32>().is_ok());
    }
    origin.release();
    while let Some(answer) = within("an answer", answers.join_next()).await {
        assert_eq!(answer.unwrap().status, 200, "jobs that run or wait are finished");
    }
}

#[tokio::test]
async fn only_if_cached_without_an_entry_is_504_not_cached() {
    let api = Api::start(&[]).await;
    let (origin, page) = Origin::with_link().await;
    let url = api.url(&format!("/api/{page}"));
    let answer = api.client.get_with(&url, "cache-control", "only-if-cached").await;
    assert_problem(&answer, 504, "not-cached");
    assert_eq!(origin.requests(), 0);
    assert_eq!(api.ask(&page).await.status, 200);
    let answer = api.client.get_with(&url, "cache-control", "only-if-cached").await;
    assert_eq!(answer.status, 200);
}
