//! A page has the same links in the command line, the API and the web page.
//!
//! Fixtures: `tests/fixtures/pages/NAME.html` is the page, `NAME.json` its links; `$ORIGIN` stands for its origin.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Browser, Client, Origin, Page, run};
use serde_json::{Value, json};
use std::{fs, path::Path};

const QUERY: &str = "?q=1&r=%C3%BC";

struct Fixture {
    name: String,
    file: String,
    html: Vec<u8>,
    links: String,
}

fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pages");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let pages = entries.filter(|path| path.extension().is_some_and(|extension| extension == "html"));
    let fixtures: Vec<_> = pages
        .map(|path| Fixture {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            file: path.to_str().unwrap().to_owned(),
            html: fs::read(&path).unwrap(),
            links: fs::read_to_string(path.with_extension("json")).unwrap(),
        })
        .collect();
    assert!(fixtures.len() >= 2);
    fixtures
}

#[tokio::test]
async fn a_page_has_the_same_links_as_file_standard_input_url_api_and_web_page() {
    let origin = Origin::start().await;
    let serve = e2e::serve(&["--allow-private"], &[]).await;
    let api = serve.address_of("linkextractor-api", "service");
    let web = serve.address_of("linkextractor-web", "service");
    let browser = Browser::start(1200, 800).await;
    let client = Client::default();

    for Fixture { name, file, html, links } in fixtures() {
        let url = origin.page(&format!("/pages/{name}.html{QUERY}"), Page::html(html.clone()));
        let expected: Value =
            serde_json::from_str(&links.replace("$ORIGIN", &format!("http://{}", origin.address()))).unwrap();

        let as_file =
            run("linkextractor", &["extract", "--format", "json", "--base", &url, &file], b"").await;
        assert_eq!(json_of(&as_file.stdout), expected, "{name} as a file");
        let as_input = run("linkextractor", &["--format", "json", "--base", &url, "-"], &html).await;
        assert_eq!(json_of(&as_input.stdout), expected, "{name} on standard input");
        let by_url = run("linkextractor", &["--format", "json", &url], b"").await;
        assert_eq!(json_of(&by_url.stdout), expected, "{name} by its URL");

        let answer = client.get(&format!("http://{api}/api/{url}")).await;
        assert_eq!(answer.json(), expected, "{name} through the API");
        browser.open(&format!("http://{web}/?url={}", encoded(&url))).await;
        assert_eq!(links_shown(&browser).await, expected, "{name} on the web page");
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn encoded(url: &str) -> String {
    url.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

/// The rows of the table of links, as shown.
async fn links_shown(browser: &Browser) -> Value {
    let rows = browser
        .ask(
            "return Array.from(document.querySelectorAll('table.links tbody tr'), row =>
               ({ text: row.querySelector('.text').textContent.trim(),
                  href: row.querySelector('.address').textContent.trim() }))",
        )
        .await;
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| json!({ "text": row["text"], "href": row["href"] })).collect()
}
