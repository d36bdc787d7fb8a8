//! The judges: axe-core and the Nu HTML checker, as `npm ci` in tests/page installs them.

use e2e::{Browser, Client};
use serde_json::Value;
use std::{env, fs, path::Path};
use tokio::process::Command;

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../page/node_modules");

pub struct Checks {
    /// The script that defines `axe`.
    axe: Option<String>,
    /// Whether the HTML checker can run.
    vnu: bool,
}

impl Checks {
    /// The tools that are there. With CI set, all have to be.
    pub fn find() -> Self {
        let axe = fs::read_to_string(format!("{TOOLS}/axe-core/axe.min.js")).ok();
        let vnu = Path::new(&jar()).exists();
        if axe.is_none() || !vnu {
            assert!(
                env::var_os("CI").is_none(),
                "no tools in {TOOLS}: run `npm ci --ignore-scripts` in tests/page"
            );
            eprintln!(
                "skipped: axe and the HTML checker, which `npm ci --ignore-scripts` in tests/page installs"
            );
        }
        Self { axe, vnu }
    }

    /// What axe has against the page in `browser`.
    pub async fn accessibility(&self, browser: &Browser, state: &str) -> Vec<String> {
        let Some(axe) = &self.axe else { return Vec::new() };
        let run = "return axe.run(document, { resultTypes: ['violations'] }).then(found => \
                   found.violations.map(rule => rule.id + ': ' + rule.nodes.map(node => node.html).join(' ')))";
        let violations = browser.ask(&format!("{axe}; {run}")).await;
        let texts = violations.as_array().expect("a list").iter().filter_map(Value::as_str);
        texts.map(|text| format!("{state}: {text}")).collect()
    }

    /// What the HTML checker has against `pages`, warnings included.
    pub async fn validity(&self, pages: impl Iterator<Item = (&'static str, String)>) -> Vec<String> {
        if !self.vnu {
            return Vec::new();
        }
        let folder = tempfile::tempdir().expect("a folder");
        for (name, url) in pages {
            let page = Client::default().get(&url).await;
            fs::write(folder.path().join(format!("{name}.html")), &page.body).expect("a file");
        }
        let style = concat!(env!("CARGO_MANIFEST_DIR"), "/../../services/web/static/style.css");
        let output = Command::new("java")
            .args(["-jar", &jar(), "--stdout", "--format", "gnu", "--also-check-css"])
            .arg(folder.path())
            .arg(style)
            .output()
            .await
            .expect("java runs");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

fn jar() -> String {
    format!("{TOOLS}/vnu-jar/build/dist/vnu.jar")
}
