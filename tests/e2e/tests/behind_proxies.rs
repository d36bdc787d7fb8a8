//! The API behind load balancers, with the configurations of `docs/operations.md` and `docs/api.md`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{
    Origin, Page, Program, Wire, api, documented, documented_in, haproxy, nginx, own_address, replaced,
};
use serde_json::Value;
use std::{
    fs,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// An API that trusts the documented proxies, without limits of its own.
async fn trusting() -> Program {
    let config: toml::Table = documented("toml")[0].parse().unwrap();
    let proxies = config["trusted_proxies"].to_string();
    api(&[("LINKEXTRACTOR_API_TRUSTED_PROXIES", proxies.as_str())]).await
}

/// A documented configuration with the addresses of `api` for both instances.
fn configured(config: &str, api: &Program) -> String {
    let (service, admin) = (api.address("service").to_string(), api.address("admin").port());
    let config = replaced(&replaced(config, "127.0.0.1:5000", &service), "127.0.0.1:5010", &service);
    config.replace(" port 5001", &format!(" port {admin}")).replace(" port 5011", &format!(" port {admin}"))
}

#[tokio::test]
async fn nginx_passes_on_targets_large_headers_and_the_client_and_limits_rates() {
    let folder = TempDir::new().unwrap();
    let mut api = trusting().await;
    let balancer = SocketAddr::from((own_address(20), 8000));
    let blocks = documented("nginx");
    let listen = format!("listen {balancer};\n{}", blocks[2]);
    let config = replaced(&configured(&blocks[0], &api), "listen 80;", &listen) + &blocks[1];
    let Some(_nginx) = nginx(folder.path(), &config).await else { return };
    passes_on(balancer, &mut api).await;
    limits_rates(balancer).await;
}

#[tokio::test]
async fn nginx_offers_the_api_to_pages_of_one_origin_and_to_clients_with_a_password() {
    let folder = TempDir::new().unwrap();
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/about>About us</a>"));
    let api = trusting().await;
    let balancer = SocketAddr::from((own_address(24), 8000));
    let passwords = folder.path().join("htpasswd");
    fs::write(&passwords, "user:{PLAIN}secret\n").unwrap();
    let block = &documented_in("api.md", "nginx")[0];
    let block = replaced(block, "/etc/nginx/linkextractor.htpasswd", passwords.to_str().unwrap());
    let block = replaced(&block, "127.0.0.1:5000", &api.address("service").to_string());
    let config = format!("server {{ listen {balancer};\n{block} }}");
    let Some(_nginx) = nginx(folder.path(), &config).await else { return };
    let password = "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n";
    let html = "Content-Type: text/html\r\nContent-Length: 11\r\n\r\n<a href=/x>";
    for (method, target, fields, status) in [
        ("GET", format!("/api/{page}"), "\r\n".to_owned(), 401),
        ("GET", format!("/api/{page}"), "Authorization: Basic dXNlcjp3cm9uZw==\r\n\r\n".to_owned(), 401),
        ("GET", format!("/api/{page}"), format!("{password}\r\n"), 200),
        ("POST", "/api?url=http://a/".to_owned(), html.to_owned(), 401),
        ("POST", "/api?url=http://a/".to_owned(), format!("{password}{html}"), 200),
        ("OPTIONS", "/api".to_owned(), "Access-Control-Request-Method: POST\r\n\r\n".to_owned(), 204),
        ("GET", "/api/ftp://a/".to_owned(), format!("{password}\r\n"), 400),
    ] {
        let mut wire = Wire::connect(balancer).await;
        wire.send(format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example.com\r\n{fields}"
        ))
        .await;
        let answer = wire.answer().await.unwrap();
        assert_eq!(answer.status, status, "{method} {target} {fields}: {answer:?}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://app.example.com",
            "{method} {target}"
        );
        assert!(answer.header("access-control-allow-headers").contains("Authorization"), "{method} {target}");
        assert!(answer.header("access-control-expose-headers").contains("Cache-Status"), "{method} {target}");
    }
}

#[tokio::test]
async fn haproxy_passes_on_targets_large_headers_and_the_client_and_limits_rates() {
    let folder = TempDir::new().unwrap();
    let mut api = trusting().await;
    let balancer = SocketAddr::from((own_address(21), 8000));
    let blocks = documented("haproxy");
    let bind = format!("bind {balancer}\n{}", blocks[1]);
    let config = replaced(&configured(&blocks[0], &api), "bind :80", &bind);
    let Some(_haproxy) = haproxy(folder.path(), &config).await else { return };
    passes_on(balancer, &mut api).await;
    limits_rates(balancer).await;
}

#[tokio::test]
async fn the_proxy_protocol_names_the_client_of_connections_that_are_passed_on() {
    let folder = TempDir::new().unwrap();
    let loopback = r#"["127.0.0.1"]"#;
    let mut api = api(&[
        ("LINKEXTRACTOR_API_TRUSTED_PROXIES", loopback),
        ("LINKEXTRACTOR_API_PROXY_PROTOCOL", loopback),
    ])
    .await;
    let service = api.address("service");
    let balancers = [25, 26].map(|address| SocketAddr::from((own_address(address), 8000)));
    let pass = |(number, version)| {
        let bind: SocketAddr = balancers[number];
        format!("listen l{number}\n bind {bind}\n server api {service} {version} source 127.0.0.1\n")
    };
    let listeners: String = ["send-proxy", "send-proxy-v2"].into_iter().enumerate().map(pass).collect();
    let defaults = "defaults\n mode tcp\n timeout connect 2s\n timeout client 30s\n timeout server 30s\n";
    let Some(_haproxy) = haproxy(folder.path(), &format!("{defaults}{listeners}")).await else { return };
    let mut ask = async |client: &str, address| {
        let mut wire = Wire::connect_from(client.parse::<IpAddr>().unwrap(), address).await;
        wire.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n").await;
        assert_eq!(wire.answer().await.unwrap().status, 200);
        let line = api.line_where("a request", |line: &Value| line["message"] == "request").await;
        assert_eq!(line["client"], client, "{line}");
    };
    for balancer in balancers {
        ask("127.0.0.7", balancer).await;
    }
    // Others speak HTTP.
    ask("127.0.0.8", service).await;
    let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n";
    let connect = || Wire::connect_from(IpAddr::from([127, 0, 0, 1]), service);
    let mut plain = connect().await;
    plain.send(request).await;
    assert!(plain.answer().await.is_none(), "a load balancer without the header");
    let mut unknown = connect().await;
    unknown.send(format!("PROXY UNKNOWN\r\n{request}")).await;
    assert_eq!(unknown.answer().await.unwrap().status, 200);
    let line = api.line_where("a request", |line: &Value| line["message"] == "request").await;
    assert_eq!(line["client"], "127.0.0.1", "a client without a name is not believed: {line}");
    // A header that never comes does not hold up a stop.
    let _silent = connect().await;
    let begun = Instant::now();
    api.terminate();
    assert_eq!(api.end().await, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// Pages whose addresses a proxy may change, and one with a `Link` field as long as it can be, from clients that claim
/// others.
async fn passes_on(balancer: SocketAddr, api: &mut Program) {
    let origin = Origin::start().await;
    let title = "<title>".to_owned() + &"ä".repeat(200) + "</title><a href=x>there</a>";
    let forged = "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n";
    let paths = ["/a%2525/b", "/a//b", "/a/..%2fb?x=%20y", "/%C3%A4%2Fb", "/?u=http://b//"];
    for path in paths.map(str::to_owned).into_iter().chain([format!("/{}", "x".repeat(1900))]) {
        let page = origin.page(&path, Page::html(title.clone()));
        let client: IpAddr = "127.0.0.7".parse().unwrap();
        let mut wire = Wire::connect_from(client, balancer).await;
        wire.send(format!("GET /api/{page} HTTP/1.1\r\nHost: a\r\n{forged}\r\n")).await;
        let answer = wire.answer().await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.json()[0]["text"], "there", "{path}");
        let request = |line: &Value| line["message"] == "request" && line["route"] == "/api/{url}";
        let line = api.line_where("a request", request).await;
        assert_eq!(line["client"], client.to_string(), "{line}");
    }
}

async fn limits_rates(balancer: SocketAddr) {
    let mut wire = Wire::connect_from("127.0.0.8".parse::<IpAddr>().unwrap(), balancer).await;
    let mut limited = false;
    for _ in 0..2000 {
        wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer = wire.answer().await.unwrap();
        limited = answer.status == 429;
        if limited {
            break;
        }
        assert_eq!(answer.status, 200);
    }
    assert!(limited, "2,000 requests in a row");
    // Others are not concerned.
    let mut other = Wire::connect_from("127.0.0.9".parse::<IpAddr>().unwrap(), balancer).await;
    other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(other.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn the_access_log_has_the_true_client_and_the_other_end_of_the_connection() {
    for (trusted, client) in [("[]", "127.0.0.1"), (r#"["127.0.0.1"]"#, "192.0.2.7")] {
        let mut api = e2e::api(&[("LINKEXTRACTOR_API_TRUSTED_PROXIES", trusted)]).await;
        let url = format!("http://{}/", api.address("service"));
        e2e::Client::default().get_with(&url, "x-forwarded-for", "192.0.2.7").await;
        let line = api.line("request").await;
        assert_eq!(line["client"], client, "{line}");
        assert!(line["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{line}");
    }
}
