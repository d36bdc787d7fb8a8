//! A server that is told to stop finishes what is in flight, and ends well.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Client, Origin, Page, Program, within};
use tokio::task::JoinSet;

const IN_FLIGHT: usize = 50;

#[tokio::test]
async fn sigterm_loses_no_request_of_the_api() {
    let origin = Origin::start().await;
    let mut api = Program::start(
        "linkextractor-api",
        &[],
        &[
            ("LINKEXTRACTOR_API_LISTEN", "127.0.0.1:0"),
            ("LINKEXTRACTOR_API_ADMIN__LISTEN", "127.0.0.1:0"),
            ("LINKEXTRACTOR_API_FETCH__ALLOW", r#"["127.0.0.0/8"]"#),
        ],
        2,
    )
    .await;
    let address = api.address("service");
    drained(&mut api, &origin, |page| format!("http://{address}/api/{page}")).await;
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
    drained(&mut serve, &origin, |page| format!("http://{web}/?url={page}")).await;
}

/// Sends requests for pages that the origin holds back, stops the program, lets the pages go: all are answered.
async fn drained(program: &mut Program, origin: &Origin, url: impl Fn(&str) -> String) {
    origin.hold();
    let client = Client::default();
    let mut answers = JoinSet::new();
    for n in 0..IN_FLIGHT {
        // A host of its own for each page: the limit of jobs per host is not what is tested.
        let page = origin.page(&format!("/{n}"), Page::html(format!("<a href=/link-{n}>{n}</a>")));
        let page = page.replace("127.0.0.1", &format!("127.0.1.{}", n + 1));
        let (client, url) = (client.clone(), url(&page));
        answers.spawn(async move { (n, client.get(&url).await) });
    }
    origin.wait_for_requests(IN_FLIGHT).await;
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
