//! Traces: from the web page to the fetch, to a collector by OTLP over HTTP.

use e2e::{Client, CollectedSpan, Collector, Origin, Page, Program, command};
use http::StatusCode;
use serde_json::Value;
use std::time::{Duration, Instant};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// What makes both services export to `collector` at once.
fn exporting(collector: &str) -> [(&'static str, &str); 2] {
    [("OTEL_EXPORTER_OTLP_ENDPOINT", collector), ("OTEL_BSP_SCHEDULE_DELAY", "100")]
}

fn named<'a>(spans: &'a [CollectedSpan], service: &str, name: &str) -> &'a CollectedSpan {
    let found = spans.iter().find(|span| span.service == service && span.name == name);
    found.unwrap_or_else(|| panic!("no {name} of {service} in {spans:#?}"))
}

async fn access_line(server: &mut Program) -> Value {
    server.line("request").await
}

#[tokio::test]
async fn one_trace_leads_from_the_web_page_to_the_fetch() {
    let mut collector = Collector::start().await;
    let url = collector.url();
    let mut api = e2e::api(
        &[&exporting(&url)[..], &[("LINKEXTRACTOR_API_TRUSTED_PROXIES", r#"["127.0.0.1"]"#)]].concat(),
    )
    .await;
    let mut web = e2e::web(api.address("service"), &exporting(&url)).await;
    let (origin, page) = Origin::with_link().await;
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let target = format!("http://{}/?url={page}", web.address("service"));
    let request = http::Request::get(target)
        .header("traceparent", &parent)
        .header("tracestate", "v=1")
        .body(http_body_util::Full::default())
        .unwrap();
    let answer = Client::default().send(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(origin.last_field("traceparent"), None, "a page must not learn of it");
    assert_eq!(origin.last_field("tracestate"), None);

    // The last to end is the request to the web page.
    let mut spans = Vec::new();
    while !spans.iter().any(|span: &CollectedSpan| span.name == "GET /") {
        spans.extend(collector.spans(1).await);
    }
    web.terminate();
    api.terminate();
    assert_eq!((web.end().await, api.end().await), (Some(0), Some(0)));
    spans.extend(collector.rest());
    assert!(spans.iter().all(|span| span.trace == TRACE), "{spans:#?}");
    let web_request = named(&spans, "linkextractor-web", "GET /");
    let call = named(&spans, "linkextractor-web", "GET");
    let api_request = named(&spans, "linkextractor-api", "GET /api/{url}");
    assert_eq!(
        (&*web_request.parent, &call.parent, &api_request.parent),
        (CALLER, &web_request.id, &call.id)
    );
    assert_eq!(api_request.attribute("http.response.status_code"), Some("200"));
    let template = named(&spans, "linkextractor-web", "template");
    assert_eq!(template.parent, web_request.id);
    let of_api = |name| named(&spans, "linkextractor-api", name);
    let fetch = of_api("fetch");
    for child in [of_api("cache look-up"), of_api("lease"), fetch] {
        assert_eq!(child.parent, api_request.id, "{child:?}");
    }
    let hop = of_api("GET");
    assert_eq!((&hop.parent, hop.attribute("http.response.status_code")), (&fetch.id, Some("200")));
    assert_eq!(hop.attribute("url.full"), Some(&*page));
    let phases = ["queue", "connect", "first_byte", "body", "extraction"].map(of_api);
    assert!(phases.iter().all(|phase| [&fetch.id, &hop.id].contains(&&phase.parent)), "{spans:#?}");
    let all = spans.iter().filter(|span| [&fetch.id, &hop.id].contains(&&span.parent) && span.id != hop.id);
    let sum: f64 = all.map(CollectedSpan::millis).sum();
    assert!((sum - fetch.millis()).abs() < 5.0, "{sum} of {} ms", fetch.millis());
    for server in [&mut web, &mut api] {
        assert_eq!(access_line(server).await["trace_id"], TRACE);
    }
}

#[tokio::test]
async fn serve_exports_the_spans_of_both_services_together() {
    let mut collector = Collector::start().await;
    let url = collector.url();
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*url), ("OTEL_BSP_SCHEDULE_DELAY", "60000")];
    let mut serve = e2e::serve(&["--allow-private"], &settings).await;
    let (_origin, page) = Origin::with_link().await;
    let target = format!("http://{}/?url={page}", serve.address_of("linkextractor-web", "service"));
    assert_eq!(Client::default().get(&target).await.status, 200);
    serve.terminate();
    assert_eq!(serve.end().await, Some(0));
    let spans = collector.rest();
    let web_request = named(&spans, "linkextractor-web", "GET /");
    let call = named(&spans, "linkextractor-web", "GET");
    let api_request = named(&spans, "linkextractor-api", "GET /api/{url}");
    let fetch = named(&spans, "linkextractor-api", "fetch");
    let hop = named(&spans, "linkextractor-api", "GET");
    let body = named(&spans, "linkextractor-api", "body");
    for (child, parent) in
        [(call, web_request), (api_request, call), (fetch, api_request), (hop, fetch), (body, hop)]
    {
        assert_eq!((&child.trace, &child.parent), (&parent.trace, &parent.id), "{child:?}");
    }
    assert_eq!(collector.connections(), 1, "one exporter");
}

#[tokio::test]
async fn the_standard_variables_are_checked_and_obeyed() {
    let secret = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://me:secret@localhost:4318/v1/traces")];
    let checked = command("linkextractor-api").arg("check-config").envs(secret).output();
    let checked = e2e::within("the check", checked).await.unwrap();
    let complaint = String::from_utf8(checked.stderr).unwrap();
    assert_eq!(checked.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains(secret[0].0) && !complaint.contains("secret"), "{complaint}");

    // Accepts connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let hasty = [&exporting(&url)[..], &[("OTEL_EXPORTER_OTLP_TIMEOUT", "200")]].concat();
    let mut api = e2e::api(&hasty).await;
    let start = Instant::now();
    Client::default().get(&format!("http://{}/", api.address("service"))).await;
    api.line("spans cannot be exported").await;
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_spans_of_a_fetch_that_fails_say_on_which_hop_and_why() {
    let mut collector = Collector::start().await;
    let url = collector.url();
    let mut api = e2e::api(&exporting(&url)).await;
    let origin = Origin::start().await;
    let gone = origin.page("/gone?secret", Page::new(StatusCode::GONE, ""));
    let start = origin.page("/", Page::new(StatusCode::FOUND, "").header("location", "/gone?secret"));
    let target = format!("http://{}/api/{start}", api.address("service"));
    assert_eq!(Client::default().get(&target).await.status, StatusCode::BAD_GATEWAY);
    let line = api.line("fetch").await;
    api.terminate();
    assert_eq!(api.end().await, Some(0));
    let spans = collector.rest();
    let fetch = named(&spans, "linkextractor-api", "fetch");
    assert!(fetch.failed);
    assert_eq!(fetch.attribute("error.type"), Some("upstream-status"));
    assert_eq!(line["trace_id"], *fetch.trace);
    let hops: Vec<_> = spans.iter().filter(|span| span.name == "GET").collect();
    let status = |span: &CollectedSpan| span.attribute("http.response.status_code").map(str::to_owned);
    let failed: Vec<_> = hops.iter().map(|hop| (status(hop), hop.failed)).collect();
    assert_eq!(failed, [(Some("302".to_owned()), false), (Some("410".to_owned()), true)]);
    assert_eq!(hops[1].attribute("error.type"), Some("upstream-status"));
    let shown = hops[1].attribute("url.full").unwrap_or_default();
    assert!(gone.starts_with(shown) && !shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn a_hop_that_is_refused_before_it_is_sent_has_a_span() {
    let mut collector = Collector::start().await;
    let url = collector.url();
    let mut api = e2e::api(&exporting(&url)).await;
    let origin = Origin::start().await;
    let start = origin.page("/", Page::new(StatusCode::FOUND, "").header("location", "http://10.1.2.3/"));
    let target = format!("http://{}/api/{start}", api.address("service"));
    assert_eq!(Client::default().get(&target).await.status, StatusCode::FORBIDDEN);
    api.terminate();
    assert_eq!(api.end().await, Some(0));
    let spans = collector.rest();
    let fetch = named(&spans, "linkextractor-api", "fetch");
    let is_hop = |span: &&CollectedSpan| span.attribute("url.full") == Some("http://10.1.2.3/");
    let hop = spans.iter().find(is_hop).unwrap_or_else(|| panic!("{spans:#?}"));
    assert_eq!((&hop.parent, hop.attribute("error.type")), (&fetch.id, Some("blocked-destination")));
    assert!(spans.iter().any(|span| span.parent == hop.id && span.name == "queue"), "{spans:#?}");
}

#[tokio::test]
async fn a_collector_that_is_down_costs_nothing_but_the_spans() {
    let mut api = e2e::api(&exporting("http://127.0.0.1:1")).await;
    let (_origin, page) = Origin::with_link().await;
    let target = format!("http://{}/api/{page}", api.address("service"));
    assert_eq!(Client::default().get(&target).await.status, 200);
    let warning = api.line("spans cannot be exported").await;
    assert_eq!(warning["level"], "WARN");
    assert!(warning["error"].as_str().unwrap_or_default().contains("refused"), "{warning}");
    assert_eq!(Client::default().get(&target).await.status, 200);
    api.terminate();
    assert_eq!(api.end().await, Some(0));
}

#[tokio::test]
async fn without_a_collector_the_trace_of_a_caller_is_passed_on_and_logged() {
    let mut api = e2e::api(&[]).await;
    let mut web = e2e::web(api.address("service"), &[]).await;
    let (_origin, page) = Origin::with_link().await;
    let target = format!("http://{}/?url={page}", web.address("service"));
    let client = Client::default();
    assert_eq!(client.get_with(&target, "traceparent", &format!("00-{TRACE}-{CALLER}-01")).await.status, 200);
    for server in [&mut web, &mut api] {
        assert_eq!(access_line(server).await["trace_id"], TRACE);
    }
    let invalid = format!("00-{TRACE}-{CALLER}-01, 00-{TRACE}-{CALLER}-01");
    assert_eq!(client.get_with(&target, "traceparent", &invalid).await.status, 200);
    assert_eq!(access_line(&mut web).await["trace_id"], Value::Null);
}

#[tokio::test]
async fn only_trusted_proxies_decide_what_is_recorded() {
    let mut collector = Collector::start().await;
    let url = collector.url();
    let never = [&exporting(&url)[..], &[("LINKEXTRACTOR_API_TRACING__RATIO", "0")]].concat();
    let strict = e2e::api(&never).await;
    let trusting =
        e2e::api(&[&never[..], &[("LINKEXTRACTOR_API_TRUSTED_PROXIES", r#"["127.0.0.1"]"#)]].concat()).await;
    for server in [&strict, &trusting] {
        let target = format!("http://{}/", server.address("service"));
        let parent = format!("00-{TRACE}-{CALLER}-01");
        assert_eq!(Client::default().get_with(&target, "traceparent", &parent).await.status, 200);
    }
    for mut server in [strict, trusting] {
        // What is left is exported before the end.
        server.terminate();
        assert_eq!(server.end().await, Some(0));
    }
    let spans = collector.rest();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    assert_eq!((&*spans[0].parent, &*spans[0].name), (CALLER, "GET /"));
}
