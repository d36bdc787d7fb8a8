//! `/metrics` passes promtool, whatever the servers have answered before.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Client, Origin, Page, Program, RedisServer, Wire, installed, within};
use http::StatusCode;
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, process::Command};

#[tokio::test]
async fn promtool_accepts_metrics_after_every_kind_of_request() {
    let Some(promtool) = installed("promtool") else { return };
    let redis = RedisServer::start().await;
    let api = e2e::api(&[("REDIS_URL", &redis.url())]).await;
    let web = e2e::web(api.address("service"), &[]).await;
    traffic(&api, &web).await;
    for server in [&api, &web] {
        let metrics = Client::default().get(&format!("http://{}/metrics", server.address("admin"))).await;
        assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
        let (code, complaints) = check(Command::new(&promtool), metrics.text()).await;
        assert_eq!((code, &*complaints), (Some(0), ""), "{}", metrics.text());
        for status in ["200", "400", "404", "405", "502"] {
            assert!(
                metrics.text().contains(&format!(r#"status="{status}"}}"#)),
                "{status}: {}",
                metrics.text()
            );
        }
    }
    let (code, complaints) = check(Command::new(&promtool), "# TYPE x counter\nx 1\n").await;
    assert!(code != Some(0) && complaints.contains("_total"), "it detects a fault: {complaints}");
}

/// Requests for every metric: responses, errors, cache hits and misses, malformed requests.
async fn traffic(api: &Program, web: &Program) {
    let (origin, page) = Origin::with_link().await;
    let gone = origin.page("/gone", Page::new(StatusCode::GONE, ""));
    let client = Client::default();
    let (api, web) = (api.address("service"), web.address("service"));
    for target in [
        format!("{api}/"),
        format!("{api}/nowhere"),
        format!("{api}/api/%zz"),
        format!("{api}/api/{page}"),
        format!("{api}/api/{page}"),
        format!("{api}/api/{gone}"),
        format!("{web}/"),
        format!("{web}/nowhere"),
        format!("{web}/style.css"),
        format!("{web}/?url=%zz"),
        format!("{web}/?url={page}"),
        format!("{web}/?url={gone}"),
    ] {
        client.get(&format!("http://{target}")).await;
    }
    let long = "x".repeat(17 * 1024);
    for server in [api, web] {
        for request in [
            "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
            "no request\r\n\r\n",
            &format!("GET /{long} HTTP/1.1\r\n\r\n"),
        ] {
            let mut wire = Wire::connect(server).await;
            wire.send(request).await;
            assert!(wire.answer().await.expect("an answer").status.is_client_error());
        }
    }
}

/// The tool's exit status and output for `metrics`.
async fn check(mut promtool: Command, metrics: &str) -> (Option<i32>, String) {
    let command = promtool.args(["check", "metrics"]).kill_on_drop(true);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feed = async move { stdin.write_all(metrics.as_bytes()).await.unwrap() };
    let (output, ()) = within("promtool", async { tokio::join!(child.wait_with_output(), feed) }).await;
    let output = output.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}
