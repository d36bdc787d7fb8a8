//! SIGTERM: requests in flight are finished; a second signal ends the process at once.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Client, Origin, Page, Program, Wire, within};
use tokio::task::JoinSet;

#[tokio::test]
async fn sigterm_loses_no_request_of_the_api() {
    e2e::raise_open_files();
    let origin = Origin::start().await;
    let env = [
        ("LINKEXTRACTOR_API_FETCH__MAX_JOBS", "500"),
        ("LINKEXTRACTOR_API_FETCH__TIMEOUT", "1m"),
        ("LINKEXTRACTOR_API_LIMITS__PER_CLIENT", "1"),
    ];
    let mut api = e2e::api(&env).await;
    let address = api.address("service");
    drained(&mut api, &origin, 500, |page| format!("http://{address}/api/{page}")).await;
}

#[tokio::test]
async fn sigterm_loses_no_request_of_linkextractor_serve() {
    let origin = Origin::start().await;
    let mut serve = e2e::serve(&["--allow-private"], &[]).await;
    let web = serve.address_of("linkextractor-web", "service");
    drained(&mut serve, &origin, 50, |page| format!("http://{web}/?url={page}")).await;
}

#[tokio::test]
async fn a_second_sigterm_ends_the_process_at_once() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(""));
    origin.hold();
    // Longer than any timeout of this test.
    let mut api = e2e::api(&[("LINKEXTRACTOR_API_LIMITS__GRACE", "10m")]).await;
    let mut web = e2e::web(api.address("service"), &[("LINKEXTRACTOR_WEB_LIMITS__GRACE", "10m")]).await;
    let mut wires = Vec::new();
    for (server, target) in [(&api, format!("/api/{page}")), (&web, format!("/?url={page}2"))] {
        let mut wire = Wire::connect(server.address("service")).await;
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        wires.push(wire);
    }
    origin.wait_for_requests(2).await;
    // The web front end first: without the API its request would end.
    for program in [&mut web, &mut api] {
        program.terminate();
        program.line("stopping").await;
        program.terminate();
        assert_eq!(program.end().await, Some(143), "as the signal itself would have");
    }
}

/// Sends `count` requests for pages that the origin holds back, sends SIGTERM, releases the pages: all are answered.
async fn drained(program: &mut Program, origin: &Origin, count: usize, url: impl Fn(&str) -> String) {
    origin.hold();
    let client = Client::default();
    let mut answers = JoinSet::new();
    for n in 0..count {
        // One host a page, to stay below the limit of jobs per host.
        let page = origin.page(&format!("/{n}"), Page::html(format!("<a href=/link-{n}>{n}</a>")));
        let page = page.replace("127.0.0.1", &format!("127.1.{}.{}", n / 250, n % 250 + 1));
        let (client, url) = (client.clone(), url(&page));
        answers.spawn(async move { (n, client.get(&url).await) });
    }
    origin.wait_for_requests(count).await;
    program.terminate();
    program.line("stopping").await;
    origin.release();
    while let Some(answer) = within("an answer", answers.join_next()).await {
        let (n, answer) = answer.unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains(&format!("/link-{n}")), "{}", answer.text());
    }
    assert_eq!(program.end().await, Some(0));
}
