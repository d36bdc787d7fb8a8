//! Metrics as docs/metrics.md lists them, and as a server exposes them.

use crate::{Client, Program};
use std::collections::{BTreeMap, BTreeSet};

/// The table of docs/metrics.md.
#[derive(Debug)]
pub struct MetricsTable {
    /// Its rows.
    pub rows: Vec<MetricsRow>,
}

/// A metric in the table.
#[derive(Debug)]
pub struct MetricsRow {
    /// Its name, with prefix.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// `both`, `API`, `API with Redis` or `web`.
    service: String,
    /// Its labels, with all values if these are listed.
    pub labels: BTreeMap<String, BTreeSet<String>>,
}

impl MetricsTable {
    /// Reads the table.
    pub fn read() -> Self {
        let text = std::fs::read_to_string(crate::repository("docs/metrics.md")).expect("docs/metrics.md");
        let mut rows: Vec<MetricsRow> = Vec::new();
        for line in text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [name, kind, service, labels, meaning] = *cells else { panic!("five cells: {line}") };
            assert!(!meaning.is_empty(), "{line}");
            let name = name.trim_matches('`').to_owned();
            let row = MetricsRow {
                kind: kind.to_owned(),
                service: service.to_owned(),
                labels: labels_of(labels, &rows),
                name,
            };
            assert!(rows.iter().all(|other| other.name != row.name), "{} twice", row.name);
            rows.push(row);
        }
        Self { rows }
    }

    /// The row of the metric `name`, or of the one that a sample `name` belongs to.
    pub fn row(&self, name: &str) -> &MetricsRow {
        self.find(name).unwrap_or_else(|| panic!("docs/metrics.md has no {name}"))
    }

    /// The same, if there is one.
    pub fn find(&self, name: &str) -> Option<&MetricsRow> {
        let find = |name: &str| self.rows.iter().find(|row| row.name == name);
        find(name).or_else(|| {
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end))?;
            find(family).filter(|row| row.kind == "histogram")
        })
    }
}

impl MetricsRow {
    /// Whether `service` exposes it: `API`, `API with Redis` or `web`.
    pub fn is_of(&self, service: &str) -> bool {
        self.service == "both"
            || self.service == service
            || (self.service == "API" && service == "API with Redis")
    }
}

/// Reads `` `label`: `value`, `value`; `label` ``; `as above` stands for the values of the row before with that label.
fn labels_of(cell: &str, before: &[MetricsRow]) -> BTreeMap<String, BTreeSet<String>> {
    let labels = cell.split("; ").filter(|label| !label.is_empty()).map(|label| {
        let mut words = label.split('`').skip(1).step_by(2).map(str::to_owned);
        let name = words.next().unwrap_or_else(|| panic!("a label in {cell}"));
        let above = || before.iter().rev().find_map(|row| row.labels.get(&name)).cloned();
        let values = if label.ends_with("as above") { above() } else { Some(words.collect()) };
        (name.clone(), values.unwrap_or_else(|| panic!("no {name} above {cell}")))
    });
    labels.collect()
}

/// The metrics that a server exposes in the Prometheus text format.
#[derive(Debug)]
pub struct MetricsPage {
    /// The families.
    pub families: Vec<MetricsFamily>,
}

/// All series of a metric.
#[derive(Debug)]
pub struct MetricsFamily {
    /// Its name.
    pub name: String,
    /// Its help text.
    pub help: String,
    /// Its type.
    pub kind: String,
    /// The labels of its samples and their values, `le` excepted.
    pub labels: BTreeSet<(String, String)>,
}

impl MetricsPage {
    /// Asks the admin listener of `server`.
    pub async fn of(server: &Program) -> Self {
        let metrics = Client::default().get(&format!("http://{}/metrics", server.address("admin"))).await;
        let mut families: Vec<MetricsFamily> = Vec::new();
        for line in metrics.text().lines() {
            let word =
                |rest: &str| rest.split_once(' ').map(|(name, rest)| (name.to_owned(), rest.to_owned()));
            if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(word) {
                families.push(MetricsFamily { name, help, kind: String::new(), labels: BTreeSet::new() });
                continue;
            }
            let family = families.last_mut().expect("help comes first");
            if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(word) {
                assert_eq!(name, family.name, "a type belongs to the help before it");
                family.kind = kind;
            } else if let Some((_, labels)) = line.split_once('{') {
                let (labels, _) =
                    labels.rsplit_once("\"}").unwrap_or_else(|| panic!("the end of labels: {line}"));
                let labels = labels.split("\",").filter_map(|label| label.split_once("=\""));
                family.labels.extend(
                    labels
                        .filter(|(name, _)| *name != "le")
                        .map(|(name, value)| (name.to_owned(), value.to_owned())),
                );
            }
        }
        Self { families }
    }
}
