//! Requests that proxies and servers may understand differently, through nginx and `HAProxy` with the configurations of
//! `docs/operations.md`: whatever is sent, the clients that use the same connections to the API get their own answers.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Origin, Page, Program, Wire, api, documented, haproxy, nginx, own_address, replaced, within};
use std::{net::SocketAddr, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an ambiguous request that neither side answers stays open.
const UNANSWERED: Duration = Duration::from_millis(100);
/// Clients after each ambiguous request; the proxies use their connections to the API again for them.
const VICTIMS: usize = 4;

/// The ambiguous requests. `{}` stands for a request of the attacker's that must not be taken for another client's; the
/// lengths in them fit its `SMUGGLED` bytes.
const AMBIGUOUS: [&str; 36] = [
    // Two lengths of a body.
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 105\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 105\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 100\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nContent-Length: 0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 100\r\n\r\n{}",
    "GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 105\r\n\r\n0\r\n\r\n{}",
    // Lengths that are no plain numbers.
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: +100\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 0x64\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length : 100\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent_Length: 100\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 100\r\n\r\n{}",
    // Transfer codings that one side may miss.
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 105\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 105\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 105\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 105\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 105\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 105\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 105\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\nContent-Length: 105\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nConnection: transfer-encoding\r\nContent-Length: 105\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
    // Chunks.
    "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x\nx\r\n0\r\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\n\r\n{}",
    "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n{}",
    // Bodies where one side may expect none.
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{}",
    "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{}",
    "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n{}",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nContent-Length: 100\r\n\r\n{}",
    // Targets and first lines.
    "GET /%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0a{} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\x00\r\nHost: a\r\n\r\n{}",
    // None is ambiguous: the attacker's second request is the attacker's.
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n{}",
];
/// Bytes of the request that stands for `{}`.
const SMUGGLED: usize = 100;

#[tokio::test]
async fn nothing_is_smuggled_through_nginx() {
    let (folder, api) = (TempDir::new().unwrap(), api(&[]).await);
    let balancer = SocketAddr::from((own_address(22), 8000));
    let config = replaced(&documented("nginx")[0], "listen 80;", &format!("listen {balancer};"));
    // One connection to the API is used again and again.
    let config = replaced(&config, "keepalive 32;", "keepalive 1;");
    let Some(_nginx) = nginx(folder.path(), &to(&api, &config)).await else { return };
    attack(balancer).await;
}

#[tokio::test]
async fn nothing_is_smuggled_through_haproxy() {
    let (folder, api) = (TempDir::new().unwrap(), api(&[]).await);
    let balancer = SocketAddr::from((own_address(23), 8000));
    let config = replaced(&documented("haproxy")[0], "bind :80", &format!("bind {balancer}"));
    let own = "\nbackend linkextractor-api\n";
    let config = replaced(&config, own, &format!("{own}    http-reuse always\n"));
    let Some(_haproxy) = haproxy(folder.path(), &to(&api, &config)).await else { return };
    attack(balancer).await;
}

/// A documented configuration with the addresses of `api` for both instances.
fn to(api: &Program, config: &str) -> String {
    let (service, admin) = (api.address("service").to_string(), api.address("admin").port());
    let config = replaced(&replaced(config, "127.0.0.1:5000", &service), "127.0.0.1:5010", &service);
    config.replace(" port 5001", &format!(" port {admin}")).replace(" port 5011", &format!(" port {admin}"))
}

async fn attack(balancer: SocketAddr) {
    let origin = Origin::start().await;
    let pages: Vec<String> = (0..VICTIMS)
        .map(|victim| {
            origin.page(&format!("/{victim}"), Page::html(format!("<a href=x>victim {victim}</a>")))
        })
        .collect();
    let trap = origin.page("/trap", Page::html("<a href=x>trap</a>"));
    let smuggled = format!("GET /api/{trap} HTTP/1.1\r\nHost: a\r\nX: ");
    let smuggled = format!("{smuggled}{}\r\n\r\n", "x".repeat(SMUGGLED - 4 - smuggled.len()));
    victims(balancer, &pages, "at first").await;
    for request in AMBIGUOUS {
        // A smuggled request that is complete, and one whose header goes on with what comes next on its connection.
        for smuggled in [&smuggled[..], &smuggled[..SMUGGLED - 4]] {
            // Held open: a proxy may give up a request whose client has left.
            let _attacker = sent(balancer, &request.replace("{}", smuggled)).await;
            victims(balancer, &pages, request).await;
        }
    }
}

/// Sends `request` and reads what is answered, until neither side says more.
async fn sent(balancer: SocketAddr, request: &str) -> TcpStream {
    let mut attacker = within("a connection", TcpStream::connect(balancer)).await.unwrap();
    let _ = attacker.write_all(request.as_bytes()).await;
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(Ok(1..)) = timeout(UNANSWERED, attacker.read(&mut buffer)).await {}
    attacker
}

/// Each page, requested by a client of its own.
async fn victims(balancer: SocketAddr, pages: &[String], after: &str) {
    for (victim, page) in pages.iter().enumerate() {
        let mut wire = Wire::connect(balancer).await;
        wire.send(format!("GET /api/{page} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        let answer = wire.answer().await.unwrap_or_else(|| panic!("no answer after {after:?}"));
        assert_eq!(answer.status, 200, "after {after:?}: {answer:?}");
        assert_eq!(answer.json()[0]["text"], format!("victim {victim}"), "after {after:?}: {answer:?}");
    }
}
