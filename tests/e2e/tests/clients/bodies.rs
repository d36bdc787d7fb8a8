//! Request bodies: read where a route uses them, and not waited for elsewhere.

use super::{
    Server::{Api, Web},
    Servers, assert_own,
};
use e2e::Origin;

#[tokio::test]
async fn a_body_that_no_route_reads_is_not_waited_for() {
    let servers = Servers::start().await;
    for body in [
        "Content-Length: 1000000\r\n\r\nslow",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nslow",
        "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n",
    ] {
        for server in [Api, Web] {
            let mut wire = servers.connect(server).await;
            wire.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{body}")).await;
            let answer = wire.answer().await.expect("an answer");
            assert_eq!(answer.status, 405, "{server:?}: {body}");
            assert_own(server, &answer, body);
            wire.closed().await;
        }
    }
}

#[tokio::test]
async fn a_body_that_a_route_reads_is_asked_for_with_100_continue() {
    let servers = Servers::start().await;
    let (_origin, page) = Origin::with_link().await;
    let mut wire = servers.connect(Api).await;
    let (kind, length) = ("Content-Type: text/uri-list", page.len());
    wire.send(format!(
        "POST /api HTTP/1.1\r\nHost: a\r\n{kind}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    ))
    .await;
    assert_eq!(wire.answer().await.expect("an answer").status, 100);
    wire.send(&page).await;
    let answer = wire.answer().await.expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains(&format!("{page}x")), "{}", answer.text());
}
