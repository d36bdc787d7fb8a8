//! `/metrics`: what both services expose is what docs/metrics.md lists, and tools read it in both formats.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{
    Client, MetricsPage, MetricsRow, MetricsTable, Origin, Page, Program, RedisServer, Wire, installed,
    output_of,
};
use http::StatusCode;
use std::{collections::BTreeSet, path::Path};

/// Labels of metrics whose series appear when they are first counted.
const ON_DEMAND: [&str; 2] = ["route", "code"];
const CHECK: [&str; 2] = ["check", "metrics"];

#[tokio::test]
async fn what_is_exposed_is_what_the_table_lists() {
    let table = MetricsTable::read();
    let redis = RedisServer::start().await;
    let api = e2e::api(&[("REDIS_URL", &redis.url())]).await;
    let web = e2e::web(api.address("service"), &[]).await;
    traffic(&api, &web).await;
    let alone = e2e::api(&[]).await;
    let mut values = BTreeSet::new();
    for (server, service) in [(&alone, "API"), (&api, "API with Redis"), (&web, "web")] {
        let page = MetricsPage::of(server).await;
        let mut missing: BTreeSet<&str> =
            table.rows.iter().filter(|row| row.is_of(service)).map(|row| &*row.name).collect();
        for family in &page.families {
            let row = table.row(&family.name);
            assert!(row.is_of(service), "{} is not of {service}", row.name);
            assert_eq!((row.kind.as_str(), !family.help.is_empty()), (&*family.kind, true), "{}", row.name);
            missing.remove(&*row.name);
            for (label, value) in &family.labels {
                let listed = row.labels.get(label).unwrap_or_else(|| panic!("{} has {label}", row.name));
                assert!(listed.is_empty() || listed.contains(value), "{} has {label}={value}", row.name);
                values.insert((row.name.clone(), label.clone(), value.clone()));
            }
        }
        if service == "API" {
            // It had no request.
            missing.retain(|name| !is_on_demand(table.row(name)));
        }
        assert_eq!(missing, BTreeSet::new(), "{service}");
    }
    for row in table.rows.iter().filter(|row| !is_on_demand(row)) {
        for (label, listed) in &row.labels {
            for value in listed {
                let listed = (row.name.clone(), label.clone(), value.clone());
                assert!(values.contains(&listed), "{listed:?} is not exposed");
            }
        }
    }
}

fn is_on_demand(row: &MetricsRow) -> bool {
    row.labels.keys().any(|label| ON_DEMAND.contains(&&**label))
}

#[tokio::test]
async fn tools_read_the_metrics_in_both_formats_after_every_kind_of_request() {
    let Some(promtool) = installed("promtool") else { return };
    let redis = RedisServer::start().await;
    let api = e2e::api(&[("REDIS_URL", &redis.url())]).await;
    let web = e2e::web(api.address("service"), &[]).await;
    traffic(&api, &web).await;
    for server in [&api, &web] {
        let metrics = Client::default().get(&format!("http://{}/metrics", server.address("admin"))).await;
        assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
        let (code, complaints) = output_of(&promtool, &CHECK, metrics.text()).await;
        assert_eq!((code, &*complaints), (Some(0), ""), "{}", metrics.text());
        for status in ["200", "400", "404", "405", "502"] {
            let status = format!(r#"status="{status}"}}"#);
            assert!(metrics.text().contains(&status), "{status}: {}", metrics.text());
        }
        read_open_metrics(&promtool, server).await;
    }
    let (code, complaints) = output_of(&promtool, &CHECK, "# TYPE x counter\nx 1\n").await;
    assert!(code != Some(0) && complaints.contains("_total"), "it detects a fault: {complaints}");
}

/// Has Prometheus' own parser read the server's metrics as `OpenMetrics`.
async fn read_open_metrics(promtool: &Path, server: &Program) {
    let url = format!("http://{}/metrics", server.address("admin"));
    let accept = "application/openmetrics-text; version=1.0.0";
    let metrics = Client::default().get_with(&url, "accept", accept).await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    // The command that reads this format wants times.
    let timed =
        |line: &str| if line.starts_with('#') { format!("{line}\n") } else { format!("{line} 1700000000\n") };
    let folder = tempfile::tempdir().unwrap();
    let (file, blocks) = (folder.path().join("metrics"), folder.path().join("blocks"));
    let read = async |text: &str| {
        std::fs::write(&file, text).unwrap();
        let files = [&file, &blocks].map(|path| path.to_str().unwrap());
        output_of(promtool, &[&["tsdb", "create-blocks-from", "openmetrics"][..], &files].concat(), "").await
    };
    let text: String = metrics.text().lines().map(timed).collect();
    let (code, output) = read(&text).await;
    assert_eq!(code, Some(0), "{output}: {}", metrics.text());
    let (code, output) = read(text.trim_end().strip_suffix("# EOF").unwrap()).await;
    assert!(code != Some(0) && output.contains("EOF"), "it detects a fault: {output}");
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
