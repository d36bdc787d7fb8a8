//! An API with what every state of the page needs, and the addresses that show the states.

use e2e::{Origin, Page, encoded};
use http::StatusCode;
use serde_json::{Value, json};

const ARTICLE: &str = "https://en.encyclopedia.example/wiki/Hyperlink";

pub struct States {
    pub api: Origin,
    /// Names with the addresses that show them.
    pub targets: Vec<(&'static str, String)>,
}

impl States {
    pub async fn start() -> Self {
        let api = Origin::start().await;
        let html = include_bytes!("../../../fixtures/encyclopedia.html");
        let article = e2e::run("linkextractor", &["--format", "json", "--base", ARTICLE, "-"], html).await;
        assert_eq!(article.code, Some(0), "{}", article.stderr);
        let long = "x".repeat(3000);
        let links = |links: Vec<Value>| Value::from(links).to_string();
        let link = |text: &str, href: &str| json!({ "text": text, "href": href });
        let many =
            (1..=100_000).map(|n| link(&format!("Link {n}"), &format!("https://h{}.example/{n}", n % 1500)));
        let wide = vec![
            link(&long, &format!("https://h.example/{long}")),
            link(&long, &format!("data:{long}")),
            link("\u{202e}txt.exe", &format!("https://{0}.{0}.{0}.example/", "y".repeat(60))),
            link("Idn", "https://xn--mnchen-3ya.de/"),
        ];
        let results = [
            (ARTICLE, article.stdout, "Hyperlink%20%E2%80%93%20The%20Open%20Encyclopedia"),
            ("https://h.example/many", links(many.collect()), "Many"),
            ("https://h.example/wide", links(wide), &"W".repeat(200)),
            ("https://h.example/none", links(vec![]), "Nothing"),
        ];
        for (url, body, title) in results {
            let field = format!("<{url}>; rel=\"describes\"; title*=UTF-8''{title}");
            let page = Page::new(StatusCode::OK, body).header("link", &field).header("age", "134");
            api.page(&api_path(url), page.header("linkextractor-unresolved", "2"));
        }
        for (url, status, code) in [
            ("https://h.example/refused", StatusCode::FORBIDDEN, "blocked-destination"),
            ("https://h.example/status", StatusCode::BAD_GATEWAY, "upstream-status"),
        ] {
            let body = json!({ "code": code, "upstream_status": 404 }).to_string();
            api.page(&api_path(url), Page::new(status, body));
        }
        let about = |url: &str, choice: &str| format!("/?url={}{choice}", encoded(url));
        let article = |choice| about(ARTICLE, choice);
        let targets = vec![
            ("home", "/".to_owned()),
            ("result", article("")),
            ("search", article("&q=pdf&sort=text&unique=1")),
            ("selection", article("&links=external&domain=dl.example.org&size=50")),
            ("no-match", article("&q=nothing+at+all")),
            ("pages", about("https://h.example/many", "&size=50&page=7&sort=address")),
            ("wide", about("https://h.example/wide", "")),
            ("no-links", about("https://h.example/none", "")),
            ("invalid", "/?url=http%3A%2F%2F".to_owned()),
            ("refused", about("https://h.example/refused", "")),
            ("status", about("https://h.example/status", "")),
            ("not-found", "/nowhere".to_owned()),
            ("waiting", article("&sort=count")),
            ("late-result", article("&sort=count&q=link")),
            ("late-error", about("https://h.example/status", "&sort=count")),
        ];
        Self { api, targets }
    }
}

fn api_path(url: &str) -> String {
    format!("/api/{}", encoded(url))
}
