//! The admin listener: liveness, readiness, metrics, and the requests that it refuses.

mod common;

use common::{Server, field, json, status};
use kit::{Admin, HostRule, Limits, Log, ServerSettings};
use std::{
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

#[tokio::test]
async fn live_and_ready_answer_with_a_reason_for_each_part() {
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
async fn metrics_are_prometheus_text() {
    let server = Server::start().await;
    server.get("/").await;
    server.get("/nowhere").await;
    server.exchange("GET / HTTP/9\r\n\r\n").await;
    let answer = server.ask_admin("/metrics").await;
    assert_eq!(field(&answer, "content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "# TYPE linkextractor_http_requests_total counter",
        r#"linkextractor_http_requests_total{method="GET",route="/",status="200"} 1"#,
        r#"linkextractor_http_requests_total{method="GET",route="none",status="404"} 1"#,
        "# TYPE linkextractor_http_request_duration_seconds histogram",
        r#"linkextractor_http_request_duration_seconds_count{method="GET",route="/"} 1"#,
        r#"linkextractor_http_connections_closed_total{reason="malformed"} 1"#,
        "# TYPE linkextractor_process_resident_memory_bytes gauge",
        "# TYPE linkextractor_process_cpu_seconds_total counter",
        "# TYPE linkextractor_tokio_workers gauge",
        "linkextractor_log_lines_dropped_total 0",
        concat!(r#"linkextractor_build_info{service="test",version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
        "linkextractor_http_connections_limit 10000",
        "linkextractor_http_requests_active 0",
        "linkextractor_http_requests_active_limit 1024",
        r#"linkextractor_http_requests_refused_total{reason="requests"} 0"#,
        r#"linkextractor_memory_used_bytes{budget="send_queue"} 0"#,
        r#"linkextractor_memory_limit_bytes{budget="send_queue"} 134217728"#,
        "linkextractor_process_resident_memory_limit_bytes 536870912",
    ] {
        assert!(answer.lines().any(|found| found == line), "{line} is not in {answer}");
    }
    assert!(!answer.contains("# EOF"), "{answer}");
}

#[tokio::test]
async fn metrics_are_open_metrics_if_accept_asks_for_that() {
    let server = Server::start().await;
    let accept =
        "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let request =
        format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{accept}\r\n\r\n");
    let answer = server.exchange_with_admin(request).await;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(field(&answer, "content-type"), Some(media_type));
    assert!(answer.contains("\n# TYPE linkextractor_http_connections_accepted counter\n"), "{answer}");
    assert!(answer.contains("\nlinkextractor_http_connections_accepted_total 0\n"), "{answer}");
    assert!(answer.ends_with("\n# EOF\n"), "{answer}");
}

#[tokio::test]
async fn the_reason_for_closing_a_connection_without_requests_is_counted() {
    let limits = Limits { header_timeout: Duration::from_millis(100), ..Limits::default() };
    let server = Server::with(limits).await;
    server.connect().await.rest().await;
    server.metric(r#"linkextractor_http_connections_closed_total{reason="slow"} 1"#).await;

    let server = Server::start().await;
    let reset = server.connect().await;
    server.metric("linkextractor_http_connections 1").await;
    socket2::SockRef::from(&reset.0).set_linger(Some(Duration::ZERO)).unwrap();
    drop(reset);
    server.metric(r#"linkextractor_http_connections_closed_total{reason="broken"} 1"#).await;
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
async fn other_hosts_and_origins_are_refused() {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let admin = Admin { listen: Some(free), hosts: vec!["api".to_owned()] };
    let mut settings = ServerSettings::new("test", free, admin, Limits::default(), Log::default());
    settings.host_rule = Some(HostRule::new(["web"]));
    let server = Server::with_settings(settings).await;
    for (host, admin, service) in [
        ("127.0.0.1:1", 200, 200),
        ("localhost", 200, 200),
        ("api", 200, 403),
        ("web", 403, 200),
        ("evil.example", 403, 403),
        ("localhost\r\nOrigin: http://evil.example", 403, 403),
        ("localhost\r\nOrigin: http://localhost", 200, 200),
    ] {
        let request = |path| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        for (answer, expected) in [
            (server.exchange_with_admin(request("/metrics")).await, admin),
            (server.exchange(request("/")).await, service),
        ] {
            assert_eq!(status(&answer), expected, "{host}: {answer}");
            if expected == 403 {
                common::assert_problem(&answer, 403, "forbidden");
            }
        }
    }
    // No browser leaves the field out.
    assert_eq!(status(&server.exchange_with_admin("GET /live HTTP/1.0\r\n\r\n").await), 200);
}

#[tokio::test]
async fn every_answer_forbids_guessing_its_type() {
    let server = Server::start().await;
    for path in ["/live", "/ready", "/metrics", "/nowhere"] {
        let answer = server.ask_admin(path).await;
        assert_eq!(field(&answer, "x-content-type-options"), Some("nosniff"), "{path}: {answer}");
    }
    let answer = server.exchange("OPTIONS / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(field(&answer, "x-content-type-options"), Some("nosniff"), "{answer}");
}

#[tokio::test]
async fn the_start_time_is_that_of_this_process() {
    let server = Server::start().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let answer = server.ask_admin("/metrics").await;
    let start = answer
        .lines()
        .find_map(|line| line.strip_prefix("linkextractor_process_start_time_seconds "))
        .unwrap();
    let start: f64 = start.parse().unwrap();
    // Ticks are a hundredth of a second, and a test run ends within an hour.
    assert!((now - 3600.0..now + 0.1).contains(&start), "{start} at {now}");
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let server = Server::start().await;
    common::assert_problem(&server.ask_admin("/").await, 404, "not-found");
    common::assert_problem(&server.ask_admin("/log-level").await, 405, "method-not-allowed");
}
