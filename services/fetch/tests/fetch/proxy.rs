//! Pages are fetched through the configured egress proxy, and the guard applies before it.

use crate::support::{dns, loopback, origin, url};
use fetch::{FetchError, FetchSettings, Fetcher, Proxy};
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
