//! Pages are fetched through the configured egress proxy, and the guard applies before it.

use crate::support::{dns, loopback, origin, url};
use fetch::{CauseKind, FetchError, FetchSettings, Fetcher, JobClient, Proxy};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
    sync::mpsc,
};

/// A proxy that reports each request's head and connects to `127.0.0.1` only.
async fn proxy() -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let (send, receive) = mpsc::unbounded_channel();
    let origin = origin::raw("127.0.0.1:0", move |mut stream| {
        let send = send.clone();
        async move {
            let Some(head) = origin::head(&mut stream).await else { return };
            let target =
                head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
            send.send(head).unwrap();
            if target.starts_with("127.0.0.1:") {
                let mut upstream = TcpStream::connect(&target).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut upstream).await;
            } else {
                let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
            }
        }
    })
    .await;
    (origin.address, receive)
}

fn through(proxy: &str, names: SocketAddr) -> FetchSettings {
    let proxy = Some(Proxy::try_from(proxy.to_owned()).unwrap());
    let allow = vec!["127.0.0.1".to_owned(), "127.0.0.9".to_owned()];
    FetchSettings { proxy, allow, name_servers: vec![names], ..loopback() }
}

#[tokio::test]
async fn the_proxy_connects_to_the_checked_address() {
    let names = dns::serve("127.0.0.1:0", |name, _| match name {
        "page.test" => dns::addresses(&["127.0.0.1"]),
        "forbidden.test" => dns::addresses(&["127.0.0.9"]),
        _ => dns::addresses(&["10.0.0.1"]),
    })
    .await;
    let origin = origin::fixed(origin::html("x")).await;
    let port = origin.address.port();
    let (proxy, mut asked) = proxy().await;
    let fetcher =
        Fetcher::new(through(&format!("http://me:p%40ss@{proxy}"), names.address), crate::support::pool())
            .unwrap();

    assert_eq!(fetcher.fetch(&url(&format!("http://page.test:{port}/"))).await.unwrap().body, "x");
    let head = asked.recv().await.unwrap();
    assert!(head.starts_with(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n")), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic bWU6cEBzcw==\r\n"), "{head}");

    let private = fetcher.fetch(&url("http://private.test/")).await.map(|page| page.url);
    assert_eq!(private.unwrap_err(), FetchError::Blocked);
    assert!(asked.try_recv().is_err(), "the proxy gets no request");

    let forbidden = fetcher.fetch(&url("http://forbidden.test/")).await.map(|page| page.url);
    assert_eq!(forbidden.unwrap_err(), FetchError::Connect);
}

#[tokio::test]
async fn a_failure_names_the_proxy_and_whether_it_is_its_own() {
    let refusing = answering("HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let wanting = answering("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    let silent = answering("").await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = socket.local_addr().unwrap();
    for (proxy, kind, reason) in [
        (refusing, CauseKind::ProxyRefused, "it refuses to connect to this host"),
        (wanting, CauseKind::Proxy, "it asks for user and password"),
        (silent, CauseKind::ProxyRefused, "it closed the connection"),
        (closed, CauseKind::Proxy, "connection refused"),
    ] {
        // The name server is not asked.
        let settings = through(&format!("http://user:secret@{proxy}"), closed);
        let fetcher = Fetcher::new(settings, crate::support::pool()).unwrap();
        let page = url("http://127.0.0.9/");
        let (result, record) = fetcher.fetch_unless_known(&page, None, JobClient::own()).await;
        assert_eq!(result.unwrap_err(), FetchError::Connect);
        assert_eq!(record.last_hop().unwrap().proxy.as_deref(), Some(&*proxy.to_string()));
        let cause = record.cause.unwrap();
        assert_eq!(cause.kind, kind, "{cause}");
        assert!(cause.text.starts_with(&format!("the proxy {proxy}: {reason}")), "{cause}");
    }
}

/// A proxy that reads each request's head, answers this, and closes the connection.
async fn answering(answer: &'static str) -> SocketAddr {
    let proxy = origin::raw("127.0.0.1:0", move |mut stream| async move {
        origin::head(&mut stream).await;
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    proxy.await.address
}

#[test]
fn the_proxys_user_and_password_are_not_shown() {
    let proxy = Proxy::try_from("http://me:secret@proxy.example:3128/".to_owned()).unwrap();
    let shown = format!("{proxy:?} {}", serde_json::to_string(&proxy).unwrap());
    assert!(shown.contains("//***@proxy.example:3128") && !shown.contains("secret"), "{shown}");
    assert!(!shown.contains("me:") && !shown.contains("me@"), "{shown}");
    let token = Proxy::try_from("http://TOKEN@proxy.example:3128/".to_owned()).unwrap();
    assert!(!format!("{token:?} {}", serde_json::to_string(&token).unwrap()).contains("TOKEN"));
    for wrong in ["proxy.example:3128", "https://proxy.example", "socks5://proxy.example", ""] {
        assert!(Proxy::try_from(wrong.to_owned()).is_err(), "{wrong}");
    }
}
