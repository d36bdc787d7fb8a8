//! The files in ops/: Prometheus' own tool accepts the alerts and every query, and all that they name exists.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{MetricsTable, documented, installed, output_of, repository};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

const ALERTS: &str = "ops/prometheus/alerts.yaml";
const ALERTS_TEST: &str = "ops/prometheus/alerts_test.yaml";
const DASHBOARD: &str = "ops/grafana/linkextractor.json";

fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn dashboard() -> Value {
    serde_json::from_str(&read(DASHBOARD)).unwrap()
}

/// The names of alerts.
fn alerts() -> Vec<String> {
    let text = read(ALERTS);
    text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned).collect()
}

/// The queries of the dashboard, with its variables replaced as Grafana does.
fn queries() -> Vec<String> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries = targets.map(|target| target["expr"].as_str().unwrap());
    queries
        .map(|query| query.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$job", ".*"))
        .collect()
}

#[tokio::test]
async fn promtool_accepts_the_alerts_and_their_tests() {
    let Some(promtool) = installed("promtool") else { return };
    for (arguments, file) in [(["check", "rules"], ALERTS), (["test", "rules"], ALERTS_TEST)] {
        let path = repository(file);
        let arguments = [&arguments[..], &[path.to_str().unwrap()]].concat();
        let (code, output) = output_of(&promtool, &arguments, "").await;
        assert_eq!(code, Some(0), "{file}: {output}");
    }
}

#[tokio::test]
async fn promtool_accepts_every_query_of_the_dashboard() {
    let Some(promtool) = installed("promtool") else { return };
    let check = async |queries: Vec<String>| {
        let rule = |(number, query)| json!({"record": format!("query:{number}"), "expr": query});
        let rules: Vec<Value> = queries.into_iter().enumerate().map(rule).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        // JSON is YAML, too.
        fs::write(&file, json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string()).unwrap();
        output_of(&promtool, &["check", "rules", file.path().to_str().unwrap()], "").await
    };
    let queries = queries();
    assert!(queries.len() > 50, "{}", queries.len());
    assert!(queries.iter().all(|query| !query.contains('$')), "a variable is left: {queries:?}");
    let (code, output) = check(queries).await;
    assert_eq!(code, Some(0), "{output}");
    let (code, output) = check(vec!["sum(rate(x[5m])".to_owned()]).await;
    assert!(code != Some(0), "it detects a fault: {output}");
}

#[tokio::test]
async fn promtool_accepts_the_documented_scrape_configuration() {
    let Some(promtool) = installed("promtool") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (config, rules) = (folder.path().join("prometheus.yml"), folder.path().join("alerts.yaml"));
    fs::copy(repository(ALERTS), &rules).unwrap();
    let [documented] = &documented("yaml")[..] else { panic!("one block") };
    assert!(
        documented.contains("job_name: linkextractor-api") && documented.contains("alerts.yaml"),
        "{documented}"
    );
    fs::write(&config, documented).unwrap();
    let (code, output) = output_of(&promtool, &["check", "config", config.to_str().unwrap()], "").await;
    assert_eq!(code, Some(0), "{output}");
}

#[test]
fn every_metric_that_the_dashboard_and_the_alerts_name_is_in_the_table() {
    let table = MetricsTable::read();
    let texts = [read(ALERTS), read(ALERTS_TEST), queries().join("\n")];
    let mut named = BTreeSet::new();
    for text in &texts {
        let is_name = |character: char| character.is_ascii_lowercase() || "0123456789_:".contains(character);
        named.extend(
            text.split(|character| !is_name(character)).filter(|word| word.starts_with("linkextractor_")),
        );
    }
    assert!(named.len() > 30, "{named:?}");
    let unknown: Vec<_> = named.iter().filter(|name| table.find(name).is_none()).collect();
    assert_eq!(unknown, Vec::<&&str>::new());
    // A dashboard that leaves out what the operator can see elsewhere only is of little use.
    let shown = |name: &str| named.iter().any(|named| table.find(named).is_some_and(|row| row.name == name));
    let unused: Vec<&str> = table.rows.iter().map(|row| &*row.name).filter(|name| !shown(name)).collect();
    assert_eq!(
        unused,
        [
            "linkextractor_http_requests_in_flight",
            "linkextractor_http_connections_accepted_total",
            "linkextractor_web_api_request_duration_seconds",
            "linkextractor_process_virtual_memory_bytes",
            "linkextractor_process_threads",
            "linkextractor_tokio_workers",
        ]
    );
}

#[test]
fn every_alert_has_tests_and_a_section_that_it_links_to() {
    let (tests, operations, rules) = (read(ALERTS_TEST), read("docs/operations.md"), read(ALERTS));
    let alerts = alerts();
    assert!(alerts.len() > 5, "{alerts:?}");
    let page = "https://github.com/linkextractor/linkextractor/blob/main/docs/operations.md";
    for alert in &alerts {
        for outcome in ["exp_alerts:\n          - exp_labels:", "exp_alerts: []"] {
            let case = format!("alertname: {alert}\n        {outcome}");
            assert!(tests.contains(&case), "{alert} has no case with {outcome}");
        }
        assert!(rules.contains(&format!("runbook_url: {page}#{}\n", alert.to_lowercase())), "{alert}");
        let (_, section) =
            operations.split_once(&format!("\n#### {alert}\n")).unwrap_or_else(|| panic!("{alert}"));
        let section = section.split("\n#").next().unwrap();
        for part in ["**Means:**", "**Look at:**", "**Do:**"] {
            assert!(section.contains(part), "{alert} has no {part}");
        }
    }
    let sections: Vec<&str> = operations.lines().filter_map(|line| line.strip_prefix("#### ")).collect();
    assert_eq!(sections, alerts, "sections and alerts are in the same order");
}

#[test]
fn the_dashboard_can_be_imported_into_any_grafana() {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert_eq!((&variables[0]["type"], &variables[0]["name"]), (&json!("datasource"), &json!("datasource")));
    assert!(
        dashboard["id"].is_null() && dashboard["schemaVersion"].as_u64() >= Some(39),
        "{}",
        dashboard["id"]
    );
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "an id twice: {}", panel["title"]);
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{}", panel["title"]);
        if panel["type"] == "row" {
            continue;
        }
        let targets = panel["targets"].as_array().unwrap();
        for target in targets.iter().chain([panel]) {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        }
        let references: BTreeSet<_> = targets.iter().map(|target| target["refId"].as_str()).collect();
        assert_eq!(references.len(), targets.len(), "{}", panel["title"]);
    }
}
