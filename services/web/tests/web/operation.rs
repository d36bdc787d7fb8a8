//! Metrics and readiness.

use crate::harness::{Mock, Site, json, settings};
use http::StatusCode;

#[tokio::test]
async fn requests_to_the_api_are_counted_by_outcome() {
    let mock = Mock::start(async |url: String| match url.as_str() {
        "https://fails/" => json("no list"),
        _ => json("[]"),
    })
    .await;
    let site = Site::start(mock.settings()).await;
    for url in ["example.com", "fails/", "example.com", "http://"] {
        site.links(url).await;
    }
    let metrics = site.admin("/metrics").await;
    for line in [
        "linkextractor_web_api_requests_total{code=\"ok\"} 2",
        "linkextractor_web_api_requests_total{code=\"api-answer\"} 1",
        "linkextractor_web_api_request_duration_seconds_count 3",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

#[tokio::test]
async fn the_service_is_ready_without_the_api_and_reports_its_absence() {
    let (up, mock) = Site::with(&[]).await;
    // A bound port that does not listen refuses connections.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let down = Site::start(settings(socket.local_addr().unwrap())).await;
    for (site, api) in [(up, true), (down, false)] {
        let ready: serde_json::Value = serde_json::from_str(&site.admin("/ready").await).unwrap();
        assert_eq!((&ready["ready"], &ready["parts"]["api"]["ready"]), (&true.into(), &api.into()));
    }
    let requests: Vec<String> =
        mock.requests().iter().map(|request| format!("{} {}", request.method, request.uri)).collect();
    assert_eq!(requests, ["GET /"]);
}

#[tokio::test]
async fn the_api_is_unavailable_only_if_its_root_is_a_server_error() {
    for (status, there) in [(StatusCode::NOT_FOUND, true), (StatusCode::BAD_GATEWAY, false)] {
        let mock = Mock::start(move |_| {
            let mut answer = json("{}");
            *answer.status_mut() = status;
            std::future::ready(answer)
        })
        .await;
        let mut settings = mock.settings();
        settings.api_endpoint = settings.api_endpoint.join("/links/api").unwrap();
        let site = Site::start(settings).await;
        let ready: serde_json::Value = serde_json::from_str(&site.admin("/ready").await).unwrap();
        assert_eq!(ready["parts"]["api"]["ready"], there, "{status}: {ready}");
        assert_eq!(mock.requests()[0].uri, "/links/");
    }
}
