//! A server that is told to stop finishes what is in flight, and ends well; told twice, it ends.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Client, Origin, Page, Program, Wire, within};
use tokio::task::JoinSet;

#[tokio::test]
async fn sigterm_loses_no_request_of_the_api() {
    e2e::raise_open_files();
    let origin = Origin::start().await;
    let env = [("LINKEXTRACTOR_API_FETCH__MAX_JOBS", "500"), ("LINKEXTRACTOR_API_FETCH__TIMEOUT", "1m")];
    let mut api = e2e::api(&env).await;
    let address = api.address("service");
    drained(&mut api, &origin, 500, |page| format!("http://{address}/api/{page}")).await;
}

#[tokio::test]
async fn sigterm_loses_no_request_of_the_web_page_and_its_api_together() {
    let origin = Origin::start().await;
    let mut serve = Program::start(
        "linkextractor",
        &["serve", "--allow-private", "--listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0"],
        &[],
        2,
    )
    .await;
    let web = serve.address_of("linkextractor-web", "service");
    drained(&mut serve, &origin, 50, |page| format!("http://{web}/?url={page}")).await;
}

#[tokio::test]
async fn a_second_sigterm_ends_it_at_once() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(""));
    origin.hold();
    // Longer than this test waits for anything.
    let mut api = e2e::api(&[("LINKEXTRACTOR_API_LIMITS__GRACE", "10m")]).await;
    let mut web = e2e::web(api.address("service"), &[("LINKEXTRACTOR_WEB_LIMITS__GRACE", "10m")]).await;
    let mut wires = Vec::new();
    for (server, target) in [(&api, format!("/api/{page}")), (&web, format!("/?url={page}2"))] {
        let mut wire = Wire::connect(server.address("service")).await;
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        wires.push(wire);
    }
    origin.wait_for_requests(2).await;
    // The one in front first: without the other it has nothing to wait for.
    for program in [&mut web, &mut api] {
        program.terminate();
        program.line("stopping").await;
        program.terminate();
        assert_eq!(program.end().await, Some(143), "as the signal itself would have");
    }
}

/// Sends `count` requests for pages that the origin holds back, stops the program, lets the pages go: all are answered.
async fn drained(program: &mut Program, origin: &Origin, count: usize, url: impl Fn(&str) -> String) {
    origin.hold();
    let client = Client::default();
    let mut answers = JoinSet::new();
    for n in 0..count {
        // A host of its own for each page: the limit of jobs per host is not what is tested.
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
