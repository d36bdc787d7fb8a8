//! The admin listener: alive, ready and why, figures.

mod common;

use common::{Server, field, json, status};
use kit::Limits;
use std::time::Duration;

#[tokio::test]
async fn live_and_ready_with_a_reason_for_each_part() {
    let server = Server::start().await;
    assert_eq!(status(&server.ask_admin("/live").await), 200);
    let answer = server.ask_admin("/ready").await;
    assert_eq!(status(&answer), 200);
    assert_eq!(field(&answer, "cache-control"), Some("no-store"));
    let report = json(&answer);
    assert_eq!(report["ready"], true);
    assert_eq!(report["parts"]["database"]["ready"], true);
    assert_eq!(report["parts"]["cache"]["ready"], false);
    assert_eq!(report["parts"]["cache"]["reason"], "asked 0 times before");
}

#[tokio::test]
async fn checks_are_asked_once_a_second_however_many_ask() {
    let server = Server::start().await;
    let begun = std::time::Instant::now();
    let answers: Vec<String> =
        futures_util::future::join_all((0..20).map(|_| server.ask_admin("/ready"))).await;
    // All within the first second, unless this machine is slow.
    let allowed = 0..=begun.elapsed().as_secs();
    let once_a_second =
        |answer: &String| allowed.clone().any(|n| answer.contains(&format!("asked {n} times before")));
    assert!(answers.iter().all(once_a_second), "{answers:?}");
}

#[tokio::test]
async fn figures_are_prometheus_text() {
    let server = Server::start().await;
    server.get("/").await;
    server.get("/nowhere").await;
    server.exchange("GET / HTTP/9\r\n\r\n").await;
    let answer = server.ask_admin("/metrics").await;
    assert_eq!(field(&answer, "content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "# TYPE http_requests_total counter",
        r#"http_requests_total{method="GET",route="/",status="200"} 1"#,
        r#"http_requests_total{method="GET",route="none",status="404"} 1"#,
        "# TYPE http_request_duration_seconds histogram",
        r#"http_request_duration_seconds_count{method="GET",route="/"} 1"#,
        r#"http_connections_ended_total{why="malformed"} 1"#,
        "# TYPE process_resident_memory_bytes gauge",
        "# TYPE process_cpu_seconds_total counter",
        "# TYPE tokio_workers gauge",
        "log_lines_dropped_total 0",
    ] {
        assert!(answer.lines().any(|found| found == line), "{line} is not in {answer}");
    }
    assert!(!answer.contains("# EOF"), "{answer}");
}

#[tokio::test]
async fn why_a_connection_ended_is_told_before_its_first_byte_too() {
    let limits = Limits { header_timeout: Duration::from_millis(100), ..Limits::default() };
    let server = Server::with(limits).await;
    server.connect().await.rest().await;
    server.figure(r#"http_connections_ended_total{why="slow"} 1"#).await;

    let server = Server::start().await;
    let reset = server.connect().await;
    server.figure("http_connections 1").await;
    socket2::SockRef::from(&reset.0).set_linger(Some(Duration::ZERO)).unwrap();
    drop(reset);
    server.figure(r#"http_connections_ended_total{why="broken"} 1"#).await;
}

#[tokio::test]
async fn every_family_has_help_and_a_type_under_its_own_name() {
    let server = Server::start().await;
    server.get("/").await;
    let answer = server.ask_admin("/metrics").await;
    let (_, text) = answer.split_once("\r\n\r\n").unwrap();
    for sample in text.lines().filter(|line| !line.starts_with('#')) {
        let name = sample.split(['{', ' ']).next().unwrap();
        let family =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        for comment in ["HELP", "TYPE"] {
            assert!(text.contains(&format!("# {comment} {family} ")), "no {comment} for {family}: {text}");
        }
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let server = Server::start().await;
    common::assert_problem(&server.ask_admin("/").await, 404, "not-found");
    common::assert_problem(&server.ask_admin("/log-level").await, 405, "method-not-allowed");
}
