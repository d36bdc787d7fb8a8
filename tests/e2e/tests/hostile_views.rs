//! Hostile values in every place that a page or an address can put them, in a browser: they stay text, nothing runs, and
//! nothing is clickable that should not be.

use e2e::{Browser, Origin, Page, encoded, web};
use http::StatusCode;
use serde_json::{Value, json};
use std::{env, fs};

const VALUES: [&str; 30] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover=alert(1) x='",
    "\" autofocus onfocus=alert(1) x=\"",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</select><script>alert(1)</script>",
    "</svg><svg onload=alert(1)>",
    "<!--",
    "-->",
    "<![CDATA[",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "{{7*7}} {% raw %}",
    "&lt;script&gt;&#60;b&#62;",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "JaVaScRiPt://%0aalert(1)",
    "\u{1}javascript:alert(1)",
    "\u{200b}javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "blob:https://x.example/y",
    "intent://x#Intent;end",
    "\u{202e}gpj.exe",
    "\u{0}\u{1b}[31m",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "https://x.example/\"onclick=alert(1)//",
    "M0 0\"/><script>alert(1)</script>",
];

/// What a page must not have: elements and attributes that templates never write, and links that could run something.
const FAULTS: &str = "
    const faults = [...document.querySelectorAll('script, iframe, object, embed, base, img, style, b b')].map(all => all.outerHTML);
    for (const element of document.querySelectorAll('*'))
        for (const attribute of element.attributes)
            if (/^on|^style$|^srcdoc$|^formaction$/i.test(attribute.name)) faults.push(element.outerHTML);
    for (const link of document.querySelectorAll('a[href]'))
        if (!['http:', 'https:', 'mailto:', 'tel:'].includes(link.protocol)) faults.push(link.outerHTML);
    for (const form of document.forms)
        if (form.action.split(/[?#]/)[0] != location.origin + '/') faults.push(form.outerHTML);
    return faults;";

#[tokio::test]
async fn hostile_values_stay_text_in_every_view() {
    let links: Vec<_> = VALUES
        .iter()
        .flat_map(|value| {
            [
                json!({ "text": value, "href": value }),
                json!({ "text": "t", "href": format!("https://x.example/{value}") }),
            ]
        })
        .collect();
    let pages: Vec<_> = VALUES.map(|value| (value.to_owned(), links.clone().into())).into();
    let parameters = ["q", "domain", "sort", "links", "unique", "size", "page", "format", "url"];
    views_are_harmless(&pages, &parameters).await;
}

/// The payloads of the file that `LINKEXTRACTOR_VECTORS` names: a JSON object a line, with `name` and `input`, the HTML of
/// a page or the target of a request. Without it nothing is checked here.
#[tokio::test]
async fn hostile_values_of_others_stay_text_too() {
    let Some(file) = env::var_os("LINKEXTRACTOR_VECTORS") else { return };
    let mut pages = Vec::new();
    for line in fs::read_to_string(file).expect("a file").lines() {
        let vector: Value = serde_json::from_str(line).expect("a line of JSON");
        let of = |member: &str| vector[member].as_str().unwrap_or_default().to_owned();
        let (name, input) = (of("name"), of("input"));
        let found =
            e2e::run("linkextractor", &["-f", "json", "--base", "https://h.example/", "-"], input.as_bytes());
        let found = found.await;
        assert_eq!(found.code, Some(0), "{name}: {}", found.stderr);
        let mut links: Vec<Value> = serde_json::from_str(&found.stdout).expect("links");
        links.extend([
            json!({ "text": name, "href": name }),
            json!({ "text": input, "href": format!("https://x.example/{input}") }),
        ]);
        let carried = input.strip_prefix("/?url=").unwrap_or(&input).to_owned();
        pages.extend([(name, links.clone().into()), (carried, links.into())]);
    }
    assert!(!pages.is_empty());
    views_are_harmless(&pages, &["q", "sort", "url"]).await;
}

/// Looks at each page, a value that is its title with links, by addresses that have the value as one of `parameters`.
async fn views_are_harmless(pages: &[(String, Value)], parameters: &[&str]) {
    let api = Origin::start().await;
    let server = web(api.address(), &[("LINKEXTRACTOR_WEB_API_PUBLIC_URL", "http://localhost:5000/")]).await;
    let browser = Browser::start(1200, 900).await;
    for (number, (value, links)) in pages.iter().enumerate() {
        let page = format!("https://h{number}.example/");
        let field = format!("<{page}>; rel=\"describes\"; title*=UTF-8''{}", encoded(value));
        let response = Page::new(StatusCode::OK, links.to_string()).header("link", &field);
        api.page(&format!("/api/{}", encoded(&page)), response);
        for parameter in parameters {
            let value = encoded(value);
            let target = match *parameter {
                "url" => format!("url={value}"),
                _ => format!("url={}&{parameter}={value}", encoded(&page)),
            };
            browser.open(&format!("http://{}/?{target}", server.address("service"))).await;
            assert_eq!(browser.ask(FAULTS).await, json!([]), "{target}");
            // Too long a search is an error, which has another heading.
            if matches!(*parameter, "q" | "domain" | "page") && value.len() <= 200 {
                let title = browser.ask("return document.querySelector('h1').innerHTML").await;
                assert!(title.as_str().is_some_and(|title| title.starts_with("<bdi>")), "{target}: {title}");
            }
        }
    }
}
